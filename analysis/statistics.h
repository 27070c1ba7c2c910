/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What do these numbers say? Pure functions of numbers; docs/method.md says why these.
 */
#ifndef RMAPBENCH_STATISTICS_H
#define RMAPBENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* Of `count` > 0 values, which it sorts in place. Even counts: mean of the two in the middle. */
double median(double *values, size_t count);
/*
 * The q-quantile, 0 <= q <= 1, of sorted values: linear between order statistics (type 7 of
 * Hyndman and Fan 1996, the default of R).
 */
double quantile_sorted(const double *sorted, size_t count, double q);
double mean(const double *values, size_t count);
/* Sample standard deviation (n - 1); 0 for fewer than two. */
double standard_deviation(const double *values, size_t count);
/* exp of the mean of logs; values must be above 0. */
double geometric_mean(const double *values, size_t count);

/*
 * Center of the values of boots with its 95% interval: geometric where all are above 0, else
 * arithmetic. The interval is NAN for one boot.
 */
struct center {
	double value, low, high;
};
struct center center_of(const double *values, size_t count);

/* A ratio new / base with what is known about it. Fields that cannot be had are NAN. */
struct estimate {
	bool paired;
	size_t n_base, n_new; /* boots; the same if paired */
	double base, new;     /* geometric means over those boots, in the metric's unit */
	double ratio;
	double log_ratio, standard_error, df; /* of log_ratio; df of its Student t */
	double low, high;		      /* 95% interval of the ratio */
	double p;			      /* two-sided, Student t */
	double p_sign_flip;		      /* two-sided; paired only */
	double smallest; /* smallest detectable change at 80% power, as a share: .01 is 1% */
};

/*
 * Values are estimates of one boot each, above 0. Paired: base[i] and new[i] are of one block.
 * With one boot a side there is a ratio and nothing else. `seed` is for the sign flips of more
 * than SIGN_FLIP_EXACT blocks.
 */
enum { SIGN_FLIP_EXACT = 20, SIGN_FLIP_DRAWS = 20000 };
struct estimate estimate_paired(const double *base, const double *new, size_t n,
				unsigned long seed);
struct estimate estimate_unpaired(const double *base, size_t n_base, const double *new,
				  size_t n_new);
/*
 * The mean of several machines' log ratios, each machine counting the same, whatever its number of
 * boots; degrees of freedom by Welch and Satterthwaite.
 */
struct estimate estimate_combined(const struct estimate *machines, size_t count);

/*
 * Two-sided p of "the signs of d are random": the share of all 2^n sign patterns (of
 * SIGN_FLIP_DRAWS random ones and the one seen, where n > SIGN_FLIP_EXACT) whose sum is at least as
 * far from 0 as the one seen.
 */
double sign_flip_p(const double *d, size_t n, unsigned long seed);

/* p values adjusted for being many: Holm 1979 (any error), Benjamini and Hochberg 1995 (share of
 * false ones). `adjusted` may be `p`. NAN stays NAN and does not count. */
void adjust_holm(const double *p, double *adjusted, size_t count);
void adjust_benjamini_hochberg(const double *p, double *adjusted, size_t count);

/*
 * Stein 1945: blocks needed in all for a 95% interval of +-half_width (a share: .01 is 1%), from
 * the log ratios of the n pilot blocks. The pilot's standard deviation and its t stay in the final
 * interval: estimate_stein().
 */
size_t stein_blocks(const double *pilot, size_t n, double half_width);
/* The same from the standard deviation of the pilot's log ratios. */
size_t stein_blocks_for(double deviation, size_t pilot, double half_width);
/* The estimate after Stein's rule: all n log ratios' mean, with s and t of the first `pilot`. */
struct estimate estimate_stein(const double *base, const double *new, size_t n, size_t pilot,
			       unsigned long seed);

#endif
