/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which shared libraries does a program need? Read from its ELF headers, so that it works for a
 * program of another architecture too, which no loader here could list.
 */
#ifndef RMAPBENCH_LAB_NEEDED_H
#define RMAPBENCH_LAB_NEEDED_H

#include <stddef.h>

struct needed_file {
	char *host;  /* where it is here */
	char *guest; /* where the loader of the guest looks for it */
};

struct needed {
	struct needed_file *files; /* loader and libraries, each once */
	size_t count;
};

/*
 * Everything that `program` (ELF, 64 bits, little endian) needs to start. Returns 0, or -1 after
 * telling which file is missing or unreadable. Free with needed_free() in both cases.
 */
int needed_by(const char *program, struct needed *n);
void needed_free(struct needed *n);

#endif
