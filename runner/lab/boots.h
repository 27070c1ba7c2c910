/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boots of a schedule, one after another or some at once: guests started and watched, their
 * records kept, their failures told.
 */
#ifndef RMAPBENCH_LAB_BOOTS_H
#define RMAPBENCH_LAB_BOOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "runner/lab/guest.h"
#include "runner/lab/kernel.h"
#include "runner/schedule.h"

struct lab {
	const struct machine *machine;
	const struct kernel *kernels;
	size_t kernel_count;
	struct schedule schedule;
	const char *out;
	const char *mode;      /* for the run records */
	const char *plan_name; /* the same */
	int initramfs;
	int jobs;	    /* guests at once */
	bool seed_by_block; /* else every guest has the same seed */
	double begun;	    /* when the command began, CLOCK_MONOTONIC seconds */

	/* What came of it. */
	double first_sample;	   /* seconds from begun to the first measured operation, 0: none */
	long done, failed;	   /* boots */
	long invalid;		   /* boots in which something was invalid */
	bool interrupted, stopped; /* by a signal; by an error of the host, told */
};

/* OUT/<label>/<boot-id>; to be freed. */
char *boot_folder(const struct lab *lab, const struct planned_boot *boot);

/*
 * Runs every boot that waits. Returns when all are done or failed, on SIGINT, SIGTERM or SIGHUP, or
 * when records cannot be written; no guest is left then, and all records are whole.
 */
void boots_run(struct lab *lab);

/* CLOCK_MONOTONIC in seconds. */
double clock_seconds(void);

#endif
