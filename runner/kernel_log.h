/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Did the kernel complain while a workload ran? Reads /dev/kmsg between two marks.
 */
#ifndef RMAPBENCH_KERNEL_LOG_H
#define RMAPBENCH_KERNEL_LOG_H

#include <jansson.h>

/* From here on. Does nothing where /dev/kmsg cannot be read. */
void kernel_log_mark(void);
/* Array of the lines since the mark that report a BUG, a WARNING, an oops, a lockup...; NULL if
 * there are none. */
json_t *kernel_log_complaints(void);
/* True if a line of a kernel log is such a report. */
int kernel_log_is_complaint(const char *line);

#endif
