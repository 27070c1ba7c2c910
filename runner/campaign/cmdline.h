/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of a kernel command line.
 */
#ifndef RMAPBENCH_CAMPAIGN_CMDLINE_H
#define RMAPBENCH_CAMPAIGN_CMDLINE_H

#include <stdbool.h>

/* Are all words of `asked` in `line`, in their order and next to each other? Blanks do not count.
 */
bool cmdline_has(const char *line, const char *asked);
/* Is there a word that starts so? */
bool cmdline_has_start(const char *line, const char *start);
/* The words without those that a boot loader adds; to be freed. */
char *cmdline_own(const char *line);

#endif
