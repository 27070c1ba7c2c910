/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RMAPBENCH_BOOT_ESTIMATE_H
#define RMAPBENCH_BOOT_ESTIMATE_H

#include <stdbool.h>

#include "analysis/load.h"

/*
 * What one boot says of a measurement: mean over its processes of each process's estimate (see
 * docs/record-format.md). p99 is NAN where a process has fewer than 100 samples.
 */
struct boot_estimate {
	double typical; /* median, or work over time, or value over work */
	double p99;
	bool all_equal; /* every process has the same */
};
struct boot_estimate boot_estimate(const struct measurement *m);

#endif
