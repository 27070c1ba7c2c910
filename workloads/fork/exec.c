// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starting a program: fork() and exec, which copies the VMAs only to drop them, against
 * posix_spawn(), which lends them.
 */
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/workload.h"

enum { VMAS };
enum { FORK_EXEC, SPAWN };
enum { STARTED, EXECUTED };

static char *const arguments[] = { EXEC_NAME, NULL };
static char *const environment[] = { NULL };

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[VMAS] * b->page_size + family_bytes(b, b->param[VMAS], 2);
	f->processes = 2;
}

/* -1 with errno if there is no child. */
static pid_t start_program(int metric)
{
	pid_t pid;

	if (metric == SPAWN) {
		errno = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environment);
		return errno ? -1 : pid;
	}
	pid = fork();
	if (!pid) {
		execve("/proc/self/exe", arguments, environment);
		_exit(127);
	}
	return pid;
}

static void timed_start(struct bench *b, int metric)
{
	uint64_t start = bench_now(b);
	pid_t pid = start_program(metric);
	int status = -1;

	if (pid > 0)
		waitpid(pid, &status, 0);
	bench_sample(b, metric, bench_now(b) - start);
	/* posix_spawn() tells of an exec that failed; after fork() the status does. */
	if (pid < 0 && metric == FORK_EXEC)
		bench_fail(b, "fork: %m");
	bench_work(b, STARTED, 1);
	bench_work(b, EXECUTED, WIFEXITED(status) && WEXITSTATUS(status) == EXEC_STATUS);
}

static void run(struct bench *b)
{
	struct region r = region_map(b, b->param[VMAS], b->page_size);

	region_fill(b, &r, 1);
	family_model(b, POPULATED, r.count, 0, 0);
	bench_hold(b, POPULATED);
	for (long rounds = bench_rounds(b, 1); rounds; rounds--) {
		timed_start(b, FORK_EXEC);
		timed_start(b, SPAWN);
	}
	/* Nobody is left: whatever the programs made is gone. */
	family_model(b, HELD, r.count, 0, 0);
	bench_hold(b, HELD);
	if (region_verify(b, &r, 1) != r.count)
		bench_corrupted(b, "the parent's pages changed while it started programs");
	region_unmap(b, &r);
}

const struct workload workload = {
	.summary = "fork() and exec of a small static program, against posix_spawn() of the same",
	.drives = "dup_mmap, anon_vma_fork, begin_new_exec, exec_mmap, exit_mmap, vma_exec",
	.params = {
		[VMAS] = { "vmas", "VMAs", 64, 1, 4096, "touched VMAs, a hole after each" },
	},
	.metrics = {
		[FORK_EXEC] = { "fork-exec", "ns", LATENCY, LOWER,
				"fork(), execve() in the child, until it is reaped" },
		[SPAWN] = { "posix-spawn", "ns", LATENCY, LOWER,
			    "posix_spawn() until reaped: no VMA of the parent is copied" },
	},
	.works = { [STARTED] = "started", [EXECUTED] = "executed" },
	.evidence = {
		{ "work:executed", EXACTLY, STARTED,
		  .why = "each child left with the status that only the new program gives" },
	},
	.samples = 100,
	.footprint = footprint,
	.run = run,
};
