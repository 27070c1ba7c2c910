/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kinds of pictures have in common. For pictures.c, sweep.c, ecdf.c and timeline.c.
 */
#ifndef RMAPBENCH_DRAWING_H
#define RMAPBENCH_DRAWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analysis/gnuplot.h"
#include "analysis/load.h"
#include "analysis/units.h"

struct comparison;

struct drawing {
	struct results *const *results;
	size_t count;
	struct comparison *
		*comparisons; /* of results[0] with each other one that can be compared */
	size_t comparison_count;
	const char *how;
	bool only_how; /* the results have no other kind of figures */
	struct picture *pictures;
	size_t picture_count;
};

/* A quantity that boots have for several sets of parameters. */
struct group {
	const char *workload, *metric, *unit;
	enum kind kind;
	const char *cache;   /* slab objects while held, of this cache; else NULL */
	const char **params; /* sorted, each once */
	size_t params_count;
};

/* True if a boot has figures of the kind that is being drawn. */
bool drawing_counts(const struct drawing *d, const struct boot *b);

/* Commands and curves, while they are being written. */
struct script {
	char *settings, *plot, *ascii;
	size_t sizes[3];
	FILE *to_settings, *to_plot, *to_ascii;
};

void script_open(struct script *s);
void script_drop(struct script *s);
/* Adds a curve to one of the plot commands; without a title it is not in the key. */
void script_curve(FILE *to, const char *what, const char *title);
void script_label(struct script *s, const char *axis, const char *text);

struct range {
	double low, high;
};

extern const struct range no_range;
void range_widen(struct range *r, double v);
bool range_is_logarithmic(const struct range *r);

/* The axis of a parameter, of which the range is given. */
void script_parameter_axis(struct script *s, const struct range *x);

/* The unit of a group in a scale; the caller frees. */
char *unit_label(const struct group *g, const struct scale *scale);

/* Makes the script a picture. Takes `title`. `tail` tells the file from others of the same
 * workload. */
void drawing_add(struct drawing *d, struct script *s, const char *workload, char *title,
		 const char *params, const char *tail, bool main);

/* The kinds of pictures, each in a file of its name. */
void draw_sweeps(struct drawing *d, const struct group *g, const char *param);
void draw_change(struct drawing *d, const struct group *g, const char *param, const char *rest);
void draw_ecdf(struct drawing *d, const struct group *g, const char *params, bool main);
void draw_timelines(struct drawing *d, bool (*wanted)(const char *only, const char *workload),
		    const char *only);

#endif
