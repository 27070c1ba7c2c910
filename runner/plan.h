/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be run? An INI file and the command line, checked against what the workloads declare.
 */
#ifndef RMAPBENCH_PLAN_H
#define RMAPBENCH_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner/catalogue.h"

/* One workload with one set of parameters. */
struct plan_item {
	const struct descriptor *workload;
	json_t *params;
	long samples;
	long processes;	    /* timed, after the warm-up */
	long count_repeats; /* counting passes; 0: none */
	double seconds;	    /* for one process */
};

struct plan {
	char *file;
	struct plan_item *items;
	size_t count;
	/* [run] */
	long processes, count_repeats, count_control, timeline_hz, seed, processes_limit;
	long memory_percent; /* of MemAvailable */
	double seconds;
	bool drop_caches, compact_memory;
	char caches[16][64];
	size_t cache_count;
	json_t *primary;   /* array of workload:metric */
	json_t *settings;  /* object of strings */
	bool fixed_layout; /* aslr = 0: for the workloads alone, the system's setting stays */
	char hash[65];	   /* SHA-256 of the resolved plan */
};

/*
 * Reads `file`; `only` are patterns (fnmatch), `sets` are workload.parameter=values as on the
 * command line. Returns 0, or -1 after messages that name file, line, value and what is allowed.
 * plan_free() frees. The catalogue must outlive the plan.
 */
int plan_read(struct plan *plan, const char *file, const struct catalogue *catalogue,
	      const char *const *only, size_t only_count, const char *const *sets,
	      size_t set_count);
void plan_free(struct plan *plan);

/* Processes that the plan starts: warm-up, timed, counting and control passes. */
long plan_runs(const struct plan *plan);
long plan_item_runs(const struct plan *plan, const struct plan_item *item);

/* "fork/vmas vmas=64": to be freed. */
char *plan_item_title(const struct plan_item *item);

#endif
