// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A control group of our own, v2 or v1, gone when the workload ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/machine.h"

#define CGROUP "/sys/fs/cgroup"

static bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += n) {
		if ((p == text || strchr(" ,:\n", p[-1])) && strchr(" ,:\n", p[n]))
			return true;
	}
	return false;
}

/* Where the controller's hierarchy is mounted, or NULL. */
static const char *hierarchy(const char *controller, bool *v2)
{
	static const char *const unified[] = { CGROUP, CGROUP "/unified" };
	static char root[96];
	char path[160], text[512];

	*v2 = true;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/cgroup.controllers", unified[i]);
		if (read_text(path, text, sizeof(text)) && has_word(text, controller))
			return unified[i];
	}
	*v2 = false;
	snprintf(root, sizeof(root), CGROUP "/%s", controller);
	snprintf(path, sizeof(path), "%s/cgroup.procs", root);
	return access(path, W_OK) ? NULL : root;
}

/* Path of this process in that hierarchy: "0::/a/b" or "4:memory:/a/b" in /proc/self/cgroup. */
static void find_origin(struct group *g, const char *root, const char *controller)
{
	char text[4096], *line, *next;

	snprintf(g->origin, sizeof(g->origin), "%s/cgroup.procs", root);
	if (!read_text("/proc/self/cgroup", text, sizeof(text)))
		return;
	for (line = text; line && *line; line = next) {
		char *path = strstr(line, ":/");

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!path)
			continue;
		*path = '\0';
		if (g->v2 ? !strcmp(line, "0:") : has_word(line, controller))
			snprintf(g->origin, sizeof(g->origin), "%.80s%.400s/cgroup.procs", root,
				 path[2] ? path + 1 : "");
	}
}

static void remove_group(void *arg)
{
	struct group *g = arg;
	char path[224], text[8192];

	if (!g->path[0])
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", g->path);
	file_write(g->origin, "0");
	/* A dead process leaves its group only when it is reaped. */
	for (int i = 0; i < 200 && rmdir(g->path) && errno == EBUSY; i++) {
		char *next = text, *end;
		long pid;

		read_text(path, text, sizeof(text));
		for (; (pid = strtol(next, &end, 10)) > 0 && end != next; next = end) {
			if (pid != getpid()) {
				kill(pid, SIGKILL);
				waitpid(pid, NULL, WNOHANG);
			}
		}
		usleep(10000);
	}
	g->path[0] = '\0';
}

static struct {
	char path[192], text[48];
} enabled[4];
static int enabled_count;

static void disable(void *arg)
{
	int i = (long)arg;

	file_write(enabled[i].path, enabled[i].text);
}

static void disable_later(struct bench *b, const char *path, const char *controller)
{
	int i = enabled_count++;

	if (i == 4)
		bench_fail(b, "more than 4 controllers enabled");
	snprintf(enabled[i].path, sizeof(enabled[i].path), "%s", path);
	snprintf(enabled[i].text, sizeof(enabled[i].text), "-%s", controller);
	bench_undo(b, disable, (void *)(long)i);
}

bool group_create(struct bench *b, struct group *g, const char *controller)
{
	char path[192], enable[48];
	const char *root;

	memset(g, 0, sizeof(*g));
	root = hierarchy(controller, &g->v2);
	if (!root)
		return false;
	find_origin(g, root, controller);
	if (g->v2) {
		char text[512];

		snprintf(path, sizeof(path), "%s/cgroup.subtree_control", root);
		snprintf(enable, sizeof(enable), "+%s", controller);
		read_text(path, text, sizeof(text));
		if (!has_word(text, controller) && !file_write(path, enable))
			disable_later(b, path, controller);
	}
	snprintf(g->path, sizeof(g->path), "%s/rmapbench-%d", root, (int)getpid());
	if (mkdir(g->path, 0755)) {
		g->path[0] = '\0';
		return false;
	}
	bench_undo(b, remove_group, g);
	return true;
}

bool group_enter(struct bench *b, struct group *g)
{
	(void)b;
	return !group_write(g, "cgroup.procs", "0");
}

void group_leave(struct bench *b, struct group *g)
{
	(void)b;
	remove_group(g);
}

int group_write(const struct group *g, const char *file, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", g->path, file);
	return file_write(path, value);
}

long group_read(const struct group *g, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", g->path, file);
	return file_read_long(path);
}

bool group_reclaim(const struct group *g, size_t bytes)
{
	char text[32];

	if (!g->v2)
		return !group_write(g, "memory.force_empty", "0") || errno == EBUSY;
	snprintf(text, sizeof(text), "%zu", bytes);
	/* EAGAIN: reclaimed less than asked, which is not to say nothing. */
	if (!group_write(g, "memory.reclaim", text) || errno == EAGAIN)
		return true;
	if (group_write(g, "memory.high", "0"))
		return false;
	return !group_write(g, "memory.high", "max");
}
