// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Statistics against published figures and against cases that can be counted by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/statistics.h"

/* cmocka 1.1 compares float, which is too coarse. */
#define assert_near(seen, wanted, within) assert_true(fabs((seen) - (wanted)) <= (within))
#define LENGTH(array)			  (sizeof(array) / sizeof((array)[0]))

/* Hours of sleep that two drugs added, ten patients ("Student" 1908; R's data set `sleep`). */
static const double drug_1[] = { .7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2 };
static const double drug_2[] = { 1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4 };

static void exponentials(const double *from, double *to)
{
	for (size_t i = 0; i < LENGTH(drug_1); i++)
		to[i] = exp(from[i]);
}

static void paired_t_of_sleep(void **state)
{
	double base[10], new[10];
	struct estimate e;

	(void)state;
	exponentials(drug_1, base);
	exponentials(drug_2, new);
	e = estimate_paired(base, new, 10, 1);
	/* t.test(..., paired = TRUE): t = 4.0621, df = 9, p = 0.002833, 0.7001142 to 2.4598858 */
	assert_true(e.paired);
	assert_near(e.df, 9, 0);
	assert_near(e.log_ratio, 1.58, 1e-9);
	assert_near(e.log_ratio / e.standard_error, 4.0621, 5e-5);
	assert_near(e.p, .002833, 5e-7);
	assert_near(log(e.low), .7001142, 5e-8);
	assert_near(log(e.high), 2.4598858, 5e-8);
	assert_near(e.new / e.base, e.ratio, 1e-9);
}

static void welch_of_sleep(void **state)
{
	double base[10], new[10];
	struct estimate e;

	(void)state;
	exponentials(drug_1, base);
	exponentials(drug_2, new);
	e = estimate_unpaired(base, 10, new, 10);
	/* t.test(): t = -1.8608, df = 17.776, p = 0.07939, -3.3654832 to 0.2054832 */
	assert_false(e.paired);
	assert_near(e.df, 17.776, 5e-4);
	assert_near(e.p, .07939, 5e-6);
	assert_near(log(e.low), -.2054832, 5e-8);
	assert_near(log(e.high), 3.3654832, 5e-8);
	assert_true(isnan(e.p_sign_flip));
}

static void one_boot_is_a_ratio(void **state)
{
	const double base[] = { 100, 200, 300 }, new[] = { 110 };
	struct estimate e = estimate_paired(base, new, 1, 1);

	(void)state;
	assert_near(e.ratio, 1.1, 1e-12);
	assert_true(isnan(e.low) && isnan(e.high) && isnan(e.p) && isnan(e.smallest));
	e = estimate_unpaired(base, 3, new, 1);
	assert_near(e.ratio, 110 / cbrt(6e6), 1e-12);
	assert_true(isnan(e.low) && isnan(e.p));
}

static void no_noise_at_all(void **state)
{
	const double base[] = { 100, 100 }, same[] = { 100, 100 }, more[] = { 101, 101 };
	struct estimate e = estimate_paired(base, same, 2, 1);

	(void)state;
	assert_near(e.p, 1, 0);
	assert_near(e.low, 1, 0);
	e = estimate_unpaired(base, 2, more, 2);
	assert_near(e.p, 0, 0);
	assert_near(e.high, 1.01, 1e-12);
}

static void smallest_detectable_change(void **state)
{
	/* log ratios with mean 0 and a standard deviation of exactly 1% */
	double base[10], new[10], d = .01 * sqrt(9. / 10);
	struct estimate e;

	(void)state;
	for (int i = 0; i < 10; i++) {
		base[i] = 1;
		new[i] = exp(i % 2 ? d : -d);
	}
	e = estimate_paired(base, new, 10, 1);
	/* (t.975 + t.8) with 9 degrees of freedom: 2.262157 + 0.883404 */
	assert_near(e.smallest, expm1((2.262157 + .883404) * .01 / sqrt(10)), 1e-8);
}

static void sign_flips_counted_by_hand(void **state)
{
	const double three[] = { 1, 2, 3 }, four[] = { 1, 1, 1, 1 }, zero[] = { 0, 1 };
	const double six[] = { 5, 5, 5, 5, 5, -1 }, mixed[] = { 3, -1 };

	(void)state;
	assert_near(sign_flip_p(three, 3, 1), 2. / 8, 0);
	assert_near(sign_flip_p(four, 4, 1), 2. / 16, 0);
	assert_near(sign_flip_p(zero, 2, 1), 1, 0);
	assert_near(sign_flip_p(six, 6, 1), 4. / 64, 0);
	assert_near(sign_flip_p(mixed, 2, 1), 1, 0);
	assert_near(sign_flip_p(three, 1, 1), 1, 0);
	assert_true(isnan(sign_flip_p(three, 0, 1)));
}

/* All patterns, one by one. */
static double sign_flip_slowly(const double *d, size_t n)
{
	size_t extreme = 0;
	double seen = 0;

	for (size_t i = 0; i < n; i++)
		seen += d[i];
	for (uint32_t k = 0; k < UINT32_C(1) << n; k++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += k >> i & 1 ? -d[i] : d[i];
		extreme += fabs(sum) >= fabs(seen) - 1e-9;
	}
	return extreme / ldexp(1, n);
}

static void sign_flips_exact_and_sampled(void **state)
{
	double d[SIGN_FLIP_EXACT + 4], exact;

	(void)state;
	for (size_t i = 0; i < LENGTH(d); i++)
		d[i] = sin(7 * i) + .1;
	for (size_t n = 2; n <= 16; n += 7)
		assert_near(sign_flip_p(d, n, 1), sign_flip_slowly(d, n), 1e-12);
	assert_near(sign_flip_p(d, SIGN_FLIP_EXACT, 1), sign_flip_slowly(d, SIGN_FLIP_EXACT),
		    1e-12);
	/* over the limit: a sample, near the truth, the same for the same seed */
	exact = sign_flip_slowly(d, 22);
	assert_near(sign_flip_p(d, 22, 1), exact, 4 * sqrt(exact / SIGN_FLIP_DRAWS));
	assert_near(sign_flip_p(d, 22, 5), sign_flip_p(d, 22, 5), 0);
	assert_true(sign_flip_p(d, 22, 5) != sign_flip_p(d, 22, 6));
}

static void many_tests(void **state)
{
	const double p[] = { .01, NAN, .04, .03 };
	double a[4];

	(void)state;
	/* p.adjust(c(.01, .04, .03), "holm") and "BH" */
	adjust_holm(p, a, 4);
	assert_near(a[0], .03, 1e-12);
	assert_true(isnan(a[1]));
	assert_near(a[2], .06, 1e-12);
	assert_near(a[3], .06, 1e-12);
	adjust_benjamini_hochberg(p, a, 4);
	assert_near(a[0], .03, 1e-12);
	assert_true(isnan(a[1]));
	assert_near(a[2], .04, 1e-12);
	assert_near(a[3], .04, 1e-12);
	a[0] = .9;
	adjust_holm(a, a, 1);
	assert_near(a[0], .9, 0);
}

static void stein(void **state)
{
	double pilot[10], base[21], new[21], d = .02 * sqrt(9. / 10);
	struct estimate e;

	(void)state;
	for (int i = 0; i < 10; i++)
		pilot[i] = i % 2 ? d : -d;
	/* (2.262157 x .02 / ln 1.01)^2 = 20.67 */
	assert_int_equal(stein_blocks(pilot, 10, .01), 21);
	assert_int_equal(stein_blocks(pilot, 10, .5), 10);
	for (int i = 0; i < 21; i++) {
		base[i] = 1;
		new[i] = i < 10 ? exp(pilot[i]) : 1;
	}
	e = estimate_stein(base, new, 21, 10, 1);
	assert_near(e.df, 9, 0);
	assert_near(e.standard_error, .02 / sqrt(21), 1e-12);
	assert_true(e.high < 1.01);
	e = estimate_stein(base, new, 5, 10, 1);
	assert_true(isnan(e.p));
}

static void machines_combined(void **state)
{
	struct estimate m[2] = {
		{ .paired = true,
		  .n_base = 5,
		  .n_new = 5,
		  .base = 100,
		  .log_ratio = .1,
		  .standard_error = .01,
		  .df = 4 },
		{ .paired = true,
		  .n_base = 9,
		  .n_new = 9,
		  .base = 400,
		  .log_ratio = .2,
		  .standard_error = .02,
		  .df = 8 },
	};
	struct estimate e = estimate_combined(m, 2);

	(void)state;
	assert_near(e.log_ratio, .15, 1e-12);
	assert_near(e.base, 200, 1e-9);
	assert_near(e.standard_error, sqrt(.0005) / 2, 1e-12);
	assert_near(e.df, .0005 * .0005 / (1e-8 / 4 + 16e-8 / 8), 1e-6);
	m[1].standard_error = NAN;
	e = estimate_combined(m, 2);
	assert_true(isnan(e.p) && isnan(e.low));
	assert_near(e.log_ratio, .15, 1e-12);
}

static void order_statistics(void **state)
{
	double v[] = { 5, 1, 4, 2, 3 }, even[] = { 4, 1, 3, 2 };
	const double negative[] = { -1, 1, 3 };
	struct center c = center_of(negative, 3);

	(void)state;
	assert_near(median(v, 5), 3, 0);
	assert_near(quantile_sorted(v, 5, .99), 4.96, 1e-12);
	assert_near(quantile_sorted(v, 5, 1), 5, 0);
	assert_near(quantile_sorted(v, 1, .5), 1, 0);
	assert_near(median(even, 4), 2.5, 0);
	assert_near(geometric_mean((const double[]){ 1, 100 }, 2), 10, 1e-12);
	/* t(.975, 2) = 4.302653 */
	assert_near(c.value, 1, 0);
	assert_near(c.high, 1 + 4.302653 * 2 / sqrt(3), 1e-5);
	c = center_of((const double[]){ 1, 100 }, 2);
	assert_near(c.value, 10, 1e-12);
	assert_near(c.low * c.high, 100, 1e-6);
	assert_true(isnan(center_of(negative, 1).low));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paired_t_of_sleep),
		cmocka_unit_test(welch_of_sleep),
		cmocka_unit_test(one_boot_is_a_ratio),
		cmocka_unit_test(no_noise_at_all),
		cmocka_unit_test(smallest_detectable_change),
		cmocka_unit_test(sign_flips_counted_by_hand),
		cmocka_unit_test(sign_flips_exact_and_sampled),
		cmocka_unit_test(many_tests),
		cmocka_unit_test(stein),
		cmocka_unit_test(machines_combined),
		cmocka_unit_test(order_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
