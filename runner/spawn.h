/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process of a workload, from start to the last of its children.
 */
#ifndef RMAPBENCH_SPAWN_H
#define RMAPBENCH_SPAWN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "runner/catalogue.h"
#include "workloads/protocol.h"

enum outcome { OUTCOME_DONE, OUTCOME_SKIP, OUTCOME_INVALID, OUTCOME_INTERRUPTED };

struct spawn_request {
	const struct descriptor *workload;
	const json_t *params; /* object of integers (or strings) */
	const char *pass;     /* time, count, control */
	long samples;
	uint64_t seed;
	bool icount;
	bool fixed_layout; /* no address space randomisation for the workload */
	bool allow_dangerous;
	long max_bytes, max_processes;
	double seconds; /* killed when it takes longer */
	/* Called at each hold point while the workload waits. */
	void (*hold)(void *arg, const char *point, const json_t *model);
	void *hold_arg;
};

struct spawn_result {
	enum outcome outcome;
	char *reason; /* of a skip or an invalid run */
	char *need;   /* of a skip, or NULL */
	bool corrupted;
	json_t *evidence; /* array of what the workload reported */
	json_t *notes;	  /* array of strings: what a person should know about the figures */
	json_t *done;	  /* {"work", "vmas", "elapsed_ns"}, or NULL */
	char cpus[256];
	struct sample_area *area; /* mapped; samples of the metrics in the order of --describe */
	size_t area_bytes;
};

/*
 * Runs one process of the workload, pinned, with a clean environment, no standard input, in a
 * process group of its own, and waits until it and all its children are gone; whoever is left over
 * is killed. The result is to be freed by spawn_free(). Signals that end rmapbench end the run with
 * OUTCOME_INTERRUPTED; see spawn_signals().
 */
void spawn(const struct spawn_request *request, struct spawn_result *result);
void spawn_free(struct spawn_result *result);

/*
 * From now on SIGINT, SIGTERM and SIGHUP do not end this process at once but are seen by spawn()
 * and spawn_interrupted(). Orphans of workloads become children of this process.
 */
void spawn_signals(void);
bool spawn_interrupted(void);

#endif
