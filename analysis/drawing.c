// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/drawing.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* Axes that span more than this factor are logarithmic. */
static const double log_span = 16;

bool drawing_counts(const struct drawing *d, const struct boot *b)
{
	return b->how && !strcmp(b->how, d->how);
}

void script_open(struct script *s)
{
	s->to_settings = open_memstream(&s->settings, &s->sizes[0]);
	s->to_plot = open_memstream(&s->plot, &s->sizes[1]);
	s->to_ascii = open_memstream(&s->ascii, &s->sizes[2]);
	if (!s->to_settings || !s->to_plot || !s->to_ascii)
		abort(); /* out of memory */
}

static void script_close(struct script *s)
{
	fclose(s->to_settings);
	fclose(s->to_plot);
	fclose(s->to_ascii);
}

void script_drop(struct script *s)
{
	script_close(s);
	free(s->settings);
	free(s->plot);
	free(s->ascii);
}

void script_curve(FILE *to, const char *what, const char *title)
{
	fprintf(to, "%s%s", ftell(to) ? ", " : "plot ", what);
	if (title) {
		char *quoted = gnuplot_quote(title);

		fprintf(to, " title %s", quoted);
		free(quoted);
	} else {
		fprintf(to, " notitle");
	}
}

void script_label(struct script *s, const char *axis, const char *text)
{
	char *quoted = gnuplot_quote(text);

	fprintf(s->to_settings, "set %slabel %s\n", axis, quoted);
	free(quoted);
}

const struct range no_range = { INFINITY, -INFINITY };

void range_widen(struct range *r, double v)
{
	if (isnan(v))
		return;
	r->low = fmin(r->low, v);
	r->high = fmax(r->high, v);
}

bool range_is_logarithmic(const struct range *r)
{
	return r->low > 0 && r->high / r->low > log_span;
}

void script_parameter_axis(struct script *s, const struct range *x)
{
	if (range_is_logarithmic(x))
		fprintf(s->to_settings, "set logscale x 2\nset xrange [%.15g:%.15g]\n",
			x->low / 1.2, x->high * 1.2);
	else
		fprintf(s->to_settings, "set offsets graph .05, graph .05, 0, 0\n");
}

char *unit_label(const struct group *g, const struct scale *scale)
{
	return xasprintf("%s%s", scale->prefix, scale->unit ? scale->unit : g->unit);
}

/* Moves the script into a picture. `tail` tells the file from others of the same metric. */
void drawing_add(struct drawing *d, struct script *s, const char *workload, char *title,
		 const char *params, const char *tail, bool main)
{
	struct picture p = { .workload = xstrdup(workload), .title = title, .main = main };

	script_close(s);
	p.settings = s->settings;
	p.plot = s->plot;
	p.plot_ascii = s->ascii;
	p.subtitle = xasprintf("%s%s%s", params, *params ? "\n" : "", d->how);
	p.name = xasprintf("%s.%s%s%s", workload, tail, d->only_how ? "" : ".",
			   d->only_how ? "" : d->how);
	for (char *c = p.name; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			*c = '-';
	}
	array_grow(d->pictures, d->picture_count);
	d->pictures[d->picture_count++] = p;
}
