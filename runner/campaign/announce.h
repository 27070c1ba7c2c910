/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a campaign will do, does and did, told to a person.
 */
#ifndef RMAPBENCH_CAMPAIGN_ANNOUNCE_H
#define RMAPBENCH_CAMPAIGN_ANNOUNCE_H

#include "runner/campaign/state.h"

struct cost {
	long processes;	    /* of one run of the plan */
	double run_seconds; /* that such a run took here before; 0: nobody knows */
};

/* Mean seconds of the whole runs in `out` of the plan with this hash; 0: there is none. */
double cost_of_runs(const char *out, const char *hash);

/* Beforehand: kernels, order, cost, what is installed, how it ends. */
void announce(const struct campaign *c, const struct cost *cost);
void announce_status(const struct campaign *c);
void announce_stopped(const struct campaign *c);

#endif
