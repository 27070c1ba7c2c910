// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Children that stay alive until released.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/harness/harness.h"

struct family family_new(struct bench *b, long most)
{
	struct family f = { .most = most ? most : 1 };
	size_t bytes = f.most * sizeof(*f.pids);

	/* Mapped, not from the heap, and shared: no anon_vma of its own to confuse the counts. */
	f.pids = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (f.pids == MAP_FAILED)
		bench_fail(b, "mmap of %zu bytes for process numbers: %m", bytes);
	if (pipe(f.gate) || pipe(f.ready))
		bench_fail(b, "pipe: %m");
	return f;
}

static void child(struct bench *b, struct family *f, void (*body)(struct bench *, void *, long),
		  void *arg) __attribute__((noreturn));

static void child(struct bench *b, struct family *f, void (*body)(struct bench *, void *, long),
		  void *arg)
{
	char byte = 0;

	/* First, or a body that forks would keep the gate shut. */
	close(f->gate[1]);
	if (body)
		body(b, arg, f->count);
	if (write(f->ready[1], &byte, 1) != 1)
		_exit(1);
	/* Returns 0 when the last holder of the other end, the parent, closes it. */
	while (read(f->gate[0], &byte, 1) < 0 && errno == EINTR)
		;
	if (f->on_release)
		f->on_release(b, arg, f->count);
	_exit(0);
}

void bench_ahead(struct bench *b, bool ahead)
{
	struct sched_param priority = { .sched_priority = ahead ? 1 : 0 };
	int policy = ahead ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER;

	if (b->icount && sched_setscheduler(0, policy, &priority))
		bench_fail(b, "sched_setscheduler: %m");
}

uint64_t family_fork(struct bench *b, struct family *f, void (*body)(struct bench *, void *, long),
		     void *arg)
{
	uint64_t start, end;
	pid_t pid;

	if (f->count == f->most)
		bench_fail(b, "a family of %ld has no room for another child", f->most);
	bench_ahead(b, true);
	start = bench_now(b);
	pid = fork();
	if (!pid)
		child(b, f, body, arg);
	end = bench_now(b);
	bench_ahead(b, false);
	if (pid < 0)
		bench_fail(b, "fork of child %ld: %m", f->count + 1);
	f->pids[f->count++] = pid;
	return end - start;
}

/* A child that died before it reported would let the parent wait for ever. */
static bool some_child_died(void)
{
	siginfo_t info = { 0 };

	return !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

void family_ready(struct bench *b, struct family *f)
{
	struct pollfd ready = { .fd = f->ready[0], .events = POLLIN };
	char byte;

	while (f->reported < f->count) {
		if (poll(&ready, 1, 500) <= 0) {
			if (some_child_died())
				bench_fail(b, "one of %ld children died before it was ready",
					   f->count);
			continue;
		}
		if (read(f->ready[0], &byte, 1) != 1)
			bench_fail(b, "reading from the children: %m");
		f->reported++;
	}
}

void family_open(struct family *f)
{
	if (f->gate[1] >= 0)
		close(f->gate[1]);
	f->gate[1] = -1;
}

long family_release(struct bench *b, struct family *f)
{
	long reaped = 0;

	family_open(f);
	for (long k = 0; k < f->count; k++) {
		child_reap(b, f->pids[k]);
		reaped++;
	}
	f->count = f->reported = 0;
	close(f->gate[0]);
	if (pipe(f->gate))
		bench_fail(b, "pipe: %m");
	return reaped;
}

void family_free(struct bench *b, struct family *f)
{
	if (munmap(f->pids, f->most * sizeof(*f->pids)))
		bench_fail(b, "munmap of process numbers: %m");
	close(f->gate[0]);
	close(f->gate[1]);
	close(f->ready[0]);
	close(f->ready[1]);
}

uint64_t spans_elapsed(const struct span *spans, long count)
{
	struct span all = spans[0];

	for (long i = 1; i < count; i++) {
		all.begin = spans[i].begin < all.begin ? spans[i].begin : all.begin;
		all.end = spans[i].end > all.end ? spans[i].end : all.end;
	}
	return all.end - all.begin;
}

long family_vmas(const struct bench *b)
{
	(void)b;
	/* The harness keeps its samples from children that report nothing. */
	return maps_count() - !workload.children_report;
}

void family_model(struct bench *b, enum hold_point point, long vmas, long own, long children)
{
	bench_model(b, point, "anon_vma", vmas + children * (vmas + own));
	bench_model(b, point, "anon_vma_chain", vmas + 2 * children * (vmas + own));
	bench_model(b, point, "vm_area_struct", maps_count() - b->vmas + children * family_vmas(b));
}

uint64_t family_bytes(const struct bench *b, long vmas, long children)
{
	/*
	 * Upper bounds, read off /proc/slabinfo of 6.1 to 6.18 (x86-64): task with its kernel stack
	 * and mm; vm_area_struct, anon_vma and two anon_vma_chains; upper page tables; one page
	 * table for 2 MiB of addresses, of which a small VMA and its hole take two pages.
	 */
	enum { TASK = 64 << 10, OBJECTS = 640, UPPER = 32, PTES = 256 };

	return children * (TASK + vmas * OBJECTS + (UPPER + vmas / PTES) * b->page_size);
}

void child_reap(struct bench *b, pid_t pid)
{
	pid_t got;
	int status;

	while ((got = waitpid(pid, &status, 0)) < 0) {
		if (errno != EINTR)
			bench_fail(b, "waitpid(%d): %m", (int)pid);
	}
	if (WIFSIGNALED(status))
		bench_fail(b, "child %d was killed by signal %d", (int)got, WTERMSIG(status));
	if (WEXITSTATUS(status) == EXIT_CORRUPTED)
		bench_corrupted(b, "child %d found its pages changed", (int)got);
	if (WEXITSTATUS(status))
		bench_fail(b, "child %d left with status %d", (int)got, WEXITSTATUS(status));
}
