// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/objects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/params.h"
#include "analysis/rows.h"

const char *slab_figure_name(enum slab_figure f)
{
	static const char *const names[] = {
		[SLAB_OBJECTS] = "objects",
		[SLAB_OBJECT_BYTES] = "object bytes",
		[SLAB_SLOT_BYTES] = "slot bytes",
		[SLAB_PAGE_BYTES] = "page bytes",
	};

	return names[f];
}

const char *slab_figure_unit(enum slab_figure f)
{
	return f == SLAB_OBJECTS ? "objects" : "bytes";
}

double slab_figure(const struct slab_count *s, enum slab_figure f)
{
	switch (f) {
	case SLAB_OBJECT_BYTES:
		return s->delta * s->object_size;
	case SLAB_SLOT_BYTES:
		return s->delta * s->slab_size;
	case SLAB_PAGE_BYTES:
		return s->slab_bytes_delta;
	default:
		return s->delta;
	}
}

/* A count and the side it was found on first. */
struct key {
	const struct slab_count *s;
	enum slab_figure figure;
};

static double value(const struct boot *b, const void *arg)
{
	const struct key *key = arg;
	const struct slab_count *s =
		boot_slab(b, key->s->workload, key->s->params, key->s->point, key->s->cache);

	return s ? slab_figure(s, key->figure) : NAN;
}

static bool same_place(const struct slab_count *a, const struct slab_count *b)
{
	return !strcmp(a->workload, b->workload) && !strcmp(a->point, b->point) &&
	       !strcmp(a->cache, b->cache);
}

static int by_key(const void *a, const void *b)
{
	const struct slab_count *x = *(const struct slab_count *const *)a;
	const struct slab_count *y = *(const struct slab_count *const *)b;
	int c = strcmp(x->workload, y->workload);

	if (!c)
		c = strcmp(x->cache, y->cache);
	if (!c)
		c = -strcmp(x->point, y->point); /* populated, held, after */
	return c ? c : params_compare(x->params, y->params);
}

/* All counts of the base side of the strata, one of each key. The caller frees. */
static const struct slab_count **all_counts(const struct match *m, size_t first, size_t last,
					    size_t *count)
{
	const struct slab_count **all = NULL;
	size_t n = 0, kept = 0;

	for (size_t i = first; i < last; i++) {
		for (size_t b = 0; b < m->strata[i].base_count; b++) {
			const struct boot *boot = m->strata[i].base[b];

			for (size_t k = 0; k < boot->slab_count; k++) {
				array_grow(all, n);
				all[n++] = &boot->slabs[k];
			}
		}
	}
	if (n)
		qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 0; i < n; i++) {
		if (!kept || by_key(&all[kept - 1], &all[i]))
			all[kept++] = all[i];
	}
	*count = kept;
	return all;
}

/* The count in one of the boots; *exact is false if one of them is not. */
static const struct slab_count *find(const struct slab_count *key, const struct boot **boots,
				     size_t count, bool *exact)
{
	const struct slab_count *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct slab_count *s =
			boot_slab(boots[i], key->workload, key->params, key->point, key->cache);

		if (!s)
			continue;
		*exact = *exact && s->exact;
		if (!found)
			found = s;
	}
	return found;
}

/*
 * How many boots a side must agree before a figure is called exact; 0: never. Whole slabs depend on
 * all that ran before: they repeat only where the whole boot does.
 */
static size_t exact_boots(const struct stratum *s, bool exact_count, enum slab_figure f)
{
	if (exact_count && f != SLAB_PAGE_BYTES)
		return 1;
	return s->base[0]->icount && !strcmp(s->base[0]->mode, "exact") ? 2 : 0;
}

static void compare_figure(struct comparison *c, size_t first, size_t last,
			   const struct slab_count *s, enum slab_figure f)
{
	const struct slab_count *base = NULL, *new = NULL;
	bool exact = true;

	for (size_t i = first; i < last; i++) {
		const struct stratum *stratum = &c->match.strata[i];
		const struct slab_count *b = find(s, stratum->base, stratum->base_count, &exact);
		const struct slab_count *n = find(s, stratum->new, stratum->new_count, &exact);

		base = base ? base : b;
		new = new ? new : n;
	}
	if (!base || !new)
		return;
	struct key key = { s, f };
	struct row like = {
		.workload = s->workload,
		.params = s->params,
		.metric = s->cache,
		.unit = slab_figure_unit(f),
		.kind = KIND_COUNT,
		.statistic = SLAB_COUNT,
		.lower_is_better = true,
		.slab_base = base,
		.slab_new = new,
		.figure = f,
	};
	struct row_source source = { value, &key, exact_boots(&c->match.strata[first], exact, f) };

	rows_add(c, first, last, &like, &source);
	if (f != SLAB_OBJECTS)
		return;
	if (base->object_size != new->object_size) {
		notes_add(&c->notes, "%s: an object has %g bytes in '%s' and %g in '%s'", s->cache,
			  base->object_size, c->base->label, new->object_size, c->new->label);
	}
	if (!exact) {
		const char *because = (base->exact ? new : base)->inexact_because;

		notes_add(&c->notes, "%s: counts of %s are not exact%s%s", s->workload, s->cache,
			  because ? ": " : "", because ? because : "");
	}
}

void objects_compare(struct comparison *c, size_t first, size_t last)
{
	size_t count, end;
	const struct slab_count **counts = all_counts(&c->match, first, last, &count);

	/* Each cache and point: objects for all parameters, then each byte figure. */
	for (size_t from = 0; from < count; from = end) {
		for (end = from; end < count && same_place(counts[from], counts[end]); end++)
			;
		for (int f = 0; f < SLAB_FIGURES; f++) {
			for (size_t i = from; i < end; i++)
				compare_figure(c, first, last, counts[i], f);
		}
	}
	free(counts);
}
