/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows for slab counts: objects, and the three byte figures that are never mixed.
 */
#ifndef RMAPBENCH_OBJECTS_H
#define RMAPBENCH_OBJECTS_H

#include "analysis/verdict.h"

/* "anon_vma objects"... for people; the caller frees. */
const char *slab_figure_name(enum slab_figure f);
const char *slab_figure_unit(enum slab_figure f);
/* The figure of a count; NAN where it was not recorded. */
double slab_figure(const struct slab_count *s, enum slab_figure f);

/* Adds the rows of all slab counts of the strata [first, last) to `c`; they are of one kind. */
void objects_compare(struct comparison *c, size_t first, size_t last);

#endif
