/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One step of a campaign, taken once in each boot: what became of the boot that was asked for,
 * measure it, ask for the next.
 */
#ifndef RMAPBENCH_CAMPAIGN_STEP_H
#define RMAPBENCH_CAMPAIGN_STEP_H

#include "runner/campaign/state.h"

/* Returns an exit status; normally the machine is going down then. */
int step_take(struct campaign *c);

/*
 * Ends a campaign where it stands: removes the unit, takes back what was set for the next boot,
 * puts the state with the results. 0, or -1 after messages.
 */
int campaign_close(struct campaign *c);

/* Boots done, failed and left of each kernel, to stdout. */
void campaign_print_tally(const struct campaign *c);
/* SHA-256 of a file, 64 digits; "" if it cannot be read. */
void file_hash(const char *path, char hex[65]);

#endif
