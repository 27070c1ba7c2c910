/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the values of boots to the rows of a comparison. For verdict.c and objects.c.
 */
#ifndef RMAPBENCH_ROWS_H
#define RMAPBENCH_ROWS_H

#include "analysis/verdict.h"

/* One boot's value of what a row is about; NAN if it has none. */
typedef double (*boot_value)(const struct boot *b, const void *key);

struct row_source {
	boot_value value;
	const void *key;
	size_t exact_boots; /* boots a side that must agree for the figure to be exact; 0: never */
};

/*
 * Adds a row for each of the strata [first, last), which are of one kind, where both sides have the
 * value, with the descriptive fields of `like`; with several machines, and if their signs agree,
 * one for their combination.
 */
void rows_add(struct comparison *c, size_t first, size_t last, const struct row *like,
	      const struct row_source *source);

#endif
