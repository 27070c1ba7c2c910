/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which kernel functions are to be reached, and which of them does this kernel have? The list is an
 * INI file (configs/functions.ini tells its form).
 */
#ifndef RMAPBENCH_COVERAGE_FUNCTIONS_H
#define RMAPBENCH_COVERAGE_FUNCTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct function {
	char *name;
	char *file; /* of the kernel's source */
	char *why;
	/* Remarks, NULL where there is none. */
	char *only;	 /* the one source that has it, "6.1" or "6.12" */
	char *option;	 /* CONFIG_ option that it needs */
	char *caller;	 /* where it is usually inlined */
	char *shown_by;	 /* what it alone calls */
	char *exception; /* why no workload is expected to reach it */
	/* What this kernel calls it: itself, or what the compiler made of it (.isra.0, .part.0). */
	char **symbols;
	size_t symbol_count;
	char *missing; /* why its hits cannot be counted here; NULL: they can */
};

struct pattern {
	char *glob;
	char *why;
};

struct functions {
	struct function *items;
	size_t count;
	struct pattern *patterns;
	size_t pattern_count;
};

/*
 * Reads `file`. 0, or -1 after messages with file, line, value and what is allowed. Free with
 * functions_free() in both cases.
 */
int functions_read(struct functions *f, const char *file);
void functions_free(struct functions *f);
/* NULL if the list has none of that name. */
struct function *functions_find(const struct functions *f, const char *name);

/*
 * Looks every function up in `symbols` (the form of /proc/kallsyms), fills in symbols and missing,
 * and adds what the patterns match. `release` and `config` (object of CONFIG_ options, or NULL)
 * are this kernel's: they say why one is missing.
 */
void functions_resolve(struct functions *f, FILE *symbols, const char *release,
		       const json_t *config);

/* The length of a symbol's name without what the compiler hung on it; 0: no entry of a function. */
size_t symbol_base(const char *symbol);

#endif
