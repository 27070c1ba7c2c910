// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/boot_estimate.h"
#include "analysis/comparable.h"
#include "analysis/objects.h"
#include "analysis/params.h"
#include "analysis/remarks.h"
#include "analysis/rows.h"

enum { MOST_PRIMARY = 4 };
static const double significance = .05;

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[BETTER] = "better",	       [WORSE] = "worse",
		[NO_CHANGE] = "no-change",     [INCONCLUSIVE] = "inconclusive",
		[NO_INTERVAL] = "no-interval", [IDENTICAL] = "identical",
		[DIFFERENT] = "different",
	};

	return names[v];
}

const char *statistic_name(enum statistic s)
{
	static const char *const names[] = {
		[MEDIAN] = "median",
		[P99] = "p99",
		[TOTAL] = "total",
		[SLAB_COUNT] = "count",
	};

	return names[s];
}

enum verdict judge(const struct estimate *e, double p_adjusted, bool lower_is_better, double margin)
{
	if (isnan(e->p))
		return e->n_base < 2 || e->n_new < 2 ? NO_INTERVAL : INCONCLUSIVE;
	if (p_adjusted <= significance)
		return (e->log_ratio < 0) == lower_is_better ? BETTER : WORSE;
	if (e->low >= 1 - margin && e->high <= 1 + margin)
		return NO_CHANGE;
	return INCONCLUSIVE;
}

bool is_regression(const struct row *r, double margin)
{
	bool grew = r->e.new > r->e.base;

	/* Whole slabs depend on all that ran before; their objects and slots have rows of their
	 * own. */
	if (r->slab_base && r->figure == SLAB_PAGE_BYTES)
		return false;
	if (r->verdict == WORSE)
		return r->e.low < 1 - margin || r->e.high > 1 + margin;
	if (r->verdict != DIFFERENT || grew != r->lower_is_better)
		return false;
	return isnan(r->e.ratio) || fabs(r->e.ratio - 1) > margin;
}

/* ------------------------------------------------------- which rows there are */

/* A metric that a side has; the lowest `order` of its workload and of itself sort the table. */
struct key {
	const struct measurement *m;
	size_t workload_order, metric_order;
};

static bool same_metric(const struct measurement *a, const struct measurement *b)
{
	return !strcmp(a->workload, b->workload) && !strcmp(a->metric, b->metric);
}

static int by_name(const void *a, const void *b)
{
	const struct measurement *x = ((const struct key *)a)->m, *y = ((const struct key *)b)->m;
	int c = strcmp(x->workload, y->workload);

	if (!c)
		c = strcmp(x->metric, y->metric);
	if (!c)
		c = params_compare(x->params, y->params);
	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int by_table_order(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->workload_order != y->workload_order)
		return x->workload_order < y->workload_order ? -1 : 1;
	if (strcmp(x->m->workload, y->m->workload))
		return strcmp(x->m->workload, y->m->workload);
	if (x->metric_order != y->metric_order)
		return x->metric_order < y->metric_order ? -1 : 1;
	return by_name(a, b);
}

static void add_keys(struct key **keys, size_t *n, const struct boot *b)
{
	for (size_t i = 0; i < b->measurement_count; i++) {
		array_grow(*keys, *n);
		(*keys)[(*n)++] = (struct key){ .m = &b->measurements[i] };
	}
}

/* Sets the orders of a run of keys, [from, to), of one workload. */
static void set_orders(struct key *keys, size_t from, size_t to)
{
	size_t workload_order = keys[from].m->order, metric_from = from;

	for (size_t i = from; i < to; i++) {
		if (keys[i].m->order < workload_order)
			workload_order = keys[i].m->order;
	}
	for (size_t i = from; i < to; i++) {
		size_t metric_order;

		if (!same_metric(keys[metric_from].m, keys[i].m))
			metric_from = i;
		metric_order = keys[metric_from].m->order;
		for (size_t j = metric_from; j < to && same_metric(keys[j].m, keys[i].m); j++) {
			if (keys[j].m->order < metric_order)
				metric_order = keys[j].m->order;
		}
		keys[i].workload_order = workload_order;
		keys[i].metric_order = metric_order;
	}
}

/* The metrics of the base side of strata [first, last), one of each, in table order. */
static struct key *keys_of(const struct match *m, size_t first, size_t last, size_t *count)
{
	struct key *keys = NULL;
	size_t n = 0, kept = 0, from = 0;

	for (size_t i = first; i < last; i++) {
		for (size_t b = 0; b < m->strata[i].base_count; b++)
			add_keys(&keys, &n, m->strata[i].base[b]);
	}
	if (n)
		qsort(keys, n, sizeof(*keys), by_name);
	for (size_t i = 0; i < n; i++) {
		if (!kept || !same_metric(keys[kept - 1].m, keys[i].m) ||
		    strcmp(keys[kept - 1].m->params, keys[i].m->params))
			keys[kept++] = keys[i];
	}
	for (size_t i = 1; i <= kept; i++) {
		if (i == kept || strcmp(keys[i].m->workload, keys[from].m->workload)) {
			set_orders(keys, from, i);
			from = i;
		}
	}
	if (kept)
		qsort(keys, kept, sizeof(*keys), by_table_order);
	*count = kept;
	return keys;
}

/* ------------------------------------------------------------------ the rows */

/* The estimates of every boot of the strata for one metric, so that each is computed once. */
struct metric_values {
	const struct boot **boots;
	struct boot_estimate *estimates;
	size_t count;
	enum statistic statistic;
};

static double metric_value(const struct boot *b, const void *arg)
{
	const struct metric_values *v = arg;

	for (size_t i = 0; i < v->count; i++) {
		if (v->boots[i] == b)
			return v->statistic == P99 ? v->estimates[i].p99 : v->estimates[i].typical;
	}
	return NAN;
}

static void add_values(struct metric_values *v, const struct boot **boots, size_t count,
		       const struct measurement *like, bool *comparable, bool *all_equal)
{
	for (size_t i = 0; i < count; i++) {
		const struct measurement *m =
			boot_measurement(boots[i], like->workload, like->params, like->metric);
		struct boot_estimate e;

		if (!m)
			continue;
		if (m->kind != like->kind || m->lower_is_better != like->lower_is_better ||
		    strcmp(m->unit, like->unit))
			*comparable = false;
		e = boot_estimate(m);
		*all_equal = *all_equal && e.all_equal;
		v->boots[v->count] = boots[i];
		v->estimates[v->count++] = e;
	}
}

/* How many boots a side must agree on a figure of this kind before it is called exact; 0: never. */
static size_t exact_boots(enum kind kind, bool processes_agree)
{
	if (kind == KIND_PATH_LENGTH)
		return 2; /* repeated, as docs/method.md demands */
	return kind == KIND_COUNT && processes_agree ? 1 : 0;
}

static bool is_emulated_time(const struct boot *b, enum kind kind)
{
	return (kind == KIND_LATENCY || kind == KIND_THROUGHPUT) && !b->icount &&
	       !strcmp(b->virtualisation, "tcg") &&
	       strcmp(b->mode, "emulated"); /* the lab was told to, and every unit says it */
}

static void compare_metric(struct comparison *c, size_t first, size_t last,
			   const struct measurement *m)
{
	struct metric_values v = { 0 };
	struct row_source source = { metric_value, &v, 0 };
	struct row like = {
		.workload = m->workload,
		.params = m->params,
		.metric = m->metric,
		.unit = m->unit,
		.kind = m->kind,
		.statistic = m->processes[0].work ? TOTAL : MEDIAN,
		.lower_is_better = m->lower_is_better,
	};
	bool comparable = true, all_equal = true;
	size_t boots = 0;

	for (size_t i = first; i < last; i++)
		boots += c->match.strata[i].base_count + c->match.strata[i].new_count;
	v.boots = xcalloc(boots, sizeof(*v.boots));
	v.estimates = xcalloc(boots, sizeof(*v.estimates));
	for (size_t i = first; i < last; i++) {
		const struct stratum *s = &c->match.strata[i];

		add_values(&v, s->base, s->base_count, m, &comparable, &all_equal);
		add_values(&v, s->new, s->new_count, m, &comparable, &all_equal);
	}
	if (!comparable) {
		notes_add(&c->notes, "left out: %s %s has another unit or kind on the other side",
			  m->workload, m->metric);
	} else if (is_emulated_time(c->match.strata[first].base[0], m->kind)) {
		notes_add(&c->notes, "left out: times of an emulated machine without instruction "
				     "counting are no times");
	} else {
		source.exact_boots = exact_boots(m->kind, all_equal);
		rows_add(c, first, last, &like, &source);
		like.statistic = v.statistic = P99;
		source.exact_boots = 0;
		if (m->kind == KIND_LATENCY)
			rows_add(c, first, last, &like, &source);
	}
	free(v.boots);
	free(v.estimates);
}

/* --------------------------------------------------------------- many metrics */

static bool names_primary(const struct boot *b, const struct row *r)
{
	json_t *primary = json_object_get(b->run, "primary"), *entry;
	char *name;
	size_t i;
	bool found = false;

	if (!json_array_size(primary) || r->statistic == SLAB_COUNT || r->statistic == P99)
		return false;
	name = xasprintf("%s:%s", r->workload, r->metric);
	json_array_foreach (primary, i, entry) {
		const char *text = json_string_value(entry);

		found = found || (text && !strcmp(text, name));
	}
	free(name);
	return found;
}

/* Primary is what every boot of both sides named, before there were figures. */
static bool is_primary(const struct comparison *c, size_t first, size_t last, const struct row *r)
{
	for (size_t i = first; i < last; i++) {
		const struct stratum *s = &c->match.strata[i];

		for (size_t k = 0; k < s->base_count; k++) {
			if (!names_primary(s->base[k], r))
				return false;
		}
		for (size_t k = 0; k < s->new_count; k++) {
			if (!names_primary(s->new[k], r))
				return false;
		}
	}
	return true;
}

/* Adjusts the p values of the rows from `from` on, which are one family, and judges them. */
static void judge_rows(struct comparison *c, size_t first, size_t last, size_t from)
{
	size_t n = c->count - from, primaries = 0;
	double *primary = xcalloc(n, sizeof(*primary)), *other = xcalloc(n, sizeof(*other));

	for (size_t i = 0; i < n; i++) {
		struct row *r = &c->rows[from + i];

		r->primary = is_primary(c, first, last, r);
		primaries += r->primary;
		primary[i] = r->primary ? r->e.p : NAN;
		other[i] = r->primary ? NAN : r->e.p;
	}
	if (primaries > MOST_PRIMARY) {
		notes_add(&c->notes,
			  "%zu primary rows: Holm's correction over so many finds little; name at "
			  "most %d",
			  primaries, MOST_PRIMARY);
	}
	adjust_holm(primary, primary, n);
	adjust_benjamini_hochberg(other, other, n);
	for (size_t i = 0; i < n; i++) {
		struct row *r = &c->rows[from + i];

		r->p_adjusted = r->primary ? primary[i] : other[i];
		if (!r->exact)
			r->verdict = judge(&r->e, r->p_adjusted, r->lower_is_better, c->margin);
	}
	free(primary);
	free(other);
}

/* Brings the p99 rows among the rows from `from` on, all of one metric, behind the others. */
static void p99_last(struct comparison *c, size_t from)
{
	struct row *p99 = xcalloc(c->count - from, sizeof(*p99));
	size_t kept = from, moved = 0;

	for (size_t i = from; i < c->count; i++) {
		if (c->rows[i].statistic == P99)
			p99[moved++] = c->rows[i];
		else
			c->rows[kept++] = c->rows[i];
	}
	if (moved)
		memcpy(&c->rows[kept], p99, moved * sizeof(*p99));
	free(p99);
}

/* Compares the strata [first, last), all of one kind of figures. */
static void compare_kind(struct comparison *c, size_t first, size_t last)
{
	size_t from = c->count, metric = from, count;
	struct key *keys = keys_of(&c->match, first, last, &count);

	for (size_t i = 0; i < count; i++) {
		if (i && !same_metric(keys[i - 1].m, keys[i].m)) {
			p99_last(c, metric);
			metric = c->count;
		}
		compare_metric(c, first, last, keys[i].m);
	}
	p99_last(c, metric);
	free(keys);
	objects_compare(c, first, last);
	judge_rows(c, first, last, from);
}

struct comparison *compare_results(const struct results *base, const struct results *new,
				   const struct compare_options *o, char **why)
{
	struct comparison *c = xcalloc(1, sizeof(*c));

	c->base = base;
	c->new = new;
	c->margin = o->margin;
	c->pilot = o->pilot;
	if (!match_boots(base, new, &c->match, why)) {
		comparison_free(c);
		return NULL;
	}
	*why = comparable_check(&c->match, base->label, new->label, o->accept, &c->notes);
	if (*why) {
		comparison_free(c);
		return NULL;
	}
	notes_join(&c->notes, &base->notes);
	notes_join(&c->notes, &new->notes);
	notes_join(&c->notes, &c->match.notes);
	for (size_t first = 0, last; first < c->match.count; first = last) {
		const char *how = c->match.strata[first].how;

		for (last = first; last < c->match.count; last++) {
			if (strcmp(c->match.strata[last].how, how))
				break;
		}
		compare_kind(c, first, last);
	}
	if (!c->count) {
		*why = remarks_nothing_shared(base, new);
		comparison_free(c);
		return NULL;
	}
	remarks_add(c);
	return c;
}

void comparison_free(struct comparison *c)
{
	if (!c)
		return;
	free(c->rows);
	match_free(&c->match);
	notes_free(&c->notes);
	free(c);
}
