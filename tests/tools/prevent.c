// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prevent CALL[=ERRNO] [CALL...] -- COMMAND...
 *
 * Runs a command in which system calls fail with ERRNO or, without one, return 0 and do nothing:
 * the trap that evidence is there to catch. By seccomp; the call number stands for the call, so the
 * arguments do not matter. "thp" is no call: it keeps huge pages from the command.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	int number;
} calls[] = {
	{ "clone", SYS_clone },
	{ "execve", SYS_execve },
	{ "io_uring_setup", SYS_io_uring_setup },
	{ "madvise", SYS_madvise },
	{ "mbind", SYS_mbind },
	{ "migrate_pages", SYS_migrate_pages },
	{ "mlock", SYS_mlock },
	{ "move_pages", SYS_move_pages },
	{ "mprotect", SYS_mprotect },
	{ "mremap", SYS_mremap },
	{ "munmap", SYS_munmap },
	{ "prctl", SYS_prctl },
	{ "sched_setaffinity", SYS_sched_setaffinity },
	{ "swapoff", SYS_swapoff },
	{ "userfaultfd", SYS_userfaultfd },
};

enum { CALLS = sizeof(calls) / sizeof(*calls), MOST = 64 };

static struct sock_filter filter[MOST];
static unsigned short length;

static int number_of(const char *name, size_t n)
{
	for (int i = 0; i < CALLS; i++) {
		if (strlen(calls[i].name) == n && !strncmp(calls[i].name, name, n))
			return calls[i].number;
	}
	fprintf(stderr, "prevent: '%s' is not in the list of tests/tools/prevent.c\n", name);
	exit(2);
}

static void emit(struct sock_filter instruction)
{
	if (length == sizeof(filter) / sizeof(*filter) - 1) {
		fprintf(stderr, "prevent: too many calls\n");
		exit(2);
	}
	filter[length++] = instruction;
}

static void add(const char *rule)
{
	size_t n = strcspn(rule, ":=");
	const char *second = strchr(rule, ':'), *error = strchr(rule, '=');
	unsigned int verdict = SECCOMP_RET_ERRNO | (error ? atoi(error + 1) : 0);
	int number;

	if (!strcmp(rule, "thp")) {
		/* Kept over execve(). */
		if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)) {
			perror("prevent: PR_SET_THP_DISABLE");
			exit(1);
		}
		return;
	}
	number = number_of(rule, n);
	emit((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					  offsetof(struct seccomp_data, nr)));
	emit((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, second ? 3 : 1));
	if (second) {
		/* The low half of it, on a little-endian machine. */
		emit((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, args[1])));
		emit((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, atoi(second + 1), 0,
						  1));
	}
	emit((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

int main(int argc, char **argv)
{
	struct sock_fprog program = { .filter = filter };
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++)
		add(argv[i]);
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: prevent CALL[:SECOND][=ERRNO]... -- COMMAND...\n");
		return 2;
	}
	filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("prevent: seccomp");
		return 1;
	}
	execv(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 1;
}
