// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/objects.h"
#include "analysis/params.h"
#include "analysis/units.h"

const struct format *format_named(const char *name)
{
	const struct format *const all[] = { &format_text, &format_markdown, &format_json };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strcmp(all[i]->name, name))
			return all[i];
	}
	return NULL;
}

const char *const table_legend[] = {
	"change: new / base - 1 in percent, of geometric means over boots",
	"95%: interval of the change; sdc%: smallest change that this many boots would show in 4 "
	"of 5 "
	"tries",
	"n: boots a side (pairs where paired)",
	"better, worse: p <= .05, adjusted for the number of metrics; no-change: the whole "
	"interval is "
	"inside the margin",
	"slab bytes: for the largest parameters; --format json has all",
	NULL,
};

/* --------------------------------------------------------------- sections */

static bool is_slab(const struct row *r)
{
	return r->slab_base != NULL;
}

static bool same_workload(const struct row *a, const struct row *b)
{
	return !strcmp(a->how, b->how) && !strcmp(a->workload, b->workload) &&
	       is_slab(a) == is_slab(b);
}

static bool same_section(const struct row *a, const struct row *b)
{
	return same_workload(a, b) && !strcmp(a->metric, b->metric) &&
	       a->statistic == b->statistic && a->figure == b->figure &&
	       (!is_slab(a) || !strcmp(a->slab_base->point, b->slab_base->point));
}

/* Brings the smallest value of a section near 1. */
static struct scale section_scale(const struct row *rows, size_t count)
{
	double smallest = INFINITY;

	for (size_t i = 0; i < count; i++) {
		const double both[] = { fabs(rows[i].e.base), fabs(rows[i].e.new) };

		for (int k = 0; k < 2; k++) {
			if (both[k] > 0)
				smallest = fmin(smallest, both[k]);
		}
	}
	return scale_for(rows->unit, smallest);
}

static char *heading_of(const struct row *r, const struct scale *scale)
{
	const char *unit = scale->unit ? scale->unit : r->unit;
	const char *better = r->lower_is_better ? "" : ", higher is better";

	if (is_slab(r)) {
		return xasprintf("%s %s, %s%s%s", r->metric, r->slab_base->point,
				 r->figure == SLAB_OBJECTS ? "" : slab_figure_name(r->figure),
				 r->figure == SLAB_OBJECTS ? "" : ", ", unit);
	}
	return xasprintf("%s, %s%s%s%s%s%s", r->metric, scale->prefix, unit,
			 r->statistic == P99 ? ", p99" : "",
			 r->kind == KIND_PATH_LENGTH ? ", path length" : "", better,
			 r->primary ? ", primary" : "");
}

/* Tables for people leave out what says nothing: nothing grew, or byte figures before the peak. */
static bool is_shown(const struct row *rows, size_t count)
{
	if (!is_slab(rows))
		return true;
	if (rows->figure != SLAB_OBJECTS && strcmp(rows->slab_base->point, "held"))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].e.base || rows[i].e.new)
			return true;
	}
	return false;
}

/* Parameters that are the same in all rows of the workload of row `first`. */
static char *common_params(const struct comparison *c, size_t first)
{
	const char **lines = NULL;
	size_t count = 0;
	char *common;

	for (size_t i = first; i < c->count && same_workload(&c->rows[first], &c->rows[i]); i++) {
		array_grow(lines, count);
		lines[count++] = c->rows[i].params;
	}
	common = params_part(lines[0], lines, count, true);
	free(lines);
	return common;
}

struct section *sections_of(const struct comparison *c, size_t *count)
{
	struct section *sections = NULL;
	const struct row *previous = NULL;
	size_t n = 0, workload = 0;

	for (size_t first = 0, last; first < c->count; first = last) {
		const struct row *r = &c->rows[first];
		struct section s = { .first = first };
		struct scale scale;

		if (!first || !same_workload(r, &c->rows[first - 1]))
			workload = first;
		for (last = first; last < c->count && same_section(r, &c->rows[last]); last++)
			;
		if (!is_shown(r, last - first))
			continue;
		if (r->figure != SLAB_OBJECTS)
			first = s.first = last - 1; /* bytes: for the largest parameters */
		s.last = last;
		s.new_how = !previous || strcmp(previous->how, r->how);
		s.new_workload = !previous || !same_workload(previous, r);
		s.common = common_params(c, workload);
		scale = section_scale(r, last - first);
		s.heading = heading_of(r, &scale);
		s.scale = scale.divisor;
		previous = r;
		array_grow(sections, n);
		sections[n++] = s;
	}
	*count = n;
	return sections;
}

void sections_free(struct section *s, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(s[i].common);
		free(s[i].heading);
	}
	free(s);
}

char *row_name(const struct row *r)
{
	if (is_slab(r)) {
		return xasprintf("%s %s %s", r->metric, r->slab_base->point,
				 slab_figure_name(r->figure));
	}
	return xasprintf("%s%s", r->metric, r->statistic == P99 ? " p99" : "");
}

/* ------------------------------------------------------------------ cells */

static void put_value(char *to, size_t size, double v, bool whole)
{
	double a = fabs(v);

	if (isnan(v))
		snprintf(to, size, "-");
	else if (whole && fabs(a - rint(a)) <= 1e-9 * a && a < 1e8)
		snprintf(to, size, "%.0f", v);
	else if (a >= 1e8)
		snprintf(to, size, "%.3g", v);
	else
		snprintf(to, size, "%.*f", a < 9.9995 ? 3 : a < 99.995 ? 2 : a < 999.95 ? 1 : 0, v);
}

/* A ratio as a change in percent, in at most 6 characters. */
static void put_change(char *to, size_t size, double ratio, int digits)
{
	double percent = (ratio - 1) * 100, a = fabs(percent);

	if (isnan(ratio))
		snprintf(to, size, "-");
	else if (a < 9.995)
		snprintf(to, size, "%+.*f", digits, percent);
	else if (a < 999.5)
		snprintf(to, size, "%+.*f", a < 99.95 ? 1 : 0, percent);
	else if (a < 99999.5)
		snprintf(to, size, "%+.0f", percent);
	else
		snprintf(to, size, "%+.0e", percent);
}

/* "children=8 @2": what tells this row from the others of its section. */
static void put_name(struct cells *cells, const struct comparison *c, const struct section *s,
		     const struct row *r)
{
	char *part = params_part(r->params, (const char *const[]){ s->common }, 1, false);
	size_t machine = 0;

	if (r->machine) {
		while (machine < c->match.count &&
		       (!c->match.strata[machine].machine ||
			strcmp(c->match.strata[machine].how, r->how) ||
			strcmp(c->match.strata[machine].machine, r->machine)))
			machine++;
		snprintf(cells->name, sizeof(cells->name), "%s%s@%zu", part, *part ? " " : "",
			 machine + 1);
	} else {
		snprintf(cells->name, sizeof(cells->name), "%s", part);
	}
	free(part);
}

struct cells row_cells(const struct comparison *c, const struct section *s, const struct row *r)
{
	const struct estimate *e = &r->e;
	struct cells cells = { .verdict = verdict_name(r->verdict) };

	put_name(&cells, c, s, r);
	put_value(cells.base, sizeof(cells.base), e->base / s->scale, s->scale == 1);
	put_value(cells.new, sizeof(cells.new), e->new / s->scale, s->scale == 1);
	put_change(cells.change, sizeof(cells.change), e->ratio, r->exact ? 3 : 2);
	put_change(cells.low, sizeof(cells.low), e->low, 1);
	put_change(cells.high, sizeof(cells.high), e->high, 1);
	if (r->exact)
		snprintf(cells.low, sizeof(cells.low), "exact");
	if (isnan(e->smallest))
		snprintf(cells.smallest, sizeof(cells.smallest), "-");
	else
		snprintf(cells.smallest, sizeof(cells.smallest), "%.*f",
			 e->smallest < .9995 ? 1 : 0, e->smallest * 100);
	if (e->n_base == e->n_new)
		snprintf(cells.boots, sizeof(cells.boots), "%zu", e->n_base);
	else
		snprintf(cells.boots, sizeof(cells.boots), "%zu/%zu", e->n_base, e->n_new);
	return cells;
}

/* --------------------------------------------------------------- summaries */

static void append(char **text, const char *more)
{
	char *longer = xasprintf("%s%s%s", *text, **text ? ", " : "", more);

	free(*text);
	*text = longer;
}

char *verdict_summary(const struct comparison *c)
{
	size_t count[DIFFERENT + 1] = { 0 };
	char *summary = xstrdup("");

	for (size_t i = 0; i < c->count; i++)
		count[c->rows[i].verdict]++;
	for (int v = 0; v <= DIFFERENT; v++) {
		char *part = xasprintf("%zu %s", count[v], verdict_name(v));

		if (count[v])
			append(&summary, part);
		free(part);
	}
	return summary;
}

char *side_summary(const struct results *r)
{
	size_t failed = results_failed(r);
	const char *release = NULL;
	char *lost, *summary;

	for (size_t i = 0; i < r->boot_count && !release; i++)
		release = json_string_value(
			json_object_get(json_object_get(r->boots[i].run, "kernel"), "release"));
	lost = failed ? xasprintf(", %zu failed", failed) : xstrdup("");
	summary = xasprintf("%s (%s), %zu boot%s%s", r->label, release ? release : "unknown kernel",
			    r->boot_count, r->boot_count == 1 ? "" : "s", lost);
	free(lost);
	return summary;
}

char *how_summary(const struct comparison *c, const char *how)
{
	char *summary = xstrdup(how);

	for (size_t i = 0; i < c->match.count; i++) {
		const struct stratum *s = &c->match.strata[i];
		char *part, *boots;

		if (strcmp(s->how, how))
			continue;
		if (s->paired)
			boots = xasprintf("%zu paired block%s", s->base_count,
					  s->base_count == 1 ? "" : "s");
		else
			boots = xasprintf("unpaired, %zu and %zu boots", s->base_count,
					  s->new_count);
		part = xasprintf("%s\n@%zu %s: %s", summary, i + 1,
				 s->machine ? s->machine : "different machines", boots);
		free(boots);
		free(summary);
		summary = part;
	}
	return summary;
}
