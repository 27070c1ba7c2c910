/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a letter that says what a kernel change costs and saves. For letter*.c.
 */
#ifndef RMAPBENCH_LETTER_H
#define RMAPBENCH_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analysis/verdict.h"

/* LETTER_GROUP: kernels beside the base that fit in the columns of one table. */
enum { LETTER_COLUMNS = 75, LETTER_GROUP = 2 };

struct letter {
	FILE *to;
	struct results *const *results;	       /* [0] is the base */
	size_t count;			       /* of results, 2 at least */
	struct comparison *const *comparisons; /* [i] is of results[0] and results[i + 1] */
	bool full;			       /* all figures, not the ends of sweeps */
};

/* ------------------------------------------------------------------ layout */

/* A line underlined, after an empty one. */
void letter_heading(const struct letter *l, const char *text);
/*
 * Text wrapped at LETTER_COLUMNS, its first line after `first`, the others after `indent`. A word
 * that is longer than a line is broken.
 */
void letter_wrap(const struct letter *l, const char *first, const char *indent, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));
/*
 * A copy without blanks at ends of lines, in which all that is not printable ASCII (but for
 * newlines) is '?'. The caller frees.
 */
char *letter_ascii(const char *text);
/* "a" in at most `width` characters: what is too long ends with "~". */
const char *letter_fit(char *to, size_t size, const char *text, int width);

/* ------------------------------------------------------------- what rows say */

/*
 * 1: new is better than base, -1: worse, 0: neither is claimed. Exact figures that differ are
 * better or worse by their direction alone.
 */
int row_direction(const struct row *r);
/* "better", "worse", "same", "?" or "-": row_direction() and the rest of the verdicts. */
const char *row_word(const struct row *r);
/* Distance from no change, for sorting: |log ratio|, infinite where something came from nothing. */
double row_effect(const struct row *r);
/* "fork/wide last, children=256 vmas=16": the caller frees. */
char *row_title(const struct comparison *c, const struct row *r);
/* "-7.1% (95% -7.6 to -6.7, n=4)" or "-99.7% (5392 -> 16, exact)"; the caller frees. */
char *row_change(const struct comparison *c, const struct row *r);

/* ------------------------------------------------------------------- parts */

void letter_how(const struct letter *l);
void letter_headline(const struct letter *l);
void letter_objects(const struct letter *l);
void letter_slopes(const struct letter *l);
void letter_latency(const struct letter *l);
void letter_throughput(const struct letter *l);
void letter_counts(const struct letter *l);
void letter_better_and_worse(const struct letter *l);
void letter_missing(const struct letter *l);
/* False, with a message, if gnuplot fails. */
bool letter_plots(const struct letter *l);
/* `names` are the results as they were named on the command line. */
void letter_commands(const struct letter *l, char *const *names, const char *root);

#endif
