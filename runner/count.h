/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counting pass: slab objects at the hold points of a workload, repeated, beside a control that
 * does nothing. A count is called exact only where as many repeats in a row as were asked for agree
 * and the control stands still; on a busy host more are made until they do, up to a limit.
 */
#ifndef RMAPBENCH_COUNT_H
#define RMAPBENCH_COUNT_H

#include <jansson.h>
#include <stdbool.h>

#include "runner/slab.h"
#include "runner/spawn.h"

enum { POINTS = 4, MOST_REPEATS = 100 };

struct counting {
	struct slab_cache *caches;
	size_t cache_count;
	long wanted;		/* repeats that must agree */
	long repeats, controls; /* how many were done */
	struct slab_count work[MOST_REPEATS][POINTS][MAX_CACHES];
	struct slab_count control[MOST_REPEATS][POINTS][MAX_CACHES];
	json_t *model[POINTS]; /* what the workload told: cache -> objects since `before` */
	bool seen[POINTS];
	const char *failed; /* why slabs cannot be counted here, or NULL */
	bool ended;	    /* judged and written */
	bool in_control;    /* which of the two the next hold belongs to */
};

/* `wanted` repeats must agree. To be freed by counting_free(). `caches` are borrowed. */
struct counting *counting_new(struct slab_cache *caches, size_t count, long wanted);
void counting_free(struct counting *c);

/* For spawn_request.hold, with the counting as its argument. */
void counting_hold(void *counting, const char *point, const json_t *model);

/*
 * Is another repeat worth its while? True until the last `wanted` agree in every cache that can be
 * counted exactly, or four times as many were made.
 */
bool counting_goes_on(const struct counting *c);
/* Are there repeats left? */
bool counting_may_go_on(const struct counting *c);

/* Array of "slab" records without workload and params, after all repeats. */
json_t *counting_records(const struct counting *c);

/*
 * Judges evidence on "slab:NAME", as the workload sent it: adds seen, held and noise (how far the
 * repeats are apart). Where the repeats agree the relation is judged to the object. Where they do
 * not, it may miss by the noise; and where the noise is as large as what is wanted, nothing is
 * proven either way: "undecided" is then true. So it is where a relation does not hold by counts
 * that cannot be exact for want of sysfs, and where the cache is not counted. Returns false if the
 * evidence failed.
 */
bool counting_judge(const struct counting *c, json_t *evidence);

#endif
