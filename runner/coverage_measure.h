/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which functions does a workload reach? One process of it between two readings of the probes, and
 * one that does nothing for as long, whose calls are no merit of the workload.
 */
#ifndef RMAPBENCH_COVERAGE_MEASURE_H
#define RMAPBENCH_COVERAGE_MEASURE_H

#include <jansson.h>

#include "runner/coverage_probes.h"
#include "runner/plan.h"
#include "runner/spawn.h"

struct coverage_run {
	struct probes *probes;
	const struct plan *plan;
	const struct descriptor *idle; /* the workload `null`, or NULL */
	bool allow_dangerous;
};

/*
 * Runs one process of `item`. Returns the fields of its record (docs/record-format.md); *type is
 * coverage, skip or invalid; NULL if it was interrupted.
 */
json_t *coverage_measure(const struct coverage_run *run, const struct plan_item *item,
			 const char **type);

/* Calls of `after` that were not yet in `before`, both as probes_read() gives them. */
json_t *hits_since(const json_t *before, const json_t *after);

/*
 * What of `hits` is the workload's doing: {function: {"hits", "control", "net", "by"}}. `self` and
 * `idle` are the task names of the workload and of the one that did nothing; tasks in `strangers`
 * (object, names as keys) lived before. Without "by", "net" is 0 unless `hits` is clearly beyond
 * the control's.
 */
json_t *hits_attributed(const json_t *hits, const json_t *control, const char *self,
			const char *idle, const json_t *strangers);

/* "kworker" of "kworker/u4:1-events", "kswapd" of "kswapd0": to be freed. */
char *task_kind(const char *task);

#endif
