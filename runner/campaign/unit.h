/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The systemd unit that takes the next step of a campaign at each boot.
 */
#ifndef RMAPBENCH_CAMPAIGN_UNIT_H
#define RMAPBENCH_CAMPAIGN_UNIT_H

#include "runner/campaign/state.h"

#define UNIT_NAME "rmapbench-campaign.service"
#define UNIT_FILE "/etc/systemd/system/" UNIT_NAME
#define UNIT_LINK "/etc/systemd/system/multi-user.target.wants/" UNIT_NAME

/* Installs it for the coming boots. 0, or -1 after a message; nothing of it is left then. */
int unit_install(const struct campaign *c);
/* Removes whatever of it is there. 0, or -1 after a message. */
int unit_remove(void);
bool unit_installed(void);

#endif
