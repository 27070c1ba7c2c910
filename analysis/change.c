// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The change from base to new against a parameter, with its interval: what two curves of a sweep on
 * logarithmic axes hide.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/drawing.h"
#include "analysis/params.h"
#include "analysis/verdict.h"

static const struct row *find_row(const struct comparison *c, const struct drawing *d,
				  const struct group *g, const char *params)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct row *r = &c->rows[i];

		if (!r->slab_base && !r->machine && r->statistic != P99 &&
		    !strcmp(r->how, d->how) && !strcmp(r->workload, g->workload) &&
		    !strcmp(r->metric, g->metric) && !strcmp(r->params, params) &&
		    !isnan(r->e.ratio))
			return r;
	}
	return NULL;
}

static double percent(double ratio)
{
	return (ratio - 1) * 100;
}

/* Writes the points of one comparison as data block `series`; returns how many. */
static size_t put_points(struct script *s, const struct drawing *d, const struct comparison *c,
			 size_t series, const struct group *g, const char *name, const char *rest,
			 struct range *x)
{
	size_t points = 0;

	fprintf(s->to_settings, "$s%zu << EOD\n", series);
	for (size_t i = 0; i < g->params_count; i++) {
		char *others = params_without(g->params[i], name);
		const struct row *r = strcmp(others, rest) ? NULL : find_row(c, d, g, g->params[i]);
		long at;

		free(others);
		if (!r || !params_get(g->params[i], name, &at))
			continue;
		fprintf(s->to_settings, "%ld %.15g %.15g %.15g\n", at, percent(r->e.ratio),
			percent(isnan(r->e.low) ? r->e.ratio : r->e.low),
			percent(isnan(r->e.high) ? r->e.ratio : r->e.high));
		range_widen(x, at);
		points++;
	}
	fprintf(s->to_settings, "EOD\n");
	return points;
}

static void put_curve(struct script *s, const struct comparison *c, size_t series)
{
	const struct stratum *st = &c->match.strata[0];
	char *title = xasprintf("%s, n=%zu %s", c->new->label,
				st->base_count < st->new_count ? st->base_count : st->new_count,
				st->paired ? "blocks" : "boots, unpaired");
	char *what = xasprintf("$s%zu using 1:2 with linespoints ls %zu", series, series % 6 + 2);

	script_curve(s->to_plot, what, title);
	free(what);
	what = xasprintf(
		"$s%zu using 1:3:(0):($4-$3) with vectors heads size screen .006,90 ls %zu dt 1",
		series, series % 6 + 2);
	script_curve(s->to_plot, what, NULL);
	free(what);
	what = xasprintf("$s%zu using 1:2 with linespoints pt '%c'", series, "o*+x#@"[series % 6]);
	script_curve(s->to_ascii, what, title);
	free(what);
	free(title);
}

void draw_change(struct drawing *d, const struct group *g, const char *name, const char *rest)
{
	struct range x = no_range;
	struct script s;
	char *label, *tail;
	bool any = false;

	script_open(&s);
	for (size_t i = 0; i < d->comparison_count; i++) {
		if (!put_points(&s, d, d->comparisons[i], i, g, name, rest, &x))
			continue;
		put_curve(&s, d->comparisons[i], i);
		any = true;
	}
	if (!any || x.low >= x.high) {
		script_drop(&s);
		return;
	}
	label = xasprintf("change from %s in %% (bars: 95%%)", d->results[0]->label);
	script_label(&s, "x", name);
	script_label(&s, "y", label);
	script_parameter_axis(&s, &x);
	fprintf(s.to_settings, "set yrange [*<0:0<*]\n");
	fprintf(s.to_settings, "set xzeroaxis lt 1 lc rgb '#606060' lw 1.5\n");
	tail = xasprintf("%s.change-by-%s%s%s", g->metric, name, *rest ? "." : "", rest);
	drawing_add(d, &s, g->workload, xasprintf("%s: %s, change in %%", g->workload, g->metric),
		    rest, tail, false);
	free(tail);
	free(label);
}
