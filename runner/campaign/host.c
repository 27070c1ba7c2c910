// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/files.h"

static const char *root = "";

void host_set_root(const char *dir)
{
	root = dir;
}

bool host_is_real(void)
{
	return !*root;
}

char *host_path(const char *path)
{
	return xasprintf("%s%s", root, path);
}

const char *host_plain(const char *path)
{
	size_t n = strlen(root);

	return n && !strncmp(path, root, n) ? path + n : path;
}

void host_text(const char *path, char *buf, size_t size)
{
	char *full = host_path(path);

	if (read_text(full, buf, size) < 0)
		*buf = '\0';
	free(full);
}

bool host_has(const char *path)
{
	char *full = host_path(path);
	bool there = !access(full, F_OK);

	free(full);
	return there;
}

int host_write(const char *path, const char *text)
{
	char *full = host_path(path);
	int rc = write_text(full, text), saved = errno;

	free(full);
	errno = saved;
	return rc;
}

void host_running(struct running *r)
{
	host_text("/proc/sys/kernel/random/boot_id", r->boot_id, sizeof(r->boot_id));
	host_text("/proc/sys/kernel/osrelease", r->release, sizeof(r->release));
	host_text("/proc/sys/kernel/version", r->version, sizeof(r->version));
	host_text("/proc/cmdline", r->cmdline, sizeof(r->cmdline));
}

char *host_program(const char *name)
{
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					       "/usr/bin",	  "/sbin",	    "/bin" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		char *full = xasprintf("%s%s/%s", root, folders[i], name);

		if (!access(full, X_OK))
			return full;
		free(full);
	}
	return NULL;
}

/* In the child. */
static void become(const char *program, const char *const argv[], int out)
{
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	execv(program, (char *const *)argv);
	_exit(127);
}

/* Starts it; `out` gets its stdout, or is -1. */
static pid_t start(const char *const argv[], int out)
{
	char *program = host_program(argv[0]);
	pid_t pid;

	if (!program) {
		errno = ENOENT;
		return -1;
	}
	fflush(NULL);
	pid = fork();
	if (!pid)
		become(program, argv, out);
	free(program);
	return pid;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int host_run(const char *const argv[])
{
	pid_t pid = start(argv, -1);

	if (pid > 0)
		return wait_for(pid);
	error("%s: cannot be run: %s", argv[0], strerror(errno));
	return -1;
}

char *host_output(const char *const argv[], int *status)
{
	size_t n = 0, size = 4096;
	char *text = xcalloc(1, size);
	int pipes[2];
	ssize_t got;
	pid_t pid;

	*status = -1;
	if (pipe2(pipes, O_CLOEXEC))
		return text;
	pid = start(argv, pipes[1]);
	close(pipes[1]);
	while (pid > 0 && (got = read(pipes[0], text + n, size - 1 - n)) > 0) {
		n += got;
		if (n + 1 == size) {
			size *= 2;
			text = xrealloc(text, size, 1);
		}
	}
	text[n] = '\0';
	close(pipes[0]);
	if (pid > 0)
		*status = wait_for(pid);
	return text;
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strcmp(folder, "/") || (!strncmp(path, folder, n) && (path[n] == '/' || !path[n]));
}

void host_mount(const char *path, char type[64], char source[256])
{
	char *full = host_path("/proc/self/mountinfo"), line[4096], at[1024], *rest;
	FILE *f = fopen(full, "re");
	size_t longest = 0;

	*type = *source = '\0';
	free(full);
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*d %*d %*s %*s %1023s", at) != 1 || !is_below(path, at) ||
		    strlen(at) < longest)
			continue;
		rest = strstr(line, " - ");
		if (rest && sscanf(rest, " - %63s %255s", type, source) == 2)
			longest = strlen(at);
	}
	if (f)
		fclose(f);
}
