// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/find.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "command.h"

static int is_visible_folder(const struct dirent *d)
{
	return d->d_name[0] != '.' &&
	       (d->d_type == DT_DIR || d->d_type == DT_LNK || d->d_type == DT_UNKNOWN);
}

/* "there are: a, b", for an error. */
static char *labels_there(const char *root)
{
	struct dirent **entry;
	int n = scandir(root, &entry, is_visible_folder, alphasort);
	char *list;

	if (n < 0)
		return xasprintf("there is no folder '%s'; --results names another", root);
	list = n ? xasprintf("labels in '%s':", root) : xasprintf("'%s' has no labels yet", root);
	for (int i = 0; i < n; i++) {
		char *longer = xasprintf("%s%s %s", list, i ? "," : "", entry[i]->d_name);

		free(list);
		list = longer;
		free(entry[i]);
	}
	free(entry);
	return list;
}

static int by_path(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int collect(struct paths *p, char **why)
{
	char *roots[] = { p->origin, NULL };
	FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_path);
	FTSENT *e;

	while (tree && (e = fts_read(tree))) {
		size_t length = strlen(e->fts_path);

		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR) {
			*why = xasprintf("cannot read '%s': %s", e->fts_path,
					 strerror(e->fts_errno));
			fts_close(tree);
			return STATUS_FAILED;
		}
		if (e->fts_info != FTS_F || length < 6 ||
		    strcmp(e->fts_path + length - 6, ".jsonl"))
			continue;
		array_grow(p->path, p->count);
		p->path[p->count++] = xstrdup(e->fts_path);
	}
	if (tree)
		fts_close(tree);
	if (p->count)
		return 0;
	*why = xasprintf("'%s' holds no *.jsonl record; 'rmapbench run --label L' makes one",
			 p->origin);
	return STATUS_FAILED;
}

int paths_find(const char *name, const char *root, struct paths *p, char **why)
{
	struct stat st;
	char *there;

	*p = (struct paths){ .origin = xasprintf("%s/%s", root, name) };
	if (!*name || *name == '/' || *name == '.' || stat(p->origin, &st)) {
		free(p->origin);
		p->origin = xstrdup(name);
	}
	if (stat(p->origin, &st)) {
		there = labels_there(root);
		*why = xasprintf("'%s' is no label, folder or file: %s; %s", name, strerror(errno),
				 there);
		free(there);
		paths_free(p);
		return STATUS_USAGE;
	}
	if (S_ISDIR(st.st_mode)) {
		int status = collect(p, why);

		if (status)
			paths_free(p);
		return status;
	}
	array_grow(p->path, p->count);
	p->path[p->count++] = xstrdup(p->origin);
	return 0;
}

void paths_free(struct paths *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->path[i]);
	free(p->path);
	free(p->origin);
	*p = (struct paths){ 0 };
}
