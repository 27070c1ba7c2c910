// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/pictures.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error.h"
#include "analysis/drawing.h"
#include "analysis/params.h"
#include "analysis/verdict.h"

static int by_params(const void *a, const void *b)
{
	return params_compare(*(const char *const *)a, *(const char *const *)b);
}

static void add_to_group(struct group **groups, size_t *count, const struct group *like,
			 const char *params)
{
	struct group *g = NULL;

	for (size_t i = 0; i < *count && !g; i++) {
		struct group *other = &(*groups)[i];

		if (!strcmp(other->workload, like->workload) &&
		    !strcmp(other->metric, like->metric) && !other->cache == !like->cache)
			g = other;
	}
	if (!g) {
		array_grow(*groups, *count);
		g = &(*groups)[(*count)++];
		*g = *like;
	}
	for (size_t i = 0; i < g->params_count; i++) {
		if (!strcmp(g->params[i], params))
			return;
	}
	array_grow(g->params, g->params_count);
	g->params[g->params_count++] = params;
}

static bool wanted(const char *only, const char *workload)
{
	return !only || !fnmatch(only, workload, 0);
}

static void add_boot(struct group **groups, size_t *count, const struct boot *b, const char *only)
{
	for (size_t i = 0; i < b->measurement_count; i++) {
		const struct measurement *m = &b->measurements[i];
		struct group g = { m->workload, m->metric, m->unit, m->kind, NULL, NULL, 0 };

		if (wanted(only, m->workload))
			add_to_group(groups, count, &g, m->params);
	}
	for (size_t i = 0; i < b->slab_count; i++) {
		const struct slab_count *s = &b->slabs[i];
		struct group g = {
			s->workload, s->cache, "objects", KIND_COUNT, s->cache, NULL, 0
		};

		if (wanted(only, s->workload) && !strcmp(s->point, "held"))
			add_to_group(groups, count, &g, s->params);
	}
}

static struct group *groups_of(const struct drawing *d, const char *only, size_t *count)
{
	struct group *groups = NULL;

	*count = 0;
	for (size_t i = 0; i < d->count; i++) {
		for (size_t k = 0; k < d->results[i]->boot_count; k++) {
			if (drawing_counts(d, &d->results[i]->boots[k]))
				add_boot(&groups, count, &d->results[i]->boots[k], only);
		}
	}
	for (size_t i = 0; i < *count; i++)
		qsort(groups[i].params, groups[i].params_count, sizeof(char *), by_params);
	return groups;
}

static void draw_group(struct drawing *d, const struct group *g)
{
	size_t before = d->picture_count;
	char **names = params_names(g->params[0]);
	const char *last = g->params[g->params_count - 1];

	for (size_t i = 0; names[i]; i++) {
		draw_sweeps(d, g, names[i]);
		free(names[i]);
	}
	free(names);
	if (g->kind != KIND_LATENCY)
		return;
	/* The ends of a sweep show its shape; a metric without one is shown by its ECDF. */
	draw_ecdf(d, g, last, d->picture_count == before);
	if (g->params_count > 1)
		draw_ecdf(d, g, g->params[0], false);
}

static bool seen(const char *const *hows, size_t count, const char *how)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(hows[i], how))
			return true;
	}
	return false;
}

/* The kinds of figures that the results have. The caller frees. */
static const char **hows_of(struct results *const *results, size_t n, size_t *count)
{
	const char **hows = NULL;

	*count = 0;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < results[i]->boot_count; k++) {
			const char *how = results[i]->boots[k].how;

			if (!how || seen(hows, *count, how))
				continue;
			array_grow(hows, *count);
			hows[(*count)++] = how;
		}
	}
	return hows;
}

/* Results that must not be compared are drawn side by side all the same, but not their change. */
static void compare_all(struct drawing *d)
{
	struct compare_options o = { .margin = .02 };

	d->comparisons = xcalloc(d->count, sizeof(struct comparison *));
	for (size_t i = 1; i < d->count; i++) {
		char *why;
		struct comparison *c = compare_results(d->results[0], d->results[i], &o, &why);

		if (c) {
			d->comparisons[d->comparison_count++] = c;
			continue;
		}
		warning("no picture of a change: %s", why);
		free(why);
	}
}

struct picture *pictures_of(struct results *const *results, size_t count, const char *only,
			    size_t *pictures)
{
	size_t how_count, group_count;
	const char **hows = hows_of(results, count, &how_count);
	struct drawing d = { .results = results, .count = count, .only_how = how_count == 1 };

	compare_all(&d);
	for (size_t i = 0; i < how_count; i++) {
		struct group *groups;

		d.how = hows[i];
		groups = groups_of(&d, only, &group_count);
		for (size_t k = 0; k < group_count; k++) {
			draw_group(&d, &groups[k]);
			free(groups[k].params);
		}
		free(groups);
		draw_timelines(&d, wanted, only);
	}
	free(hows);
	for (size_t i = 0; i < d.comparison_count; i++)
		comparison_free(d.comparisons[i]);
	free(d.comparisons);
	*pictures = d.picture_count;
	return d.pictures;
}
