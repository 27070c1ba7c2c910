/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which workloads are there? Every program under the workload folder that answers --describe.
 */
#ifndef RMAPBENCH_CATALOGUE_H
#define RMAPBENCH_CATALOGUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct descriptor {
	char *program; /* absolute path */
	const char *name;
	json_t *json; /* what --describe printed */
};

struct catalogue {
	struct descriptor *items; /* sorted by name */
	size_t count;
};

/*
 * Reads all workloads, from $RMAPBENCH_WORKLOADS, the folder `workloads` beside this program, or
 * ../libexec/rmapbench/workloads. Returns 0, or -1 after an error message. catalogue_free() frees.
 */
int catalogue_read(struct catalogue *c);
void catalogue_free(struct catalogue *c);

/* NULL if there is none of that name. */
const struct descriptor *catalogue_find(const struct catalogue *c, const char *name);

/* A parameter's declaration, or NULL. Borrowed. */
json_t *descriptor_param(const struct descriptor *d, const char *name);

/*
 * Runs `program option` and returns what it printed, up to 64 KiB, to be freed; *status is its exit
 * status, -1 if it died. NULL with errno if it cannot be started.
 */
char *program_output(const char *program, const char *option, const char *option2, int *status);

#endif
