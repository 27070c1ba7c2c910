/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot that was lost, as a record beside the others: compare counts it against its kernel.
 */
#ifndef RMAPBENCH_CAMPAIGN_LOST_H
#define RMAPBENCH_CAMPAIGN_LOST_H

#include "runner/campaign/state.h"

/*
 * Records that the current boot failed, and notes it in the state (not saved). It never ran if
 * `boot_id` is NULL; else what it recorded stays in front. `line` tells a reader more. 0, or -1
 * after a message.
 */
int lost_boot(struct campaign *c, const char *boot_id, const char *outcome, const char *line);

/* Which workload runs is kept in a file, until the next one or running_none(). */
void running_watch(void);
void running_none(void);

#endif
