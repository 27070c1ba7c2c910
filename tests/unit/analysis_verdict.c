// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What may be said of an estimate, what a boot says of its processes, and parameters as text.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>

#include "analysis/boot_estimate.h"
#include "analysis/objects.h"
#include "analysis/params.h"
#include "analysis/units.h"
#include "analysis/verdict.h"

/* cmocka 1.1 compares float, which is too coarse. */
#define assert_near(seen, wanted, within) assert_true(fabs((seen) - (wanted)) <= (within))

static struct estimate estimate(double low, double high)
{
	double middle = (log(low) + log(high)) / 2;

	return (struct estimate){ .n_base = 5,
				  .n_new = 5,
				  .base = 100,
				  .new = 100 * exp(middle),
				  .ratio = exp(middle),
				  .log_ratio = middle,
				  .low = low,
				  .high = high,
				  .p = .5 };
}

static void verdicts(void **state)
{
	struct estimate slower = estimate(1.04, 1.06), none = estimate(.985, 1.019);
	struct estimate wide = estimate(.985, 1.021),
			single = { .n_base = 1, .n_new = 1, .p = NAN };
	struct estimate no_log = { .n_base = 4, .n_new = 4, .p = NAN };

	(void)state;
	assert_int_equal(judge(&slower, .05, true, .02), WORSE);
	assert_int_equal(judge(&slower, .05, false, .02), BETTER);
	assert_int_equal(judge(&slower, .051, true, .02), INCONCLUSIVE);
	assert_int_equal(judge(&none, .5, true, .02), NO_CHANGE);
	assert_int_equal(judge(&wide, .5, true, .02), INCONCLUSIVE);
	assert_int_equal(judge(&wide, .5, true, .03), NO_CHANGE);
	/* a real change, however small, is no "no change" */
	assert_int_equal(judge(&none, .01, true, .02), WORSE);
	assert_int_equal(judge(&single, NAN, true, .02), NO_INTERVAL);
	assert_int_equal(judge(&no_log, NAN, true, .02), INCONCLUSIVE);
}

static void regressions(void **state)
{
	struct row row = { .lower_is_better = true, .verdict = WORSE, .e = estimate(1.04, 1.06) };

	(void)state;
	assert_true(is_regression(&row, .02));
	assert_false(is_regression(&row, .1));
	row.verdict = INCONCLUSIVE;
	assert_false(is_regression(&row, .02));
	row.verdict = DIFFERENT;
	assert_true(is_regression(&row, .02));
	row.lower_is_better = false;
	assert_false(is_regression(&row, .02));
	/* from nothing to something has no ratio, and is worse all the same */
	row = (struct row){ .lower_is_better = true,
			    .verdict = DIFFERENT,
			    .e = { .new = 5, .ratio = NAN } };
	assert_true(is_regression(&row, .02));
}

static struct boot_estimate of(enum kind kind, double *value, double *work, size_t count,
			       double *second, size_t second_count)
{
	struct values processes[] = { { 0, count, value, work },
				      { 1, second_count, second, NULL } };
	struct measurement m = { .kind = kind,
				 .processes = processes,
				 .process_count = second ? 2 : 1 };

	return boot_estimate(&m);
}

static void boots(void **state)
{
	double v[] = { 1, 9, 2 }, w[] = { 10, 10, 10 }, other[] = { 4 }, same[] = { 2 }, many[200];
	struct boot_estimate b = of(KIND_LATENCY, v, NULL, 3, other, 1);

	(void)state;
	assert_near(b.typical, 3, 0); /* mean of the medians 2 and 4 */
	assert_true(isnan(b.p99) && !b.all_equal);
	assert_near(v[1], 9, 0); /* the order of samples stays */
	assert_true(of(KIND_COUNT, v, NULL, 3, same, 1).all_equal);
	assert_near(of(KIND_THROUGHPUT, v, w, 3, NULL, 0).typical, 30 / 12. * 1e9, 1e-3);
	assert_near(of(KIND_PATH_LENGTH, v, w, 3, NULL, 0).typical, .4, 1e-12);
	assert_true(isnan(of(KIND_LATENCY, v, NULL, 0, NULL, 0).typical));
	w[0] = w[1] = w[2] = 0;
	assert_true(isnan(of(KIND_PATH_LENGTH, v, w, 3, NULL, 0).typical));
	for (int i = 0; i < 200; i++)
		many[i] = i;
	assert_near(of(KIND_LATENCY, many, NULL, 200, NULL, 0).p99, 197.01, 1e-9);
	assert_true(isnan(of(KIND_LATENCY, many, NULL, 99, NULL, 0).p99));
}

static void byte_figures_are_three(void **state)
{
	struct slab_count s = {
		.delta = 10, .object_size = 104, .slab_size = 112, .slab_bytes_delta = 8192
	};

	(void)state;
	assert_near(slab_figure(&s, SLAB_OBJECTS), 10, 0);
	assert_near(slab_figure(&s, SLAB_OBJECT_BYTES), 1040, 0);
	assert_near(slab_figure(&s, SLAB_SLOT_BYTES), 1120, 0);
	assert_near(slab_figure(&s, SLAB_PAGE_BYTES), 8192, 0);
}

static char *line_of(const char *json)
{
	json_t *o = json_loads(json, JSON_DECODE_ANY, NULL);
	char *line = params_line(o);

	json_decref(o);
	return line;
}

static void assert_text(char *seen, const char *wanted)
{
	assert_string_equal(seen, wanted);
	free(seen);
}

static void parameters(void **state)
{
	const char *lines[] = { "a=1 b=2", "a=1 b=3" };
	json_t *text, *back = params_object("a=1 b=9223372036854775807");
	char **names = params_names("b=1 c=2");
	long v;

	(void)state;
	assert_text(line_of("{\"vmas\":64,\"children\":-4}"), "children=-4 vmas=64");
	assert_text(line_of("{}"), "");
	assert_null(line_of("{\"vmas\":1.5}"));
	assert_text(line_of("{\"n\":1,\"command\":\"sleep 0.2 % a=b\"}"),
		    "command=sleep%200.2%20%25%20a%3Db n=1");
	text = params_object("command=sleep%200.2%20%25%20a%3Db n=1");
	assert_string_equal(json_string_value(json_object_get(text, "command")), "sleep 0.2 % a=b");
	assert_int_equal(json_integer_value(json_object_get(text, "n")), 1);
	json_decref(text);
	assert_false(params_get("command=a n=1", "command", &v));
	assert_true(params_compare("c=a", "c=b") < 0);
	assert_null(line_of("[1]"));
	assert_int_equal(json_integer_value(json_object_get(back, "b")), 9223372036854775807);
	json_decref(back);
	assert_true(params_get("ab=3 b=4", "b", &v) && v == 4);
	assert_false(params_get("ab=3", "b", &v));
	assert_text(params_without("a=1 b=2 c=3", "b"), "a=1 c=3");
	assert_text(params_part(lines[0], lines, 2, true), "a=1");
	assert_text(params_part(lines[0], lines, 2, false), "b=2");
	assert_true(params_compare("a=4", "a=64") < 0);
	assert_true(params_compare("a=4 b=1", "a=4") > 0);
	assert_int_equal(params_compare("a=4", "a=4"), 0);
	assert_string_equal(names[1], "c");
	assert_null(names[2]);
	free(names[0]);
	free(names[1]);
	free(names);
}

static void units(void **state)
{
	(void)state;
	assert_string_equal(scale_for("ns", 999).prefix, "");
	assert_null(scale_for("ns", 999).unit);
	assert_string_equal(scale_for("ns", 1000).unit, "us");
	assert_string_equal(scale_for("ns", 2e9).unit, "s");
	assert_string_equal(scale_for("bytes", 4096).unit, "KiB");
	assert_string_equal(scale_for("instructions", 3e7).prefix, "1000 ");
	assert_near(scale_for("pages/s", INFINITY).divisor, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),   cmocka_unit_test(regressions),
		cmocka_unit_test(boots),      cmocka_unit_test(byte_figures_are_three),
		cmocka_unit_test(parameters), cmocka_unit_test(units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
