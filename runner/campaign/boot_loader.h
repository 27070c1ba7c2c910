/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot loader's one-shot entry: the next boot, and only that one. The default is never touched.
 */
#ifndef RMAPBENCH_CAMPAIGN_BOOT_LOADER_H
#define RMAPBENCH_CAMPAIGN_BOOT_LOADER_H

#include <stddef.h>

#include "runner/campaign/state.h"
#include "runner/campaign/target.h"

/*
 * Which boot loader is it, and does it have an entry for each kernel? Sets *way, and entry and
 * cmdline of the targets. NULL, or why it does not work and what to do, to be freed.
 */
char *boot_loader_find(struct target *t, size_t count, enum way *way);
/* The next boot is this one. NULL, or why not, to be freed. */
char *boot_loader_once(enum way way, const struct target *t);
/* Takes that back, if it was not used up. */
void boot_loader_forget(enum way way);

/* Of grub.c and systemd_boot.c, as above. */
char *grub_find(struct target *t, size_t count);
char *systemd_boot_find(struct target *t, size_t count);

#endif
