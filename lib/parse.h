/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of options that more than one command takes.
 */
#ifndef RMAPBENCH_PARSE_H
#define RMAPBENCH_PARSE_H

#include <stdbool.h>

/* "2%" or "0.02" into a share above 0 and below 1. False after a message that names the option. */
bool parse_share(const char *option, const char *text, double *share);

#endif
