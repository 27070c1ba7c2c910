// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A metric, or live slab objects, against a parameter.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/boot_estimate.h"
#include "analysis/drawing.h"
#include "analysis/params.h"
#include "analysis/statistics.h"

static double boot_value(const struct boot *b, const struct group *g, const char *params)
{
	const struct measurement *m;
	const struct slab_count *s;

	if (g->cache) {
		s = boot_slab(b, g->workload, params, "held", g->cache);
		return s ? s->delta : NAN;
	}
	m = boot_measurement(b, g->workload, params, g->metric);
	return m ? boot_estimate(m).typical : NAN;
}

/* The values of a result's boots. The caller frees. */
static double *boot_values(const struct drawing *d, const struct results *r, const struct group *g,
			   const char *params, size_t *count)
{
	double *v = xcalloc(r->boot_count, sizeof(*v));

	*count = 0;
	for (size_t i = 0; i < r->boot_count; i++) {
		double value =
			drawing_counts(d, &r->boots[i]) ? boot_value(&r->boots[i], g, params) : NAN;

		if (!isnan(value))
			v[(*count)++] = value;
	}
	return v;
}

/* What mainline's closed form says, from any boot that recorded it; or NAN. */
static double model_value(const struct drawing *d, const struct group *g, const char *params)
{
	for (size_t i = 0; g->cache && i < d->count; i++) {
		const struct results *r = d->results[i];

		for (size_t k = 0; k < r->boot_count; k++) {
			const struct slab_count *s =
				boot_slab(&r->boots[k], g->workload, params, "held", g->cache);

			if (s && !isnan(s->model))
				return s->model;
		}
	}
	return NAN;
}

static char *boots_label(const struct results *r, size_t fewest, size_t most)
{
	if (fewest == most)
		return xasprintf("%s, n=%zu boot%s", r->label, most, most == 1 ? "" : "s");
	return xasprintf("%s, n=%zu..%zu boots", r->label, fewest, most);
}

struct point {
	double x, model;
	struct center y;
	size_t boots;
};

/* One result's points of a sweep over `name`, the other parameters being `rest`. The caller frees.
 */
static struct point *sweep_points(const struct drawing *d, const struct results *r,
				  const struct group *g, const char *name, const char *rest,
				  size_t *count)
{
	struct point *points = xcalloc(g->params_count, sizeof(*points));

	*count = 0;
	for (size_t i = 0; i < g->params_count; i++) {
		char *others = params_without(g->params[i], name);
		size_t boots;
		double *v = boot_values(d, r, g, g->params[i], &boots);
		long x;

		if (boots && !strcmp(others, rest) && params_get(g->params[i], name, &x)) {
			points[(*count)++] = (struct point){ x, model_value(d, g, g->params[i]),
							     center_of(v, boots), boots };
		}
		free(v);
		free(others);
	}
	return points;
}

static void put_points(struct script *s, size_t series, const struct point *p, size_t count,
		       double divisor)
{
	fprintf(s->to_settings, "$s%zu << EOD\n", series);
	for (size_t i = 0; i < count; i++) {
		double low = isnan(p[i].y.low) ? p[i].y.value : p[i].y.low;
		double high = isnan(p[i].y.high) ? p[i].y.value : p[i].y.high;

		fprintf(s->to_settings, "%.15g %.15g %.15g %.15g\n", p[i].x, p[i].y.value / divisor,
			low / divisor, high / divisor);
	}
	fprintf(s->to_settings, "EOD\n");
}

static void put_model(struct script *s, const struct point *p, size_t count, double divisor)
{
	bool any = false;

	for (size_t i = 0; i < count; i++)
		any = any || !isnan(p[i].model);
	if (!any)
		return;
	fprintf(s->to_settings, "$model << EOD\n");
	for (size_t i = 0; i < count; i++) {
		if (!isnan(p[i].model))
			fprintf(s->to_settings, "%.15g %.15g\n", p[i].x, p[i].model / divisor);
	}
	fprintf(s->to_settings, "EOD\n");
	script_curve(s->to_plot, "$model using 1:2 with points ls 9", "mainline's object model");
}

static void put_series(struct script *s, size_t i, const struct results *r, const struct point *p,
		       size_t count)
{
	size_t fewest = p[0].boots, most = p[0].boots;
	char *title, *what;

	for (size_t k = 0; k < count; k++) {
		fewest = p[k].boots < fewest ? p[k].boots : fewest;
		most = p[k].boots > most ? p[k].boots : most;
	}
	title = boots_label(r, fewest, most);
	what = xasprintf("$s%zu using 1:2 with linespoints ls %zu", i, i % 6 + 1);
	script_curve(s->to_plot, what, title);
	free(what);
	what = xasprintf("$s%zu using 1:2 with linespoints pt '%c'", i, "*o+x#@"[i % 6]);
	script_curve(s->to_ascii, what, title);
	free(what);
	if (most > 1) {
		what = xasprintf("$s%zu using 1:3:(0):($4-$3) with vectors heads size screen "
				 ".006,90 ls %zu dt 1",
				 i, i % 6 + 1);
		script_curve(s->to_plot, what, NULL);
		free(what);
	}
	free(title);
}

static void sweep(struct drawing *d, const struct group *g, const char *name, const char *rest)
{
	struct point **points = xcalloc(d->count, sizeof(*points));
	size_t *counts = xcalloc(d->count, sizeof(*counts)), longest = 0;
	struct range x = no_range, y = no_range;
	struct scale scale;
	struct script s;
	bool several = false;

	for (size_t i = 0; i < d->count; i++) {
		points[i] = sweep_points(d, d->results[i], g, name, rest, &counts[i]);
		longest = counts[i] > counts[longest] ? i : longest;
		for (size_t k = 0; k < counts[i]; k++) {
			range_widen(&x, points[i][k].x);
			range_widen(&y, points[i][k].y.value);
			several = several || points[i][k].boots > 1;
		}
	}
	script_open(&s);
	if (x.low < x.high) {
		char *unit, *label, *tail;

		scale = scale_for(g->unit, y.low > 0 ? y.low : y.high);
		unit = unit_label(g, &scale);
		y.low /= scale.divisor;
		y.high /= scale.divisor;
		script_label(&s, "x", name);
		label = xasprintf("%s%s", unit, several ? " (bars: 95% over boots)" : "");
		script_label(&s, "y", label);
		script_parameter_axis(&s, &x);
		fputs(range_is_logarithmic(&y) ? "set logscale y 10\n" : "set yrange [0:*]\n",
		      s.to_settings);
		for (size_t i = 0; i < d->count; i++) {
			if (!counts[i])
				continue;
			put_points(&s, i, points[i], counts[i], scale.divisor);
			put_series(&s, i, d->results[i], points[i], counts[i]);
		}
		if (g->cache)
			put_model(&s, points[longest], counts[longest], scale.divisor);
		tail = xasprintf("%s%s.by-%s%s%s", g->cache ? "slab-" : "", g->metric, name,
				 *rest ? "." : "", rest);
		drawing_add(d, &s, g->workload,
			    xasprintf("%s: %s%s, %s", g->workload, g->metric,
				      g->cache ? " while held" : "", unit),
			    rest, tail, true);
		free(tail);
		free(label);
		free(unit);
	} else {
		script_drop(&s);
	}
	for (size_t i = 0; i < d->count; i++)
		free(points[i]);
	free(points);
	free(counts);
}

/* All sweeps over one parameter: one for each setting of the others. */
void draw_sweeps(struct drawing *d, const struct group *g, const char *name)
{
	char **rests = NULL;
	size_t count = 0;

	for (size_t i = 0; i < g->params_count; i++) {
		char *rest = params_without(g->params[i], name);
		bool known = false;

		for (size_t k = 0; k < count; k++)
			known = known || !strcmp(rests[k], rest);
		if (known) {
			free(rest);
			continue;
		}
		array_grow(rests, count);
		rests[count++] = rest;
	}
	for (size_t k = 0; k < count; k++) {
		sweep(d, g, name, rests[k]);
		if (!g->cache)
			draw_change(d, g, name, rests[k]);
		free(rests[k]);
	}
	free(rests);
}
