/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A comparison as people and programs read it. Each format is one file.
 */
#ifndef RMAPBENCH_TABLE_H
#define RMAPBENCH_TABLE_H

#include <stdio.h>

#include "analysis/verdict.h"

struct format {
	const char *name;      /* of --format */
	const char *extension; /* of the file, with its dot */
	/* Writes `count` comparisons with the same base. */
	void (*write)(FILE *to, struct comparison *const *c, size_t count);
};

extern const struct format format_text, format_markdown, format_json;

/* NULL if there is none of that name. */
const struct format *format_named(const char *name);

/*
 * A run of rows that stand under one heading, [first, last): one metric (or one slab figure) of one
 * workload.
 */
struct section {
	size_t first, last;
	bool new_how;	   /* the first of its kind of figures */
	bool new_workload; /* the first of its workload, or of its slab counts */
	char *common;	   /* parameters that are the same throughout the workload */
	char *heading;	   /* "fork, us, p99" */
	double scale;	   /* divide values by it to get the unit in the heading */
};

/* The sections of a comparison that tables for people show; free with sections_free(). */
struct section *sections_of(const struct comparison *c, size_t *count);
void sections_free(struct section *s, size_t count);

/* "fork p99", "anon_vma held objects": a row among those of its workload and parameters; the caller
 * frees. */
char *row_name(const struct row *r);

/* A row's cells; "-" where there is nothing to say. */
struct cells {
	char name[160];
	char base[16], new[16]; /* in the unit of the section */
	char change[16];	/* in percent, with its sign */
	char low[16], high[16]; /* the same, of the 95% interval; low is "exact" where there is no
				   noise */
	char smallest[16];	/* smallest detectable change, in percent */
	char boots[24];		/* "10", or "9/10" where the sides differ */
	const char *verdict;
};

struct cells row_cells(const struct comparison *c, const struct section *s, const struct row *r);

/* "6 better, 2 worse, 31 no-change"; the caller frees. */
char *verdict_summary(const struct comparison *c);
/* One side's name, kernel and boots in a line; the caller frees. */
char *side_summary(const struct results *r);
/* What the strata of the first row of a section are; the caller frees. */
char *how_summary(const struct comparison *c, const char *how);
/* Lines that explain the columns, ends with NULL. */
extern const char *const table_legend[];

#endif
