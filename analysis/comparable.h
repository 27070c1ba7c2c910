/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Were two results measured alike? Lists what differs beside the kernel under test, and refuses
 * what would give the difference another cause.
 */
#ifndef RMAPBENCH_COMPARABLE_H
#define RMAPBENCH_COMPARABLE_H

#include <stdbool.h>

#include "analysis/match.h"
#include "analysis/notes.h"

/*
 * Looks at every boot of the match against the first of its kind. Differences that do not change
 * the meaning, and those whose names are in `accept` (ends with NULL; may be NULL), become notes.
 * Returns NULL, or why the results must not be compared (the caller frees it).
 *
 * Compiler, config and mitigations differ by nature between two kernel series (6.1 and 6.12): there
 * they are notes, but for options that slow the kernel down to check it.
 */
char *comparable_check(const struct match *m, const char *base, const char *new,
		       const char *const *accept, struct notes *notes);

/* True if --accept knows the name; *allowed becomes a list of those it knows. */
bool comparable_knows(const char *name, const char **allowed);

#endif
