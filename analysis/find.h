/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which record files does a name on the command line stand for?
 */
#ifndef RMAPBENCH_FIND_H
#define RMAPBENCH_FIND_H

#include <stddef.h>

struct paths {
	char **path; /* sorted */
	size_t count;
	char *origin; /* the file or folder that the name stands for */
};

/*
 * `name` is a label (a folder in `root`), a folder or a file; a folder stands for all *.jsonl in
 * it, at any depth. Returns 0, or an exit status with *why, which the caller frees: STATUS_USAGE if
 * there is nothing of that name, STATUS_FAILED if it cannot be read or holds no record.
 */
int paths_find(const char *name, const char *root, struct paths *p, char **why);
void paths_free(struct paths *p);

#endif
