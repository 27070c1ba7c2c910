/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units in which a row of numbers is short enough to read.
 */
#ifndef RMAPBENCH_UNITS_H
#define RMAPBENCH_UNITS_H

struct scale {
	double divisor;
	const char *unit;   /* NULL: the one that was recorded */
	const char *prefix; /* before the recorded unit: "1000 " */
};

/* The scale in which `smallest`, a value above 0 in `unit`, is 1 or more where there is one. */
struct scale scale_for(const char *unit, double smallest);

#endif
