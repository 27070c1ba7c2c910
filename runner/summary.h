/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What did this run find? The table at its end, made of the records as they are written.
 */
#ifndef RMAPBENCH_SUMMARY_H
#define RMAPBENCH_SUMMARY_H

#include <jansson.h>
#include <stdio.h>

/* Looks at a record that was written; keeps what the table needs. */
void summary_see(const char *type, const json_t *record);
/* The table. */
void summary_print(FILE *to);
/* The part of one workload with its parameters; nothing if it wrote no record. */
void summary_print_of(FILE *to, const char *workload, const json_t *params);
/* Why it has no figures, or NULL. */
const char *summary_trouble(const char *workload, const json_t *params);
/* Counts of "skip" and "invalid" records seen. */
long summary_skipped(void);
long summary_invalid(void);

#endif
