// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many objects one more VMA, child or level costs: slopes of the counts over a sweep, for each
 * kernel and for mainline's closed form, which the workloads record beside their counts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/letter.h"
#include "analysis/params.h"

enum { NAME = 25, COLUMN = 11 };

/* One cache over one parameter, the others being `rest`. */
struct sweep {
	const char *how, *workload, *cache, *param, *rest;
	const char *const *params; /* lines of the sweep, by the parameter's value */
	size_t count;
};

struct slope {
	double value;  /* objects for one more, between the ends of the sweep; NAN if unknown */
	bool straight; /* the same between all points */
};

/* Objects while held: the mean over boots, or the model (NAN where none was recorded). */
static double objects_at(const struct results *r, const struct sweep *s, const char *params,
			 bool model)
{
	double sum = 0;
	size_t boots = 0;

	for (size_t i = 0; i < r->boot_count; i++) {
		const struct boot *b = &r->boots[i];
		const struct slab_count *c =
			b->how && !strcmp(b->how, s->how)
				? boot_slab(b, s->workload, params, "held", s->cache)
				: NULL;

		if (!c || (model && isnan(c->model)))
			continue;
		sum += model ? c->model : c->delta;
		boots++;
	}
	return boots ? sum / boots : NAN;
}

static double value_of(const char *params, const char *name)
{
	long v = 0;

	return params_get(params, name, &v) ? v : NAN;
}

static struct slope slope_of(const struct results *r, const struct sweep *s, bool model)
{
	double first_x = NAN, first_y = NAN, x = NAN, y = NAN, step = NAN;
	struct slope slope = { NAN, true };

	for (size_t i = 0; i < s->count; i++) {
		double new_x = value_of(s->params[i], s->param);
		double new_y = objects_at(r, s, s->params[i], model), now;

		if (isnan(new_y))
			continue;
		if (isnan(first_x)) {
			first_x = new_x;
			first_y = new_y;
		} else {
			now = (new_y - y) / (new_x - x);
			slope.straight =
				slope.straight &&
				(isnan(step) || fabs(now - step) <= 1e-6 * (1 + fabs(step)));
			step = now;
		}
		x = new_x;
		y = new_y;
	}
	if (x > first_x)
		slope.value = (y - first_y) / (x - first_x);
	return slope;
}

/* "VMA" for "vmas"; NULL for what does not count anything of the object model. */
static const char *one_of(const char *param)
{
	static const char *const words[][2] = {
		{ "vmas", "VMA" },	    { "children", "child" },
		{ "depth", "level" },	    { "generations", "generation" },
		{ "processes", "process" }, { "pages", "page" },
		{ "folios", "folio" },	    { "threads", "thread" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(words[i][0], param))
			return words[i][1];
	}
	return NULL;
}

static void put_slope(FILE *to, struct slope s)
{
	char text[24];

	if (isnan(s.value))
		snprintf(text, sizeof(text), "-");
	else
		snprintf(text, sizeof(text), "%.2f%s", s.value, s.straight ? "" : "*");
	fprintf(to, "%*s", COLUMN, text);
}

/* Slopes of one cache; false if there is nothing to say. */
static bool put_cache(const struct letter *l, const struct sweep *s, size_t first, size_t last,
		      bool *curved)
{
	struct slope all[LETTER_GROUP + 2], *model = &all[last - first + 1];
	bool any = false;

	all[0] = slope_of(l->results[0], s, false);
	*model = slope_of(l->results[0], s, true);
	for (size_t i = first; i < last; i++) {
		all[i - first + 1] = slope_of(l->results[i], s, false);
		if (isnan(model->value))
			*model = slope_of(l->results[i], s, true);
	}
	if (isnan(model->value) && !l->full)
		return false;
	for (struct slope *p = all; p <= model; p++)
		any = any || (!isnan(p->value) && p->value != 0);
	if (!any)
		return false;
	fprintf(l->to, "  %-*s", NAME - 2, s->cache);
	for (struct slope *p = all; p <= model; p++) {
		put_slope(l->to, *p);
		*curved = *curved || (!isnan(p->value) && !p->straight);
	}
	fputc('\n', l->to);
	return true;
}

/* ------------------------------------------------------------ which sweeps */

struct names {
	const char **all;
	size_t count;
};

static void add_name(struct names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++) {
		if (!strcmp(n->all[i], name))
			return;
	}
	array_grow(n->all, n->count);
	n->all[n->count++] = name;
}

static int by_params(const void *a, const void *b)
{
	return params_compare(*(const char *const *)a, *(const char *const *)b);
}

/* Parameters or caches of a workload's held counts in the base's boots of one kind. */
static struct names names_of(const struct results *r, const char *how, const char *workload,
			     bool caches)
{
	struct names n = { 0 };

	for (size_t i = 0; i < r->boot_count; i++) {
		const struct boot *b = &r->boots[i];

		for (size_t k = 0; b->how && !strcmp(b->how, how) && k < b->slab_count; k++) {
			const struct slab_count *s = &b->slabs[k];

			if (!strcmp(s->workload, workload) && !strcmp(s->point, "held"))
				add_name(&n, caches ? s->cache : s->params);
		}
	}
	if (n.count)
		qsort(n.all, n.count, sizeof(*n.all), by_params);
	return n;
}

/* The lines that differ from `like` in `param` alone. The caller frees .all. */
static struct names lines_of(const struct names *params, const char *like, const char *param)
{
	char *rest = params_without(like, param);
	struct names lines = { 0 };

	for (size_t i = 0; i < params->count; i++) {
		char *other = params_without(params->all[i], param);

		if (!strcmp(other, rest))
			add_name(&lines, params->all[i]);
		free(other);
	}
	free(rest);
	return lines;
}

/* The sweep over `param` with the most points; of equals, the one with the largest others. */
static struct names longest_sweep(const struct names *params, const char *param)
{
	struct names best = { 0 };

	for (size_t i = 0; i < params->count; i++) {
		struct names lines = lines_of(params, params->all[i], param);

		if (lines.count >= best.count) {
			free(best.all);
			best = lines;
		} else {
			free(lines.all);
		}
	}
	return best;
}

struct part {
	const struct letter *l;
	size_t first, last; /* kernels of the group */
	const char *how;
	size_t sweeps;
	bool curved;
};

static void put_sweep(struct part *p, const char *workload, const char *param,
		      const struct names *lines, const struct names *caches)
{
	char *rest = params_without(lines->all[0], param), *text = NULL, *body;
	struct letter copy = *p->l;
	size_t size = 0;
	bool any = false;

	copy.to = open_memstream(&text, &size);
	if (!copy.to)
		abort(); /* out of memory */
	for (size_t i = 0; i < caches->count; i++) {
		struct sweep s = { p->how, workload,   caches->all[i], param,
				   rest,   lines->all, lines->count };

		any |= put_cache(&copy, &s, p->first, p->last, &p->curved);
	}
	fclose(copy.to);
	if (any) {
		body = xasprintf("%s, per %s (%s %.0f to %.0f%s%s)", workload, one_of(param), param,
				 value_of(lines->all[0], param),
				 value_of(lines->all[lines->count - 1], param), *rest ? ", " : "",
				 rest);
		letter_wrap(p->l, "", "    ", "%s", body);
		fputs(text, p->l->to);
		free(body);
		p->sweeps++;
	}
	free(text);
	free(rest);
}

static void put_workload(struct part *p, const char *workload)
{
	struct names params = names_of(p->l->results[0], p->how, workload, false);
	struct names caches = names_of(p->l->results[0], p->how, workload, true);
	char **names = params_names(params.all[0]);

	for (size_t i = 0; names[i]; i++) {
		struct names lines = longest_sweep(&params, names[i]);

		if (lines.count > 1 && one_of(names[i]))
			put_sweep(p, workload, names[i], &lines, &caches);
		free(lines.all);
		free(names[i]);
	}
	free(names);
	free(params.all);
	free(caches.all);
}

static struct names workloads_of(const struct results *r, const char *how)
{
	struct names n = { 0 };

	for (size_t i = 0; i < r->boot_count; i++) {
		const struct boot *b = &r->boots[i];

		for (size_t k = 0; b->how && !strcmp(b->how, how) && k < b->slab_count; k++) {
			if (!strcmp(b->slabs[k].point, "held"))
				add_name(&n, b->slabs[k].workload);
		}
	}
	return n;
}

static void put_group(const struct letter *l, size_t first, size_t last, const char *how)
{
	struct part p = { l, first, last, how, 0, false };
	struct names workloads = workloads_of(l->results[0], how);
	struct letter copy = *l;
	char *text = NULL, fit[16];
	size_t size = 0;

	copy.to = open_memstream(&text, &size);
	if (!copy.to)
		abort(); /* out of memory */
	p.l = &copy;
	for (size_t i = 0; i < workloads.count; i++)
		put_workload(&p, workloads.all[i]);
	fclose(copy.to);
	if (p.sweeps) {
		letter_heading(l, "Object model: growth for each one more");
		letter_wrap(
			l, "", "",
			"Objects between the ends of a sweep, divided by its length; model: the "
			"closed form that mainline follows (%s).",
			how);
		fprintf(l->to, "\n%-*s%*s", NAME, "", COLUMN,
			letter_fit(fit, sizeof(fit), l->results[0]->label, COLUMN - 1));
		for (size_t i = first; i < last; i++)
			fprintf(l->to, "%*s", COLUMN,
				letter_fit(fit, sizeof(fit), l->results[i]->label, COLUMN - 1));
		fprintf(l->to, "%*s\n%s", COLUMN, "model", text);
		if (p.curved)
			letter_wrap(l, "", "", "* no straight line: the mean slope of the sweep");
	}
	free(text);
	free(workloads.all);
}

void letter_slopes(const struct letter *l)
{
	const struct match *m = &l->comparisons[0]->match;
	struct names hows = { 0 };

	for (size_t i = 0; i < m->count; i++)
		add_name(&hows, m->strata[i].how);
	for (size_t h = 0; h < hows.count; h++) {
		for (size_t i = 1; i < l->count; i += LETTER_GROUP) {
			size_t last = i + LETTER_GROUP < l->count ? i + LETTER_GROUP : l->count;

			put_group(l, i, last, hows.all[h]);
		}
	}
	free(hows.all);
}
