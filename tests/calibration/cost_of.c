// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cost-of PROGRAM ARGUMENT...: runs it and prints the milliseconds and the KiB (peak resident set)
 * that it took. Its own output goes to stderr.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "error.h"

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	double start = now_ms();
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 2)
		die(STATUS_USAGE, "usage: cost-of PROGRAM [ARGUMENT...]");
	pid = fork();
	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		die(STATUS_FAILED, "cannot run '%s': %s", argv[1], strerror(errno));
	printf("%.0f %ld\n", now_ms() - start, usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_FAILED;
}
