// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/summary.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* One workload with its parameters. */
struct row {
	char *title;
	json_t *metrics; /* name -> {"unit", "kind", "values": [an estimate for each process]} */
	json_t *slabs;	 /* records at `held`, where objects are most */
	json_t *leaks;	 /* records at `after` with objects that were not given back */
	char *trouble;	 /* why there are no figures */
	bool skipped;
};

static struct row *rows;
static size_t row_count;
static long skipped, invalid;

static char *title_of(const json_t *record)
{
	char *title = xstrdup(json_string_value(json_object_get(record, "workload")));
	json_t *value;
	const char *name;

	json_object_foreach (json_object_get(record, "params"), name, value) {
		char *text = json_dumps(value, JSON_ENCODE_ANY);
		char *longer = xasprintf("%s %s=%s", title, name, text);

		free(text);
		free(title);
		title = longer;
	}
	return title;
}

static struct row *row_of(const json_t *record)
{
	char *title = title_of(record);
	struct row *row;

	if (row_count && !strcmp(rows[row_count - 1].title, title)) {
		free(title);
		return &rows[row_count - 1];
	}
	array_grow(rows, row_count);
	row = &rows[row_count++];
	*row = (struct row){ .title = title,
			     .metrics = json_object(),
			     .slabs = json_array(),
			     .leaks = json_array() };
	return row;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* As docs/record-format.md says for each kind. */
static double estimate(const json_t *record)
{
	json_t *values = json_object_get(record, "values"), *work = json_object_get(record, "work");
	bool path = !strcmp(json_string_value(json_object_get(record, "kind")), "path length");
	size_t n = json_array_size(values), i;
	double *list = xcalloc(n, sizeof(*list)), sum = 0, done = 0, result;

	for (i = 0; i < n; i++) {
		list[i] = json_integer_value(json_array_get(values, i));
		sum += list[i];
		done += json_integer_value(json_array_get(work, i));
	}
	if (!work)
		result = n ? median(list, n) : 0;
	else if (path)
		result = done > 0 ? sum / done : 0;
	else
		result = sum > 0 ? done / sum * 1e9 : 0;
	free(list);
	return result;
}

static void see_samples(const json_t *record)
{
	struct row *row = row_of(record);
	const char *name = json_string_value(json_object_get(record, "metric"));
	json_t *metric = json_object_get(row->metrics, name);

	if (!metric) {
		metric =
			json_pack("{s:O, s:[]}", "unit", json_object_get(record, "unit"), "values");
		json_object_set_new(row->metrics, name, metric);
	}
	json_array_append_new(json_object_get(metric, "values"), json_real(estimate(record)));
}

static void trouble(const json_t *record, bool skip)
{
	struct row *row = row_of(record);

	free(row->trouble);
	row->trouble = xstrdup(json_string_value(json_object_get(record, "reason")));
	row->skipped = skip;
	skipped += skip;
	invalid += !skip;
}

static void see_slab(const json_t *record)
{
	const char *point = json_string_value(json_object_get(record, "point"));
	struct row *row = row_of(record);

	if (!strcmp(point, "held"))
		json_array_append(row->slabs, (json_t *)record);
	/* Each process of a workload ends with nothing of its own left. */
	if (!strcmp(point, "after") && json_is_true(json_object_get(record, "exact")) &&
	    json_integer_value(json_object_get(record, "delta")) > 0)
		json_array_append(row->leaks, (json_t *)record);
}

void summary_see(const char *type, const json_t *record)
{
	if (!strcmp(type, "samples"))
		see_samples(record);
	else if (!strcmp(type, "skip"))
		trouble(record, true);
	else if (!strcmp(type, "invalid"))
		trouble(record, false);
	else if (!strcmp(type, "slab"))
		see_slab(record);
}

/* Times in the unit that keeps them readable; all else as it is. */
static void figure(char *buf, size_t size, double value, const char *unit)
{
	static const struct {
		double from, by;
		const char *unit;
	} scales[] = { { 1e9, 1e9, "s" }, { 1e6, 1e6, "ms" }, { 1e4, 1e3, "us" } };

	for (size_t i = 0; !strcmp(unit, "ns") && i < 3; i++) {
		if (value >= scales[i].from) {
			snprintf(buf, size, "%.4g %s", value / scales[i].by, scales[i].unit);
			return;
		}
	}
	if (value >= 1e4 && value < 1e15)
		snprintf(buf, size, "%.0f %s", value, unit);
	else
		snprintf(buf, size, "%.4g %s", value, unit);
}

static void print_metric(FILE *to, const char *name, const json_t *metric)
{
	const char *unit = json_string_value(json_object_get(metric, "unit"));
	json_t *values = json_object_get(metric, "values");
	size_t n = json_array_size(values);
	double *list = xcalloc(n, sizeof(*list)), middle;
	char text[64];

	for (size_t i = 0; i < n; i++)
		list[i] = json_real_value(json_array_get(values, i));
	middle = median(list, n);
	figure(text, sizeof(text), middle, unit);
	fprintf(to, "  %-22s %20s", name, text);
	/* Spread within one boot says little about the kernel, but much about the host. */
	if (n > 1 && middle > 0)
		fprintf(to, "   %.3f to %.3f of it, %zu processes", list[0] / middle,
			list[n - 1] / middle, n);
	fprintf(to, "\n");
	free(list);
}

static void print_slab(FILE *to, const json_t *s)
{
	json_t *model = json_object_get(s, "model");
	json_int_t delta = json_integer_value(json_object_get(s, "delta"));
	const char *why = json_string_value(json_object_get(s, "inexact_because"));

	fprintf(to, "  %-22s %+12lld objects   %s", json_string_value(json_object_get(s, "cache")),
		(long long)delta, why ? why : "exact");
	if (json_is_integer(model)) {
		json_int_t wanted = json_integer_value(model);

		fprintf(to, ", mainline's model %+lld%s", (long long)wanted,
			wanted == delta ? ""
			: why		? ""
					: ": DIFFERS");
	}
	fprintf(to, "\n");
}

static void print_row(FILE *to, const struct row *row)
{
	const char *name;
	json_t *value;
	size_t k;

	fprintf(to, "%s\n", row->title);
	if (row->trouble) {
		fprintf(to, "  %s: %s\n", row->skipped ? "skip" : "INVALID", row->trouble);
		if (!row->skipped)
			return;
	}
	json_object_foreach (row->metrics, name, value)
		print_metric(to, name, value);
	json_array_foreach (row->slabs, k, value)
		print_slab(to, value);
	json_array_foreach (row->leaks, k, value)
		fprintf(to, "  LEAK: %lld %s more after it than before\n",
			(long long)json_integer_value(json_object_get(value, "delta")),
			json_string_value(json_object_get(value, "cache")));
}

void summary_print(FILE *to)
{
	for (size_t i = 0; i < row_count; i++)
		print_row(to, &rows[i]);
}

static const struct row *find_row(const char *workload, const json_t *params)
{
	json_t *record = json_pack("{s:s, s:O}", "workload", workload, "params", params);
	char *title = title_of(record);
	const struct row *found = NULL;

	for (size_t i = 0; i < row_count && !found; i++) {
		if (!strcmp(rows[i].title, title))
			found = &rows[i];
	}
	free(title);
	json_decref(record);
	return found;
}

void summary_print_of(FILE *to, const char *workload, const json_t *params)
{
	const struct row *row = find_row(workload, params);

	if (row)
		print_row(to, row);
}

const char *summary_trouble(const char *workload, const json_t *params)
{
	const struct row *row = find_row(workload, params);

	return row ? row->trouble : NULL;
}

long summary_skipped(void)
{
	return skipped;
}

long summary_invalid(void)
{
	return invalid;
}
