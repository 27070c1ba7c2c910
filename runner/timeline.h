/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slab use over time, sampled by a thread while a workload runs. The figures are raw: they include
 * free objects on per-CPU lists.
 */
#ifndef RMAPBENCH_TIMELINE_H
#define RMAPBENCH_TIMELINE_H

#include <jansson.h>
#include <stddef.h>

#include "runner/slab.h"

struct timeline;

/* Starts sampling `hz` times a second; NULL if there is nothing to sample. Keeps at most 100,000
 * samples. */
struct timeline *timeline_start(const struct slab_cache *caches, size_t n, int hz);
/*
 * Stops, and returns a record without "record", "workload" and "params": hz, ms, objects,
 * cpu_share (of one CPU that sampling took). NULL for NULL. Frees the timeline.
 */
json_t *timeline_stop(struct timeline *t);

#endif
