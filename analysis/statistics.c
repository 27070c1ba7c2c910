// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/statistics.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "alloc.h"

static const double confidence = .95, power = .8;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return quantile_sorted(values, count, .5);
}

double quantile_sorted(const double *sorted, size_t count, double q)
{
	double at = q * (count - 1);
	size_t below = floor(at);

	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
}

double mean(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return sum / count;
}

double standard_deviation(const double *values, size_t count)
{
	double center = mean(values, count), sum = 0;

	if (count < 2)
		return 0;
	for (size_t i = 0; i < count; i++)
		sum += (values[i] - center) * (values[i] - center);
	return sqrt(sum / (count - 1));
}

static double mean_of_logs(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += log(values[i]);
	return sum / count;
}

double geometric_mean(const double *values, size_t count)
{
	return exp(mean_of_logs(values, count));
}

struct center center_of(const double *values, size_t count)
{
	double *v = xcalloc(count, sizeof(*v)), half = NAN, at;
	bool logs = true;

	for (size_t i = 0; i < count; i++)
		logs = logs && values[i] > 0;
	for (size_t i = 0; i < count; i++)
		v[i] = logs ? log(values[i]) : values[i];
	at = mean(v, count);
	if (count > 1)
		half = qt(.5 + confidence / 2, count - 1, 1, 0) * standard_deviation(v, count) /
		       sqrt(count);
	free(v);
	if (logs)
		return (struct center){ exp(at), exp(at - half), exp(at + half) };
	return (struct center){ at, at - half, at + half };
}

/* Fills in what follows from log_ratio, standard_error and df. */
static void infer(struct estimate *e)
{
	double t = qt(.5 + confidence / 2, e->df, 1, 0);

	e->low = exp(e->log_ratio - t * e->standard_error);
	e->high = exp(e->log_ratio + t * e->standard_error);
	e->smallest = expm1((t + qt(power, e->df, 1, 0)) * e->standard_error);
	if (e->standard_error > 0)
		e->p = 2 * pt(-fabs(e->log_ratio / e->standard_error), e->df, 1, 0);
	else
		e->p = e->log_ratio ? 0 : 1;
}

static struct estimate only_ratio(const double *base, size_t n_base, const double *new,
				  size_t n_new)
{
	struct estimate e = {
		.n_base = n_base,
		.n_new = n_new,
		.base = geometric_mean(base, n_base),
		.new = geometric_mean(new, n_new),
		.standard_error = NAN,
		.df = NAN,
		.low = NAN,
		.high = NAN,
		.p = NAN,
		.p_sign_flip = NAN,
		.smallest = NAN,
	};

	e.log_ratio = mean_of_logs(new, n_new) - mean_of_logs(base, n_base);
	e.ratio = exp(e.log_ratio);
	return e;
}

/* ln(new / base) of each block. The caller frees. */
static double *log_ratios(const double *base, const double *new, size_t n)
{
	double *d = xcalloc(n, sizeof(*d));

	for (size_t i = 0; i < n; i++)
		d[i] = log(new[i] / base[i]);
	return d;
}

struct estimate estimate_stein(const double *base, const double *new, size_t n, size_t pilot,
			       unsigned long seed)
{
	struct estimate e = only_ratio(base, n, new, n);
	double *d;

	e.paired = true;
	if (pilot < 2 || n < pilot)
		return e;
	d = log_ratios(base, new, n);
	e.log_ratio = mean(d, n);
	e.ratio = exp(e.log_ratio);
	e.standard_error = standard_deviation(d, pilot) / sqrt(n);
	e.df = pilot - 1;
	infer(&e);
	e.p_sign_flip = sign_flip_p(d, n, seed);
	free(d);
	return e;
}

struct estimate estimate_paired(const double *base, const double *new, size_t n, unsigned long seed)
{
	return estimate_stein(base, new, n, n, seed);
}

/* Standard deviation of the logs, squared, over n. */
static double log_variance_of_mean(const double *values, size_t n)
{
	double *logs = xcalloc(n, sizeof(*logs)), s;

	for (size_t i = 0; i < n; i++)
		logs[i] = log(values[i]);
	s = standard_deviation(logs, n);
	free(logs);
	return s * s / n;
}

struct estimate estimate_unpaired(const double *base, size_t n_base, const double *new,
				  size_t n_new)
{
	struct estimate e = only_ratio(base, n_base, new, n_new);
	double v_base, v_new, v;

	if (n_base < 2 || n_new < 2)
		return e;
	v_base = log_variance_of_mean(base, n_base);
	v_new = log_variance_of_mean(new, n_new);
	v = v_base + v_new;
	e.standard_error = sqrt(v);
	e.df = v > 0 ? v * v / (v_base * v_base / (n_base - 1) + v_new * v_new / (n_new - 1))
		     : n_base + n_new - 2;
	infer(&e);
	return e;
}

struct estimate estimate_combined(const struct estimate *machines, size_t count)
{
	struct estimate e = { .paired = true, .p_sign_flip = NAN };
	double variance = 0, fourth = 0, log_base = 0;

	for (size_t i = 0; i < count; i++) {
		const struct estimate *m = &machines[i];
		double v = m->standard_error * m->standard_error;

		e.paired = e.paired && m->paired;
		e.n_base += m->n_base;
		e.n_new += m->n_new;
		e.log_ratio += m->log_ratio / count;
		log_base += log(m->base) / count;
		variance += v;
		fourth += v * v / m->df;
	}
	e.ratio = exp(e.log_ratio);
	e.base = exp(log_base);
	e.new = e.base *e.ratio;
	e.standard_error = sqrt(variance) / count;
	e.df = fourth > 0 ? variance * variance / fourth : e.n_base + e.n_new - 2 * count;
	e.low = e.high = e.p = e.smallest = NAN;
	if (!isnan(e.standard_error))
		infer(&e);
	return e;
}

/* SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/*
 * All patterns in Gray order, so that each differs from the one before in one sign. The last sign
 * stays: the other half is the mirror image.
 */
static double sign_flip_exact(const double *d, size_t n, double seen)
{
	uint64_t patterns = UINT64_C(1) << (n - 1), extreme = 0, negative = 0;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += d[i];
	for (uint64_t k = 1; k <= patterns; k++) {
		int flip = __builtin_ctzll(k);

		extreme += fabs(sum) >= seen;
		if (k == patterns)
			break;
		sum += (negative >> flip & 1 ? 2 : -2) * d[flip];
		negative ^= UINT64_C(1) << flip;
	}
	return (double)extreme / patterns;
}

static double sign_flip_sampled(const double *d, size_t n, double seen, uint64_t state)
{
	size_t extreme = 1;

	for (int draw = 0; draw < SIGN_FLIP_DRAWS; draw++) {
		uint64_t bits = 0;
		double sum = 0;

		for (size_t i = 0; i < n; i++, bits >>= 1) {
			if (i % 64 == 0)
				bits = next_random(&state);
			sum += bits & 1 ? d[i] : -d[i];
		}
		extreme += fabs(sum) >= seen;
	}
	return (double)extreme / (SIGN_FLIP_DRAWS + 1);
}

double sign_flip_p(const double *d, size_t n, unsigned long seed)
{
	double sum = 0, size = 0, seen;

	if (!n)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		sum += d[i];
		size += fabs(d[i]);
	}
	seen = fabs(sum) - 1e-10 * size; /* rounding must not lose the pattern that was seen */
	if (n <= SIGN_FLIP_EXACT)
		return sign_flip_exact(d, n, seen);
	return sign_flip_sampled(d, n, seen, seed);
}

struct ranked {
	double p;
	size_t index;
};

static int by_p(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

/* The p values that are numbers, smallest first. The caller frees. */
static struct ranked *rank(const double *p, size_t count, size_t *ranked)
{
	struct ranked *r = xcalloc(count, sizeof(*r));

	*ranked = 0;
	for (size_t i = 0; i < count; i++) {
		if (!isnan(p[i]))
			r[(*ranked)++] = (struct ranked){ p[i], i };
	}
	qsort(r, *ranked, sizeof(*r), by_p);
	return r;
}

void adjust_holm(const double *p, double *adjusted, size_t count)
{
	size_t m;
	struct ranked *r = rank(p, count, &m);
	double highest = 0;

	for (size_t i = 0; i < count; i++)
		adjusted[i] = p[i];
	for (size_t i = 0; i < m; i++) {
		highest = fmax(highest, fmin(1, (m - i) * r[i].p));
		adjusted[r[i].index] = highest;
	}
	free(r);
}

void adjust_benjamini_hochberg(const double *p, double *adjusted, size_t count)
{
	size_t m;
	struct ranked *r = rank(p, count, &m);
	double lowest = 1;

	for (size_t i = 0; i < count; i++)
		adjusted[i] = p[i];
	for (size_t i = m; i-- > 0;) {
		lowest = fmin(lowest, r[i].p * m / (i + 1));
		adjusted[r[i].index] = lowest;
	}
	free(r);
}

size_t stein_blocks_for(double deviation, size_t pilot, double half_width)
{
	double t = qt(.5 + confidence / 2, pilot - 1, 1, 0);
	double needed = ceil(pow(t * deviation / log1p(half_width), 2));

	return needed > pilot ? needed : pilot;
}

size_t stein_blocks(const double *pilot, size_t n, double half_width)
{
	return stein_blocks_for(standard_deviation(pilot, n), n, half_width);
}
