// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/catalogue.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "error.h"

static struct catalogue *filling; /* nftw() passes no argument */

char *program_output(const char *program, const char *option, const char *option2, int *status)
{
	enum { MOST = 65536 };
	char *text = xcalloc(1, MOST);
	size_t n = 0;
	ssize_t got;
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || (pid = fork()) < 0) {
		free(text);
		return NULL;
	}
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		execl(program, program, option, option2, NULL);
		_exit(127);
	}
	close(out[1]);
	while (n + 1 < MOST && (got = read(out[0], text + n, MOST - 1 - n)) > 0)
		n += got;
	close(out[0]);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
	return text;
}

static int add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct descriptor d = { 0 };
	json_error_t why;
	char *text;
	int status;

	(void)ftw;
	if (type != FTW_F || !(st->st_mode & S_IXUSR))
		return 0;
	text = program_output(path, "--describe", NULL, &status);
	d.json = text && !status ? json_loads(text, 0, &why) : NULL;
	free(text);
	d.name = json_string_value(json_object_get(d.json, "workload"));
	if (!d.name) {
		warning("%s: does not describe itself as a workload (status %d); left out", path,
			status);
		json_decref(d.json);
		return 0;
	}
	d.program = xstrdup(path);
	array_grow(filling->items, filling->count);
	filling->items[filling->count++] = d;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct descriptor *)a)->name, ((const struct descriptor *)b)->name);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* To be freed; NULL if there is no such folder. */
static char *folder(void)
{
	static const char *const places[] = { "%s/workloads", "%s/../libexec/rmapbench/workloads" };
	char self[PATH_MAX] = "";
	char *given = getenv("RMAPBENCH_WORKLOADS");

	if (given)
		return is_folder(given) ? realpath(given, NULL) : NULL;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return NULL;
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char path[PATH_MAX + 64];

		snprintf(path, sizeof(path), places[i], self);
		if (is_folder(path))
			return realpath(path, NULL);
	}
	return NULL;
}

int catalogue_read(struct catalogue *c)
{
	char *path = folder();

	*c = (struct catalogue){ 0 };
	if (!path) {
		error("no folder of workloads beside this program; build them with 'make', or name "
		      "it in "
		      "RMAPBENCH_WORKLOADS");
		return -1;
	}
	filling = c;
	nftw(path, add, 16, FTW_PHYS);
	if (!c->count)
		error("%s: no workload in it; build them with 'make'", path);
	else
		qsort(c->items, c->count, sizeof(*c->items), by_name);
	free(path);
	return c->count ? 0 : -1;
}

void catalogue_free(struct catalogue *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->items[i].program);
		json_decref(c->items[i].json);
	}
	free(c->items);
	*c = (struct catalogue){ 0 };
}

const struct descriptor *catalogue_find(const struct catalogue *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++) {
		if (!strcmp(c->items[i].name, name))
			return &c->items[i];
	}
	return NULL;
}

json_t *descriptor_param(const struct descriptor *d, const char *name)
{
	json_t *param;
	size_t i;

	json_array_foreach (json_object_get(d->json, "params"), i, param) {
		if (!strcmp(json_string_value(json_object_get(param, "name")), name))
			return param;
	}
	return NULL;
}
