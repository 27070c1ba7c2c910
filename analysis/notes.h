/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sentences for the reader that stand below a table: what was left out, and why.
 */
#ifndef RMAPBENCH_NOTES_H
#define RMAPBENCH_NOTES_H

#include <stddef.h>

struct notes {
	char **lines;
	size_t count;
};

/* Adds a sentence, unless the very same one is there already. */
void notes_add(struct notes *n, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds all of `from`. */
void notes_join(struct notes *n, const struct notes *from);
void notes_free(struct notes *n);

#endif
