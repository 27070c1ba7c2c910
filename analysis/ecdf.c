// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The share of operations that took no longer.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/drawing.h"
#include "analysis/statistics.h"

/* Curves are thinned to so many points, and end at this share of the operations. */
enum { ECDF_POINTS = 400 };
static const double ecdf_end = .995;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* All operations of a result's boots, sorted. The caller frees. */
static double *operations(const struct drawing *d, const struct results *r, const struct group *g,
			  const char *params, size_t *count, size_t *boots)
{
	double *all = NULL;

	*count = *boots = 0;
	for (size_t i = 0; i < r->boot_count; i++) {
		const struct measurement *m =
			drawing_counts(d, &r->boots[i])
				? boot_measurement(&r->boots[i], g->workload, params, g->metric)
				: NULL;

		*boots += m != NULL;
		for (size_t k = 0; m && k < m->process_count; k++) {
			const struct values *v = &m->processes[k];

			all = xrealloc(all, *count + v->count, sizeof(*all));
			memcpy(all + *count, v->value, v->count * sizeof(*all));
			*count += v->count;
		}
	}
	if (*count)
		qsort(all, *count, sizeof(*all), by_value);
	return all;
}

static void put_ecdf(struct script *s, size_t series, const double *sorted, size_t count,
		     double divisor)
{
	size_t points = count < ECDF_POINTS ? count : ECDF_POINTS;

	fprintf(s->to_settings, "$s%zu << EOD\n", series);
	for (size_t i = 0; i < points; i++) {
		double share = points > 1 ? (double)i / (points - 1) : 1;

		fprintf(s->to_settings, "%.15g %.6f\n",
			quantile_sorted(sorted, count, share) / divisor, share);
	}
	fprintf(s->to_settings, "EOD\n");
}

void draw_ecdf(struct drawing *d, const struct group *g, const char *params, bool main)
{
	double **sorted = xcalloc(d->count, sizeof(*sorted));
	size_t *count = xcalloc(d->count, sizeof(*count)),
	       *boots = xcalloc(d->count, sizeof(*boots));
	struct range x = no_range;
	struct script s;
	struct scale scale;
	char *unit, *label, *tail;

	for (size_t i = 0; i < d->count; i++) {
		sorted[i] = operations(d, d->results[i], g, params, &count[i], &boots[i]);
		if (count[i]) {
			range_widen(&x, sorted[i][0]);
			range_widen(&x, quantile_sorted(sorted[i], count[i], ecdf_end));
		}
	}
	script_open(&s);
	scale = scale_for(g->unit, x.low);
	unit = unit_label(g, &scale);
	label = xasprintf("%s (axis ends at %g%% of operations)", unit, ecdf_end * 100);
	script_label(&s, "x", label);
	script_label(&s, "y", "share of operations");
	fprintf(s.to_settings, "set yrange [0:1]\n");
	if (range_is_logarithmic(&x))
		fprintf(s.to_settings, "set logscale x 10\n");
	if (x.high > x.low)
		fprintf(s.to_settings, "set xrange [%.15g:%.15g]\n", x.low / scale.divisor,
			x.high / scale.divisor);
	for (size_t i = 0; i < d->count; i++) {
		char *title, *what;

		if (!count[i])
			continue;
		put_ecdf(&s, i, sorted[i], count[i], scale.divisor);
		title = xasprintf("%s, n=%zu boot%s, %zu operations", d->results[i]->label,
				  boots[i], boots[i] == 1 ? "" : "s", count[i]);
		what = xasprintf("$s%zu using 1:2 with linespoints ls %zu dt 1 pointinterval 50", i,
				 i % 6 + 1);
		script_curve(s.to_plot, what, title);
		free(what);
		what = xasprintf("$s%zu using 1:2 with points pt '%c'", i, "*o+x#@"[i % 6]);
		script_curve(s.to_ascii, what, title);
		free(what);
		free(title);
	}
	tail = xasprintf("%s.ecdf%s%s", g->metric, *params ? "." : "", params);
	drawing_add(d, &s, g->workload,
		    xasprintf("%s: %s, distribution of operations", g->workload, g->metric), params,
		    tail, main);
	free(tail);
	free(label);
	free(unit);
	for (size_t i = 0; i < d->count; i++)
		free(sorted[i]);
	free(sorted);
	free(count);
	free(boots);
}
