/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Record files of kernels that do not exist, whose true difference is known. What they hold follows
 * docs/method.md: noise of blocks, boots, processes and iterations, each multiplicative.
 */
#ifndef RMAPBENCH_SIMULATE_H
#define RMAPBENCH_SIMULATE_H

#include <stdbool.h>

/* How the boots of one kernel differ; all with a standard deviation of `boot_sd`, but DRIFT. */
enum shape {
	SHAPE_NORMAL,
	SHAPE_T3,      /* Student's t with 3 degrees of freedom: wild boots */
	SHAPE_BIMODAL, /* fast and slow boots, as with two memory layouts */
	SHAPE_SKEWED,  /* exponential: most are fast */
	SHAPE_DRIFT,   /* normal, while the machine slows down by `drift` over the series */
};

enum { SHAPES = SHAPE_DRIFT + 1 };
extern const char *const shape_names[SHAPES];

struct simulation {
	enum shape shape;
	int blocks;
	double effect;	      /* new is slower by this share */
	bool interleaved;     /* else all boots of base, then all of new; only matters with drift */
	bool recorded_blocks; /* write the block, so that boots are compared as pairs */
	double boot_sd, block_sd, process_sd, iteration_sd, drift;
	double spikes; /* share of iterations that take 1.5 to 3 times as long */
	int workloads, metrics, processes,
		iterations; /* metrics of each workload are repetitions */
	unsigned long seed;
};

/* The noise that docs/method.md gives; one workload, one metric. */
struct simulation simulation_default(void);

/*
 * Writes <folder>/<label>/<boot>/0.jsonl for the boots of one side. Both sides of one simulation
 * get the same noise of blocks. Ends the program with a message if it cannot write.
 */
void simulate_side(const struct simulation *s, const char *folder, const char *label, bool new);

#endif
