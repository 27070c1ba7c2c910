/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pictures do results give?
 *
 *   sweep     a metric against a parameter, with a 95% interval over boots where there are several
 *   change    from the first result to each other one, against a parameter, with its interval
 *   objects   live slab objects of a cache against a parameter, beside mainline's model
 *   ECDF      the share of operations that took no longer
 *   timeline  raw slab use while a workload runs
 */
#ifndef RMAPBENCH_PICTURES_H
#define RMAPBENCH_PICTURES_H

#include "analysis/gnuplot.h"
#include "analysis/load.h"

/*
 * The pictures of one result or several, of the workloads that match the glob `only` (NULL: all).
 * Figures of several kinds get pictures of their own. Free with pictures_free().
 */
struct picture *pictures_of(struct results *const *results, size_t count, const char *only,
			    size_t *pictures);

#endif
