// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each block as a line from the base to the kernels beside it: do all pairs go the same way, and
 * how far did the machine itself move between blocks?
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/boot_estimate.h"
#include "analysis/drawing.h"
#include "analysis/report.h"

static double boot_value(const struct boot *b, const struct row *r)
{
	const struct measurement *m = boot_measurement(b, r->workload, r->params, r->metric);

	return m ? boot_estimate(m).typical : NAN;
}

/* The boot of a kernel in the same block as `base`, or NULL. */
static const struct boot *partner(const struct comparison *c, const struct row *r,
				  const struct boot *base)
{
	for (size_t i = 0; i < c->match.count; i++) {
		const struct stratum *s = &c->match.strata[i];

		for (size_t k = 0; s->paired && !strcmp(s->how, r->how) && k < s->base_count; k++) {
			if (s->base[k] == base)
				return s->new[k];
		}
	}
	return NULL;
}

/* Where all blocks are: of the base's boots that have a partner in the first comparison. */
static size_t put_blocks(const struct report *report, const struct row *r, double divisor,
			 struct script *s)
{
	const struct match *m = &report->comparisons[0]->match;
	size_t blocks = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct stratum *stratum = &m->strata[i];

		for (size_t k = 0;
		     stratum->paired && !strcmp(stratum->how, r->how) && k < stratum->base_count;
		     k++) {
			const struct boot *base = stratum->base[k];
			double first = boot_value(base, r);
			char *what;

			if (isnan(first))
				continue;
			fprintf(s->to_settings, "$b%zu << EOD\n0 %.15g\n", blocks, first / divisor);
			for (size_t n = 0; n + 1 < report->count; n++) {
				const struct boot *b = partner(report->comparisons[n], r, base);
				double v = b ? boot_value(b, r) : NAN;

				if (!isnan(v))
					fprintf(s->to_settings, "%zu %.15g\n", n + 1, v / divisor);
			}
			fprintf(s->to_settings, "EOD\n");
			what = xasprintf("$b%zu using 1:2 with linespoints ls 1 dt 1", blocks);
			script_curve(s->to_plot, what, NULL);
			free(what);
			blocks++;
		}
	}
	return blocks;
}

static void put_axis(const struct report *report, struct script *s)
{
	fprintf(s->to_settings, "set xrange [-.3:%zu.3]\nset xtics (", report->count - 1);
	for (size_t i = 0; i < report->count; i++) {
		char *label = gnuplot_quote(report->results[i]->label);

		fprintf(s->to_settings, "%s%s %zu", i ? ", " : "", label, i);
		free(label);
	}
	fprintf(s->to_settings, ")\nset offsets 0, 0, graph .1, graph .1\n");
}

static void draw(struct drawing *d, const struct report *report, const struct row *r)
{
	struct scale scale = scale_for(r->unit, fmin(r->e.base, r->e.new));
	const char *unit = scale.unit ? scale.unit : r->unit;
	struct script s;
	size_t blocks;
	char *label, *tail;

	script_open(&s);
	put_axis(report, &s);
	label = xasprintf("%s%s", scale.prefix, unit);
	script_label(&s, "y", label);
	free(label);
	blocks = put_blocks(report, r, scale.divisor, &s);
	if (blocks < 2) {
		script_drop(&s);
		return;
	}
	d->how = r->how;
	tail = xasprintf("%s.blocks.%s", r->metric, r->params);
	drawing_add(d, &s, r->workload,
		    xasprintf("%s: %s, %zu blocks, %s%s", r->workload, r->metric, blocks,
			      scale.prefix, unit),
		    r->params, tail, false);
	free(tail);
}

/* Exact figures have no spread to show; of a sweep the last parameters are drawn. */
static bool is_drawn(const struct comparison *c, size_t i)
{
	const struct row *r = &c->rows[i], *next = i + 1 < c->count ? r + 1 : NULL;

	if (r->slab_base || r->statistic == P99 || r->exact || r->machine || !r->e.paired ||
	    r->kind == KIND_COUNT)
		return false;
	return !next || strcmp(next->workload, r->workload) || strcmp(next->metric, r->metric) ||
	       strcmp(next->how, r->how) || next->statistic != r->statistic;
}

struct picture *report_blocks(const struct report *r, size_t *count)
{
	const struct comparison *c = r->comparisons[0];
	struct drawing d = { .results = r->results, .count = r->count };

	for (size_t i = 0; i < c->count; i++) {
		if (is_drawn(c, i))
			draw(&d, r, &c->rows[i]);
	}
	*count = d.picture_count;
	return d.pictures;
}
