// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* Seed of the sign flips: fixed, so that the same records always give the same p. */
static const unsigned long sign_flip_seed = 20260527;

struct sides {
	double *base, *new;
	size_t n_base, n_new;
};

static size_t values(const struct boot **boots, size_t count, const struct row_source *source,
		     double *value)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		double v = source->value(boots[i], source->key);

		if (!isnan(v))
			value[n++] = v;
	}
	return n;
}

/* The values of both sides; of a pair both or none. */
static struct sides collect(const struct stratum *s, const struct row_source *source)
{
	struct sides v = { xcalloc(s->base_count, sizeof(double)),
			   xcalloc(s->new_count, sizeof(double)), 0, 0 };

	if (!s->paired) {
		v.n_base = values(s->base, s->base_count, source, v.base);
		v.n_new = values(s->new, s->new_count, source, v.new);
		return v;
	}
	for (size_t i = 0; i < s->base_count; i++) {
		double base = source->value(s->base[i], source->key);
		double new = source->value(s->new[i], source->key);

		if (isnan(base) || isnan(new))
			continue;
		v.base[v.n_base++] = base;
		v.new[v.n_new++] = new;
	}
	return v;
}

static bool all_equal(const double *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (v[i] != v[0])
			return false;
	}
	return true;
}

static bool all_positive(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i] <= 0)
			return false;
	}
	return true;
}

/* Both figures and no inference: exact ones, and those that have no logarithm. */
static struct estimate plain_estimate(const struct stratum *s, const struct sides *v)
{
	double base = mean(v->base, v->n_base), new = mean(v->new, v->n_new);

	return (struct estimate){
		.paired = s->paired,
		.n_base = v->n_base,
		.n_new = v->n_new,
		.base = base,
		.new = new,
		.ratio = base > 0 && new >= 0 ? new / base
			 : base == new	      ? 1
					      : NAN,
		.log_ratio = base > 0 && new > 0 ? log(new / base) : NAN,
		.standard_error = NAN,
		.df = NAN,
		.low = NAN,
		.high = NAN,
		.p = NAN,
		.p_sign_flip = NAN,
		.smallest = NAN,
	};
}

/* Nothing on either side, in every boot: no ratio of logarithms, but no doubt either. */
static bool never_grew(const struct sides *v)
{
	return v->n_base > 1 && v->n_new > 1 && !v->base[0] && !v->new[0] &&
	       all_equal(v->base, v->n_base) && all_equal(v->new, v->n_new);
}

static struct estimate no_change_at_all(const struct stratum *s, const struct sides *v)
{
	struct estimate e = plain_estimate(s, v);

	e.low = e.high = e.p = 1;
	e.smallest = 0;
	return e;
}

static void add(struct comparison *c, const struct row *row)
{
	array_grow(c->rows, c->count);
	c->rows[c->count++] = *row;
}

static void note_inexact(struct comparison *c, const struct row *row, const struct sides *v)
{
	if (row->kind != KIND_PATH_LENGTH || v->n_base < 2 || v->n_new < 2 ||
	    strncmp(row->how, "exact", 5))
		return;
	notes_add(&c->notes,
		  "%s %s: path lengths of boots of one kernel differ, so they are not exact",
		  row->workload, row->metric);
}

static void conclude(struct comparison *c, struct row *row, const struct stratum *s,
		     const struct sides *v, const struct row_source *source)
{
	bool enough = source->exact_boots && v->n_base >= source->exact_boots &&
		      v->n_new >= source->exact_boots;

	row->exact = enough && all_equal(v->base, v->n_base) && all_equal(v->new, v->n_new);
	if (row->exact) {
		row->e = plain_estimate(s, v);
		row->verdict = v->base[0] == v->new[0] ? IDENTICAL : DIFFERENT;
		return;
	}
	note_inexact(c, row, v);
	if (never_grew(v))
		row->e = no_change_at_all(s, v);
	else if (!all_positive(v->base, v->n_base) || !all_positive(v->new, v->n_new))
		row->e = plain_estimate(s, v);
	else if (s->paired && c->pilot && v->n_base >= c->pilot)
		row->e = estimate_stein(v->base, v->new, v->n_base, c->pilot, sign_flip_seed);
	else if (s->paired)
		row->e = estimate_paired(v->base, v->new, v->n_base, sign_flip_seed);
	else
		row->e = estimate_unpaired(v->base, v->n_base, v->new, v->n_new);
}

/* Adds the combination of the rows from `from` on, one a machine, if they all point one way. */
static void combine(struct comparison *c, size_t from)
{
	size_t count = c->count - from;
	struct row row = c->rows[from];
	struct estimate *e;
	size_t up = 0, down = 0;

	for (size_t i = from; i < c->count; i++) {
		up += c->rows[i].e.log_ratio > 0;
		down += c->rows[i].e.log_ratio < 0;
		if (c->rows[i].exact)
			return; /* nothing to average */
	}
	if (up != count && down != count) {
		notes_add(
			&c->notes,
			"%s %s: the machines do not point one way; reported apart and not combined",
			row.workload, row.metric);
		return;
	}
	e = xcalloc(count, sizeof(*e));
	for (size_t i = 0; i < count; i++)
		e[i] = c->rows[from + i].e;
	row.e = estimate_combined(e, count);
	row.machine = NULL;
	free(e);
	add(c, &row);
}

void rows_add(struct comparison *c, size_t first, size_t last, const struct row *like,
	      const struct row_source *source)
{
	size_t from = c->count;

	for (size_t i = first; i < last; i++) {
		const struct stratum *s = &c->match.strata[i];
		struct sides v = collect(s, source);
		struct row row = *like;

		row.how = s->how;
		row.machine = last - first > 1 ? s->machine : NULL;
		row.p_adjusted = NAN;
		if (v.n_base && v.n_new) {
			conclude(c, &row, s, &v, source);
			add(c, &row);
		}
		free(v.base);
		free(v.new);
	}
	if (c->count - from > 1)
		combine(c, from);
}
