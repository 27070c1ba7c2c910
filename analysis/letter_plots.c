// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One picture of objects and one of a measured metric: those that changed most over a sweep.
 */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error.h"
#include "analysis/letter.h"
#include "analysis/pictures.h"

enum { LINES = 19 };

/* An object count that differs, or what a process measured. */
static bool is_candidate(const struct row *r, bool objects)
{
	if (objects)
		return r->slab_base && r->figure == SLAB_OBJECTS && row_effect(r) > 0 &&
		       !strcmp(r->slab_base->point, "held");
	return !r->slab_base && r->statistic != P99 && r->kind != KIND_COUNT;
}

static bool has_sweep(const struct comparison *c, const struct row *r)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct row *o = &c->rows[i];

		if (!strcmp(o->how, r->how) && !strcmp(o->workload, r->workload) &&
		    !strcmp(o->metric, r->metric) && !o->slab_base == !r->slab_base &&
		    strcmp(o->params, r->params))
			return true;
	}
	return false;
}

/* What was named beforehand comes first, then what changed most; NULL if nothing has a sweep. */
static const struct row *choose(const struct letter *l, bool objects)
{
	const struct row *best = NULL;

	for (size_t i = 0; i + 1 < l->count; i++) {
		const struct comparison *c = l->comparisons[i];

		for (size_t k = 0; k < c->count; k++) {
			const struct row *r = &c->rows[k];

			if (!is_candidate(r, objects) || !has_sweep(c, r))
				continue;
			if (!best || r->primary > best->primary ||
			    (r->primary == best->primary && row_effect(r) > row_effect(best)))
				best = r;
		}
	}
	return best;
}

static bool put_plot(const struct letter *l, const struct row *r)
{
	size_t count, i = 0;
	struct picture *p = pictures_of(l->results, l->count, r->workload, &count);
	char *start =
		xasprintf("%s: %s%s, ", r->workload, r->metric, r->slab_base ? " while held" : "");
	char *why = NULL;

	while (i < count && (!p[i].main || strncmp(p[i].title, start, strlen(start))))
		i++;
	if (i < count) {
		fputc('\n', l->to);
		why = picture_print(&p[i], l->to, LETTER_COLUMNS, LINES);
	}
	if (why)
		error("%s", why);
	free(start);
	pictures_free(p, count);
	return !why;
}

bool letter_plots(const struct letter *l)
{
	const struct row *objects = choose(l, true), *metric = choose(l, false);

	if (!objects && !metric)
		return true;
	letter_heading(l, "Pictures");
	return (!objects || put_plot(l, objects)) && (!metric || put_plot(l, metric));
}
