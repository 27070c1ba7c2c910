// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/alloc.h"

enum { TRIAL_MS = 10000, LOOK_MS = 20 };

/* In the child: a machine that never runs, and is told to quit. */
static void try_processor(const char *qemu, enum arch a, int in, int out)
{
	const char *machine = a == ARCH_ARM64 ? "virt" : "q35";

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 }); /* it fails by abort() */
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl(qemu, qemu, "-machine", machine, "-accel", "kvm", "-cpu", "host", "-m", "32", "-S",
	      "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "stdio",
	      (char *)NULL);
	_exit(127);
}

/* Status as wait(2) has it; -1 if it had to be killed. */
static int wait_bounded(pid_t pid)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	int status = -1;

	for (int waited = 0; waited < TRIAL_MS; waited += LOOK_MS) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		nanosleep(&look, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

/* The first line in which QEMU complains. */
static char *complaint(int fd)
{
	char text[4096], *line;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	line = strstr(text, "qemu-system");
	if (!line)
		return xstrdup("QEMU cannot start a processor under KVM, and does not say why");
	return xasprintf("%.*s", (int)strcspn(line, "\r\n"), line);
}

static char *trial(const char *qemu, enum arch a)
{
	static const char quit[] = "quit\n";
	int out = memfd_create("rmapbench-kvm", MFD_CLOEXEC), in[2], status;
	char *why = NULL;
	pid_t pid;

	if (out < 0 || pipe2(in, O_CLOEXEC) || write(in[1], quit, strlen(quit)) < 0 ||
	    (pid = fork()) < 0)
		return xasprintf("trying KVM: %s", strerror(errno));
	if (!pid)
		try_processor(qemu, a, in[0], out);
	close(in[0]);
	close(in[1]);
	status = wait_bounded(pid);
	if (status < 0)
		why = xasprintf("QEMU under KVM did not end within %d s", TRIAL_MS / 1000);
	else if (status)
		why = complaint(out);
	close(out);
	return why;
}

char *kvm_refusal(enum arch a)
{
	char *qemu, *why;

	if (a != arch_host())
		return xstrdup("this machine is another");
	if (access("/dev/kvm", R_OK | W_OK))
		return xstrdup("/dev/kvm cannot be opened");
	qemu = qemu_find(a);
	if (!qemu)
		return xasprintf("%s is not installed", qemu_name(a));
	why = trial(qemu, a);
	free(qemu);
	return why;
}
