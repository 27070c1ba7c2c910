// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any command, under the same counters as everything else. In the counting pass it is stopped for a
 * moment, all its processes with it, and what they hold is counted.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/machine.h"
#include "workloads/workload.h"

enum { COMMAND, HOLD };
enum { ELAPSED, SYSTEM, USER, FAULTS_TAKEN };
enum { STARTED, SUCCEEDED, FAULTS, HELD_ALIVE, COUNTED };

/* The command's process group; 0 while there is none. */
static volatile pid_t group;

static void end_group(void *arg)
{
	(void)arg;
	if (group)
		kill(-group, SIGKILL);
}

static void become(const struct bench *b, pid_t parent) __attribute__((noreturn));
static void become(const struct bench *b, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	/* What it prints is no result of ours; what it complains about is for people. */
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	/* The runner gives hardly any environment, for the sake of what fork copies. */
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0);
	setenv("HOME", "/", 0);
	execl("/bin/sh", "sh", "-c", b->text[COMMAND], (char *)NULL);
	_exit(127);
}

static uint64_t nanoseconds(struct timeval t)
{
	return ((uint64_t)t.tv_sec * 1000000 + t.tv_usec) * 1000;
}

/* Stops all of the command's processes while the runner counts. */
static void count(struct bench *b)
{
	siginfo_t ended = { 0 };

	usleep(b->param[HOLD] * 1000);
	kill(-group, SIGSTOP);
	waitid(P_PID, group, &ended, WEXITED | WNOHANG | WNOWAIT);
	bench_work(b, COUNTED, 1);
	bench_work(b, HELD_ALIVE, !ended.si_pid);
	bench_hold(b, HELD);
	kill(-group, SIGCONT);
}

static void one_run(struct bench *b)
{
	pid_t self = getpid(), pid;
	uint64_t start = bench_now(b);
	struct rusage used;
	int status;

	pid = fork();
	if (!pid)
		become(b, self);
	if (pid < 0)
		bench_fail(b, "fork: %m");
	setpgid(pid, pid); /* also here: whoever comes first */
	group = pid;
	if (bench_counting(b))
		count(b);
	while (wait4(pid, &status, 0, &used) < 0)
		;
	bench_sample(b, ELAPSED, bench_now(b) - start);
	/* What it left running in its group is no part of the next run. */
	end_group(NULL);
	group = 0;
	bench_sample(b, SYSTEM, nanoseconds(used.ru_stime));
	bench_sample(b, USER, nanoseconds(used.ru_utime));
	bench_sample(b, FAULTS_TAKEN, used.ru_minflt);
	bench_work(b, STARTED, 1);
	bench_work(b, FAULTS, used.ru_minflt);
	bench_work(b, SUCCEEDED, status == 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		bench_fail(b, "'%s': not found (status 127)", b->text[COMMAND]);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		bench_fail(b, "'%s' left with status %d", b->text[COMMAND], WEXITSTATUS(status));
	if (WIFSIGNALED(status))
		bench_fail(b, "'%s' was killed by signal %d", b->text[COMMAND], WTERMSIG(status));
}

static void run(struct bench *b)
{
	if (access("/bin/sh", X_OK))
		bench_skip(b, "no /bin/sh here to run a command; the lab's own guests have none");
	bench_undo(b, end_group, NULL);
	bench_hold(b, POPULATED);
	for (long rounds = bench_rounds(b, 1); rounds; rounds--)
		one_run(b);
}

const struct workload workload = {
	.summary = "any command, timed and counted like the rest",
	.drives = "whatever the command does",
	.params = {
		[COMMAND] = { "command", "sh -c", .text = "sleep 0.2",
			      .help = "to run; its status must be 0, what it prints is dropped" },
		[HOLD] = { "hold", "ms", 100, 0, 3600000,
			   "in the counting pass: after so long its process group is stopped and "
			   "counted" },
	},
	.metrics = {
		[ELAPSED] = { "elapsed", "ns", LATENCY, LOWER, "from fork() until it is reaped" },
		[SYSTEM] = { "system", "ns", LATENCY, LOWER,
			     "CPU time in the kernel, with that of children it waited for" },
		[USER] = { "user", "ns", LATENCY, LOWER, "CPU time outside the kernel, same" },
		[FAULTS_TAKEN] = { "faults", "faults", COUNT, LOWER, "minor page faults, same" },
	},
	.works = {
		[STARTED] = "started",
		[SUCCEEDED] = "succeeded",
		[FAULTS] = "faults",
		[HELD_ALIVE] = "held",
		[COUNTED] = "counted",
	},
	.evidence = {
		{ "work:succeeded", EXACTLY, STARTED, .why = "the command left with 0" },
		{ "work:faults", AT_LEAST, STARTED, .why = "it ran: a program cannot but fault" },
		{ "vmstat:pgfault", AT_LEAST, FAULTS, .why = "the kernel counted its faults" },
		{ "work:held", EXACTLY, COUNTED, .may_be_zero = true,
		  .why = "in the counting pass it was still there to be counted (lower 'hold' if not)" },
	},
	.cpus = ALL_CPUS,
	.samples = 3,
	.run = run,
};
