/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the harness's own files share. Workloads do not include this.
 */
#ifndef RMAPBENCH_HARNESS_H
#define RMAPBENCH_HARNESS_H

#include "workloads/workload.h"

/* "fork/vmas": from the path of the source file, by the Makefile. */
extern const char workload_name[];

/* How a child tells its parent that it found corrupted memory. */
enum { EXIT_CORRUPTED = 78 };

/* Words of the enums, as they stand in --describe and in records. */
extern const char *const hold_point_names[];
extern const char *const relation_names[];

long count_params(void);
long count_metrics(void);
long count_works(void);
long count_evidence(void);

/* Prints the workload as one JSON object, its name in "workload". */
void describe(void);

/* Name of a need, or NULL past the last: bit is 0, 1, 2... */
const char *need_name(int bit);
/* Checks all declared needs. Returns the bit of the first that is missing, -1 if none is, and a
 * reason. */
int need_missing(unsigned int needs, bool allow_dangerous, const char **reason);

/* Remembers the counters that the evidence names. */
void evidence_begin(void);
/*
 * Judges all evidence; sends or prints each. Returns the number that failed ("slab:" ones are the
 * runner's). In the control pass nothing is judged.
 */
int evidence_end(struct bench *b);

/* Writes one packet to the runner; does nothing when the workload runs alone. */
void control_send(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool control_connected(void);

/* Puts back what bench_undo() was told of, in the workload's first process only. */
void undo_all(void);
/* Gives back what bench_memory() gave, so that what is left at AFTER is a leak. */
void memory_free_all(void);

/*
 * Memory for reading a file, given back at once: what stayed with the process would be copied by
 * every fork that is measured, and counted. NULL when there is none.
 */
char *scratch_map(size_t size);
void scratch_unmap(char *scratch, size_t size);

/* Writes a JSON string literal with its quotes. Returns buf. */
char *json_quote(char *buf, size_t size, const char *s);

#endif
