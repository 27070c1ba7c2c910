// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/count.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static const char *const point_names[POINTS] = { "before", "populated", "held", "after" };

static int point_index(const char *name)
{
	for (int i = 0; i < POINTS; i++) {
		if (name && !strcmp(point_names[i], name))
			return i;
	}
	return -1;
}

struct counting *counting_new(struct slab_cache *caches, size_t count, long wanted)
{
	struct counting *c = xcalloc(1, sizeof(*c));

	c->caches = caches;
	c->cache_count = count;
	c->wanted = wanted;
	/* Written now: a page that is first touched at a hold point would be counted. */
	memset(c->work, 0xff, sizeof(c->work));
	memset(c->control, 0xff, sizeof(c->control));
	return c;
}

void counting_free(struct counting *c)
{
	if (!c)
		return;
	for (int i = 0; i < POINTS; i++)
		json_decref(c->model[i]);
	free(c);
}

void counting_hold(void *counting, const char *name, const json_t *model)
{
	struct counting *c = counting;
	struct slab_count *counts;
	int point = point_index(name);
	const char *reason;

	if (point < 0 || c->failed)
		return;
	counts = c->in_control ? c->control[c->controls][point] : c->work[c->repeats][point];
	if (slab_count(c->caches, c->cache_count, counts, &reason))
		c->failed = reason;
	if (c->in_control)
		return;
	c->seen[point] = true;
	json_decref(c->model[point]);
	c->model[point] = json_deep_copy(model);
}

static int by_value(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* Of an even number the lower of the two in the middle: a count stays a count. */
static long median(const long *values, long n)
{
	long sorted[MOST_REPEATS];

	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return sorted[(n - 1) / 2];
}

typedef const struct slab_count (*passes)[POINTS][MAX_CACHES];

/* Growth between two points in each pass. Returns true if all are equal. */
static bool growths(passes p, long n, int from, int to, size_t cache, long *values)
{
	bool same = true;

	for (long i = 0; i < n; i++) {
		values[i] = p[i][to][cache].objects - p[i][from][cache].objects;
		same = same && values[i] == values[0];
	}
	return same;
}

static bool all_settled(passes p, long n, int to, size_t cache)
{
	for (long i = 0; i < n; i++) {
		if (!p[i][to][cache].settled || !p[i][0][cache].settled)
			return false;
	}
	return true;
}

/* The last `wanted` repeats: all, if there are no more. */
static passes last_repeats(const struct counting *c, long *n)
{
	*n = c->repeats < c->wanted ? c->repeats : c->wanted;
	return (passes)c->work + (c->repeats - *n);
}

/* Growth since `from`: what the last repeats agree on, or the median of all. */
static bool agreed_growth(const struct counting *c, int from, int to, size_t cache, long *growth)
{
	long values[MOST_REPEATS], n;
	passes last = last_repeats(c, &n);

	if (growths(last, n, from, to, cache, values)) {
		*growth = values[0];
		return true;
	}
	growths((passes)c->work, c->repeats, from, to, cache, values);
	*growth = median(values, c->repeats);
	return false;
}

bool counting_may_go_on(const struct counting *c)
{
	return !c->failed && c->repeats < 4 * c->wanted && c->repeats < MOST_REPEATS;
}

bool counting_goes_on(const struct counting *c)
{
	long growth;

	if (!counting_may_go_on(c))
		return false;
	if (c->repeats < c->wanted)
		return true;
	for (size_t i = 0; i < c->cache_count; i++) {
		if (!c->caches[i].present || slab_inexact(&c->caches[i]))
			continue;
		for (int point = 1; point < POINTS; point++) {
			if (c->seen[point] && !agreed_growth(c, 0, point, i, &growth))
				return true;
		}
	}
	return false;
}

static json_t *array_of(const long *values, long n)
{
	json_t *array = json_array();

	for (long i = 0; i < n; i++)
		json_array_append_new(array, json_integer(values[i]));
	return array;
}

static bool control_stands(const struct counting *c, int point, size_t cache)
{
	long values[MOST_REPEATS];

	growths((passes)c->control, c->controls, 0, point, cache, values);
	for (long i = 0; i < c->controls; i++) {
		if (values[i])
			return false;
	}
	return true;
}

static const char *why_inexact(const struct counting *c, int point, size_t cache)
{
	long growth, n;
	passes last = last_repeats(c, &n);

	if (slab_inexact(&c->caches[cache]))
		return slab_inexact(&c->caches[cache]);
	if (!all_settled(last, n, point, cache))
		return "never settled";
	if (!agreed_growth(c, 0, point, cache, &growth))
		return "repeats differ";
	if (n < 2)
		return "not repeated";
	/* The control does what every process does, and no more. Many repeats that agree to the
	 * object outweigh one control that caught a stranger's process. */
	if (!control_stands(c, point, cache) && n < 3)
		return "control drifts";
	return NULL;
}

static json_t *record(const struct counting *c, int point, size_t cache)
{
	const struct slab_cache *s = &c->caches[cache];
	const struct slab_count *last = &c->work[c->repeats - 1][point][cache];
	const struct slab_count *first = &c->work[c->repeats - 1][0][cache];
	const char *why = why_inexact(c, point, cache);
	json_t *model = json_object_get(c->model[point], s->name);
	long repeats[MOST_REPEATS], controls[MOST_REPEATS], delta;

	agreed_growth(c, 0, point, cache, &delta);
	growths((passes)c->work, c->repeats, 0, point, cache, repeats);
	growths((passes)c->control, c->controls, 0, point, cache, controls);
	return json_pack(
		"{s:s, s:s, s:I, s:I, s:o, s:o, s:b, s:s?, s:s?, s:I, s:I, s:I, s:I, s:I, s:O?}",
		"point", point_names[point], "cache", s->name, "objects", (json_int_t)last->objects,
		"delta", (json_int_t)delta, "repeats", array_of(repeats, c->repeats), "control",
		array_of(controls, c->controls), "exact", !why, "inexact_because", why, "aliases",
		s->aliases, "object_size", (json_int_t)s->object_size, "slab_size",
		(json_int_t)s->slab_size, "slabs", (json_int_t)last->slabs, "slab_bytes",
		(json_int_t)(last->slabs * s->bytes_a_slab), "slab_bytes_delta",
		(json_int_t)((last->slabs - first->slabs) * s->bytes_a_slab), "model", model);
}

json_t *counting_records(const struct counting *c)
{
	json_t *records = json_array();

	for (int point = 0; point < POINTS && c->repeats && !c->failed; point++) {
		for (size_t i = 0; i < c->cache_count && c->seen[point]; i++) {
			if (c->caches[i].present)
				json_array_append_new(records, record(c, point, i));
		}
	}
	return records;
}

static bool holds(long seen, const char *relation, long wanted)
{
	if (!strcmp(relation, ">="))
		return seen >= wanted;
	if (!strcmp(relation, "<="))
		return seen <= wanted;
	return seen == wanted;
}

static long cache_index(const struct counting *c, const char *name)
{
	for (size_t i = 0; i < c->cache_count; i++) {
		if (!strcmp(c->caches[i].name, name) && c->caches[i].present)
			return i;
	}
	return -1;
}

static long spread(const long *values, long n)
{
	long low = values[0], high = values[0];

	for (long i = 1; i < n; i++) {
		low = values[i] < low ? values[i] : low;
		high = values[i] > high ? values[i] : high;
	}
	return high - low;
}

/* True if the relation holds, or misses by no more than the noise. */
static bool holds_within(long seen, const char *relation, long wanted, long noise)
{
	return holds(seen, relation, wanted) || holds(seen + noise, relation, wanted) ||
	       holds(seen - noise, relation, wanted) || labs(seen - wanted) <= noise;
}

bool counting_judge(const struct counting *c, json_t *evidence)
{
	const char *counter = json_string_value(json_object_get(evidence, "counter"));
	const char *relation = json_string_value(json_object_get(evidence, "relation"));
	long wanted = json_integer_value(json_object_get(evidence, "wanted"));
	int from = point_index(json_string_value(json_object_get(evidence, "from")));
	int to = point_index(json_string_value(json_object_get(evidence, "to")));
	bool idle = json_is_true(json_object_get(evidence, "idle"));
	long cache = cache_index(c, counter + strlen("slab:"));
	long values[MOST_REPEATS], seen = 0, noise = 0;
	/* What is not counted here proves nothing either way. */
	bool held = false, undecided = cache < 0;

	if (cache >= 0 && from >= 0 && to >= 0 && c->repeats) {
		bool agreed = agreed_growth(c, from, to, cache, &seen);
		long apart;

		growths((passes)c->work, c->repeats, from, to, cache, values);
		apart = spread(values, c->repeats);
		noise = agreed ? 0 : apart;
		undecided = noise && noise >= labs(wanted);
		held = !idle && !undecided && holds_within(seen, relation, wanted, noise);
		/* Repeats that agree on something else may have caught the same stranger. */
		if (agreed && !held && !idle && apart && labs(seen - wanted) <= apart) {
			noise = apart;
			undecided = true;
		}
		/* Without sysfs no shrink takes the free objects out that look live. */
		undecided = undecided || (!held && !idle && !c->caches[cache].sysfs);
	}
	json_object_set_new(evidence, "seen", json_integer(seen));
	json_object_set_new(evidence, "noise", json_integer(noise));
	json_object_set_new(evidence, "held", json_boolean(held));
	if (undecided)
		json_object_set_new(evidence, "undecided", json_true());
	return held || undecided;
}
