/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kexec: the next kernel is loaded by kexec_file_load(2), and `systemctl kexec` jumps into it after
 * a clean stop.
 */
#ifndef RMAPBENCH_CAMPAIGN_KEXEC_H
#define RMAPBENCH_CAMPAIGN_KEXEC_H

#include <stdbool.h>

#include "runner/campaign/target.h"

/* What keeps this machine from it, to be freed; NULL: nothing that can be seen from outside. */
char *kexec_refusal(void);
/* Loads a kernel, which replaces one that was loaded. NULL, or why not, to be freed. */
char *kexec_load(const struct target *t);
/* Forgets what was loaded. */
void kexec_unload(void);
/* Can every one of these be loaded? Tries it and forgets them. NULL, or why not, to be freed. */
char *kexec_try(const struct target *t, size_t count);
/* Did this boot come by kexec? True also where the kernel does not tell. */
bool kexec_booted(void);

#endif
