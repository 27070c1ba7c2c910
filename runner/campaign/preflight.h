/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May and can this machine be rebooted by a campaign? All that speaks against it, before anything
 * is touched.
 */
#ifndef RMAPBENCH_CAMPAIGN_PREFLIGHT_H
#define RMAPBENCH_CAMPAIGN_PREFLIGHT_H

#include "runner/campaign/state.h"

/* What keeps this host from any campaign; each reason is told. Returns how many there were. */
int preflight_host(const struct campaign *c);
/* Whether the files of the campaign outlive a reboot; the same. */
int preflight_files(const struct campaign *c);
/* What to think of, though it stops nothing: warnings. */
void preflight_warn(const struct campaign *c);

#endif
