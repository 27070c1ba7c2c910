// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/boot_estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/statistics.h"

enum { P99_SAMPLES = 100 };

struct process_estimate {
	double typical, p99;
};

static double sum(const double *v, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += v[i];
	return s;
}

static struct process_estimate process_estimate(const struct values *v, enum kind kind)
{
	struct process_estimate e = { NAN, NAN };
	double *sorted;

	if (!v->count)
		return e;
	if (v->work) {
		double work = sum(v->work, v->count), value = sum(v->value, v->count);

		e.typical = kind == KIND_THROUGHPUT ? work / value * 1e9 : value / work;
		if (!isfinite(e.typical))
			e.typical = NAN;
		return e;
	}
	sorted = xcalloc(v->count, sizeof(*sorted));
	memcpy(sorted, v->value, v->count * sizeof(*sorted));
	e.typical = median(sorted, v->count);
	if (kind == KIND_LATENCY && v->count >= P99_SAMPLES)
		e.p99 = quantile_sorted(sorted, v->count, .99);
	free(sorted);
	return e;
}

struct boot_estimate boot_estimate(const struct measurement *m)
{
	struct boot_estimate b = { 0, 0, true };
	double first = NAN;

	for (size_t i = 0; i < m->process_count; i++) {
		struct process_estimate e = process_estimate(&m->processes[i], m->kind);

		b.typical += e.typical / m->process_count;
		b.p99 += e.p99 / m->process_count;
		b.all_equal = b.all_equal && (!i || e.typical == first);
		first = e.typical;
	}
	if (b.all_equal)
		b.typical = first; /* without rounding */
	return b;
}
