/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often were these kernel functions called, and by whom? By kprobe events or by the function
 * profiler, through tracefs.
 */
#ifndef RMAPBENCH_COVERAGE_PROBES_H
#define RMAPBENCH_COVERAGE_PROBES_H

#include <jansson.h>
#include <stdbool.h>

#include "runner/coverage_functions.h"

enum probe_method {
	PROBE_AUTO,	/* kprobes if they can tell by whom, else the profiler, else kprobes */
	PROBE_KPROBES,	/* kernel/trace/trace_kprobe.c; by task where there are hist triggers */
	PROBE_PROFILER, /* CONFIG_FUNCTION_PROFILER: calls of all tasks together */
};

/* "kprobes", "profiler", "auto". False if there is no such method. */
bool probe_method_parse(const char *name, enum probe_method *m);

struct probes;

/*
 * Begins to count all functions of the list that have symbols; those that cannot be counted get
 * their `missing`. NULL after a message that says what this system lacks. The list must outlive
 * the probes. What a probes_start() that was killed left behind is removed.
 */
struct probes *probes_start(struct functions *f, enum probe_method method);
void probes_stop(struct probes *p);

/* "kprobes" or "profiler". */
const char *probes_method(const struct probes *p);
/* Does it know by whom? */
bool probes_attribute(const struct probes *p);

/*
 * Calls since the start: {function: {"hits": N, "by": {task's name: N}}}, functions without a call
 * left out, "by" where it is known. To be freed.
 */
json_t *probes_read(struct probes *p);

/*
 * Text forms of tracefs, apart for the tests. Each adds to a number in `hits`.
 * kprobe_profile: "  event  hits  misses"; trace_stat/function*: names cut at 30 characters.
 */
void parse_kprobe_profile(const char *text, json_t *hits);
void parse_function_stat(const char *text, json_t *hits);
/* A histogram of the key `comm`; the number of hits that found no room in it is returned. */
long parse_histogram(const char *text, json_t *by);

#endif
