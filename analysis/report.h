/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of an HTML page of results. For report*.c.
 */
#ifndef RMAPBENCH_REPORT_H
#define RMAPBENCH_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "analysis/gnuplot.h"
#include "analysis/verdict.h"

struct report {
	FILE *to;
	struct results *const *results;	       /* [0] is the base */
	size_t count;			       /* of results, 2 at least */
	struct comparison *const *comparisons; /* [i] is of results[0] and results[i + 1] */
};

/* Text in which nothing is markup, within an element or an attribute in double quotes. */
void html_text(FILE *to, const char *text);
/* As fprintf(), but %s and all else is taken as text. */
void html_printf(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "<th>text</th>" or "<td>text</td>". */
void html_cell(FILE *to, const char *element, const char *text);
/* A box that scrolls by itself, with the keyboard too; close with "</table></div>". */
void html_table(FILE *to, const char *id, const char *what);

/* The verdict of each figure of each kernel. */
void report_verdicts(const struct report *r);
/* Boots, differences between the sides, messages, failures. */
void report_boots(const struct report *r);
void report_environment(const struct report *r);
void report_troubles(const struct report *r);
/*
 * All pictures, by workload. False, with a message, if gnuplot fails; then nothing was written that
 * makes sense.
 */
bool report_pictures(const struct report *r);
/* One picture for each metric whose boots are blocks: a line for each block. */
struct picture *report_blocks(const struct report *r, size_t *count);

/* Style and script of the page: whole elements. */
extern const char report_style[], report_script[];

#endif
