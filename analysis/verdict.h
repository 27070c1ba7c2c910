/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be said of each metric of two results: the list that tables, letters and reports print.
 */
#ifndef RMAPBENCH_VERDICT_H
#define RMAPBENCH_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/load.h"
#include "analysis/match.h"
#include "analysis/notes.h"
#include "analysis/statistics.h"

enum verdict {
	BETTER,	      /* the adjusted p is at most .05, in the good direction */
	WORSE,	      /* the same, in the bad direction */
	NO_CHANGE,    /* neither, and the whole interval lies inside the margin */
	INCONCLUSIVE, /* none of these: more boots are needed */
	NO_INTERVAL,  /* one boot a side: a ratio, no more */
	IDENTICAL,    /* exact figures, without noise */
	DIFFERENT,
};

/* "no-change"... */
const char *verdict_name(enum verdict v);

/* How a process's samples become one number. */
enum statistic {
	MEDIAN, /* of the operations */
	P99,	/* 99th percentile of the operations; latency with 100 samples a process or more */
	TOTAL,	/* all work over all time */
	SLAB_COUNT /* no process: a count at a hold point */
};

const char *statistic_name(enum statistic s);

/* The figures of a slab count, which are never mixed. */
enum slab_figure {
	SLAB_OBJECTS,
	SLAB_OBJECT_BYTES, /* objects x object_size */
	SLAB_SLOT_BYTES,   /* objects x slab_size, a slot with its padding and metadata */
	SLAB_PAGE_BYTES,   /* whole slabs: depends on what ran before */
};

enum { SLAB_FIGURES = SLAB_PAGE_BYTES + 1 };

/* One line of a table. Strings belong to the results; `machine` and `how` too. */
struct row {
	const char *how;
	const char *machine; /* NULL: all there are; several machines: NULL is their combination */
	const char *workload, *params, *metric, *unit;
	enum kind kind;
	enum statistic statistic;
	bool lower_is_better;
	bool primary; /* named beforehand */
	bool exact;   /* the figure repeats without noise */
	/* Slab counts: an example of either side; NULL in all other rows. */
	const struct slab_count *slab_base, *slab_new;
	enum slab_figure figure;
	struct estimate
		e; /* exact: base, new, ratio (NAN where base is 0) and the numbers of boots */
	double p_adjusted; /* Holm among the primary, Benjamini-Hochberg among the others; or NAN */
	enum verdict verdict;
};

struct comparison {
	const struct results *base, *new;
	double margin;	  /* a share */
	size_t pilot;	  /* as in the options */
	struct row *rows; /* by kind of figures, then workload, then metric, then params */
	size_t count;
	struct match match;
	struct notes notes;
};

struct compare_options {
	double margin; /* "no change" is within +- this share; .02 is 2% */
	size_t pilot;  /* blocks that decided how many there are (Stein's rule); 0: none did */
	/* Names of differences that do not matter (see comparable.h), ends with NULL; or NULL. */
	const char *const *accept;
};

/*
 * Compares what two results share: same workload, same parameters, same kind of figures. Returns
 * NULL with *why (the caller frees it) if they share nothing or must not be compared. The results
 * must outlive it.
 */
struct comparison *compare_results(const struct results *base, const struct results *new,
				   const struct compare_options *o, char **why);
void comparison_free(struct comparison *c);

/* Pure: the verdict on an estimate whose adjusted p is given. */
enum verdict judge(const struct estimate *e, double p_adjusted, bool lower_is_better,
		   double margin);

/*
 * True if a row says that new is worse by more than the margin excuses: `worse`, or `different` in
 * the bad direction, and not wholly inside the margin.
 */
bool is_regression(const struct row *r, double margin);

#endif
