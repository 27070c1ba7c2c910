// SPDX-License-Identifier: GPL-2.0-or-later
/* What tracefs says, and whose doing it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runner/coverage_measure.h"
#include "runner/coverage_probes.h"

static json_t *json(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	assert_non_null(j);
	return j;
}

/* Compares with JSON text and frees what was found. */
static void is(json_t *found, const char *text)
{
	json_t *wanted = json(text);

	if (!json_equal(found, wanted))
		fail_msg("%s is not %s", json_dumps(found, JSON_SORT_KEYS), text);
	json_decref(wanted);
	json_decref(found);
}

static void reads_kprobe_profile(void **state)
{
	json_t *hits = json_object();

	(void)state;
	parse_kprobe_profile(
		"  f0                                                       12          "
		"     0\n"
		"  f1                                                        0          "
		"     3\n",
		hits);
	is(hits, "{\"f0\":12, \"f1\":0}");
}

static void reads_function_stat(void **state)
{
	static const char graph[] = "  Function                               Hit    Time          "
				    "  Avg             s^2\n"
				    "  --------                               ---    ----          "
				    "  ---             ---\n"
				    "  anon_vma_interval_tree_iter_fi        1024    1283.1 us     "
				    "  1.253 us        0 us\n"
				    "  rmap_walk_anon                           7    25.7 us       "
				    "  3.6 us          0 us\n";
	static const char plain[] = "  Function                               Hit\n"
				    "  --------                               ---\n"
				    "  rmap_walk_anon                           5\n";
	json_t *hits = json_object();

	(void)state;
	parse_function_stat(graph, hits);
	parse_function_stat(plain, hits); /* another CPU's */
	is(hits, "{\"anon_vma_interval_tree_iter_fi\":1024, \"rmap_walk_anon\":12}");
}

static void reads_histograms(void **state)
{
	static const char text[] =
		"# event histogram\n#\n# trigger info: "
		"hist:keys=comm:vals=hitcount:sort=hitcount:size=256 [active]\n#\n\n"
		"{ comm: ksmd                                               } hitcount:          "
		"3\n"
		"{ comm: a } b                                              } hitcount:          "
		"1\n"
		"{ comm: wide                                               } hitcount:       "
		"1200\n"
		"\nTotals:\n    Hits: 1204\n    Entries: 3\n    Dropped: 2\n";
	json_t *by = json_object();

	(void)state;
	assert_int_equal(parse_histogram(text, by), 2);
	is(by, "{\"ksmd\":3, \"a } b\":1, \"wide\":1200}");
}

static void takes_differences(void **state)
{
	json_t *before =
		json("{\"f\":{\"hits\":10, \"by\":{\"a\":4, \"b\":6}}, \"g\":{\"hits\":5}}");
	json_t *after = json("{\"f\":{\"hits\":13, \"by\":{\"a\":4, \"b\":7, \"c\":2}},"
			     " \"g\":{\"hits\":5}, \"h\":{\"hits\":2}}");

	(void)state;
	is(hits_since(before, after),
	   "{\"f\":{\"hits\":3, \"by\":{\"b\":1, \"c\":2}}, \"h\":{\"hits\":2}}");
	json_decref(before);
	json_decref(after);
}

static void names_kinds_of_tasks(void **state)
{
	static const char *const pairs[][2] = {
		{ "kworker/u4:1-ev", "kworker" },
		{ "kswapd0", "kswapd" },
		{ "kdamond.0", "kdamond" },
		{ "ksmd", "ksmd" },
		{ "7", "7" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		char *kind = task_kind(pairs[i][0]);

		assert_string_equal(kind, pairs[i][1]);
		free(kind);
	}
}

/* Own calls count beyond those of a start, threads' beyond their background, strangers' never. */
static void attributes_calls(void **state)
{
	json_t *hits = json("{\"walk\":{\"hits\":107, \"by\":{\"wide\":50, \"kswapd0\":4, "
			    "\"kswapd1\":3, \"bash\":50}},"
			    " \"start\":{\"hits\":5, \"by\":{\"wide\":5}},"
			    " \"noise\":{\"hits\":9, \"by\":{\"bash\":6, \"ksmd\":3}}}");
	json_t *control = json("{\"walk\":{\"hits\":62, \"by\":{\"null\":10, \"kswapd0\":2, "
			       "\"bash\":50}},"
			       " \"start\":{\"hits\":5, \"by\":{\"null\":5}},"
			       " \"noise\":{\"hits\":4, \"by\":{\"ksmd\":4}}}");
	json_t *strangers = json("{\"bash\":true}");

	(void)state;
	is(hits_attributed(hits, control, "wide", "null", strangers),
	   "{\"walk\":{\"hits\":107, \"control\":62, \"net\":45, \"by\":{\"self\":40, "
	   "\"kswapd\":5}},"
	   " \"start\":{\"hits\":5, \"control\":5, \"net\":0, \"by\":{}},"
	   " \"noise\":{\"hits\":9, \"control\":4, \"net\":0, \"by\":{}}}");
	json_decref(hits);
	json_decref(control);
	json_decref(strangers);
}

/* Where nobody knows who called, what is clearly beyond the still time counts. */
static void subtracts_without_tasks(void **state)
{
	json_t *hits = json("{\"walk\":{\"hits\":100}, \"start\":{\"hits\":5}, "
			    "\"once\":{\"hits\":1}, \"noise\":{\"hits\":29}, "
			    "\"more\":{\"hits\":149}, \"enough\":{\"hits\":150}}");
	json_t *control = json("{\"walk\":{\"hits\":1}, \"start\":{\"hits\":6}, "
			       "\"noise\":{\"hits\":24}, \"more\":{\"hits\":100}, "
			       "\"enough\":{\"hits\":100}}");
	json_t *strangers = json_object();

	(void)state;
	is(hits_attributed(hits, control, "wide", "null", strangers),
	   "{\"walk\":{\"hits\":100, \"control\":1, \"net\":99},"
	   " \"start\":{\"hits\":5, \"control\":6, \"net\":0},"
	   " \"once\":{\"hits\":1, \"control\":0, \"net\":1},"
	   " \"noise\":{\"hits\":29, \"control\":24, \"net\":0},"
	   " \"more\":{\"hits\":149, \"control\":100, \"net\":0},"
	   " \"enough\":{\"hits\":150, \"control\":100, \"net\":50}}");
	json_decref(hits);
	json_decref(control);
	json_decref(strangers);
}

static void knows_its_methods(void **state)
{
	enum probe_method m;

	(void)state;
	assert_true(probe_method_parse("profiler", &m));
	assert_int_equal(m, PROBE_PROFILER);
	assert_true(probe_method_parse("auto", &m));
	assert_int_equal(m, PROBE_AUTO);
	assert_false(probe_method_parse("perf", &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_kprobe_profile),	   cmocka_unit_test(reads_function_stat),
		cmocka_unit_test(reads_histograms),	   cmocka_unit_test(takes_differences),
		cmocka_unit_test(names_kinds_of_tasks),	   cmocka_unit_test(attributes_calls),
		cmocka_unit_test(subtracts_without_tasks), cmocka_unit_test(knows_its_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
