// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a plan and --set are resolved to. What is refused, and how it is told: tests/cli/run.bats.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runner/plan.h"

static struct descriptor workloads[2];
static const struct catalogue catalogue = { workloads, 2 };
static struct plan plan;

static int declare(void **state)
{
	(void)state;
	workloads[0].json = json_loads(
		"{\"workload\":\"a/b\",\"samples\":100,\"params\":["
		"{\"name\":\"size\",\"unit\":\"bytes\",\"default\":8,\"min\":0,\"max\":8589934592},"
		"{\"name\":\"count\",\"unit\":\"\",\"default\":2,\"min\":-5,\"max\":9}]}",
		0, NULL);
	workloads[1].json = json_loads("{\"workload\":\"c\",\"samples\":7,\"params\":["
				       "{\"name\":\"command\",\"type\":\"string\",\"unit\":\"\","
				       "\"default\":\"true\"}]}",
				       0, NULL);
	for (int i = 0; i < 2; i++)
		workloads[i].name =
			json_string_value(json_object_get(workloads[i].json, "workload"));
	return 0;
}

static int undeclare(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		json_decref(workloads[i].json);
	return 0;
}

/* Reads a plan of this text with up to two --set; returns what plan_read() does. */
static int read_plan(const char *text, const char *set, const char *set2)
{
	const char *sets[] = { set, set2 };
	char path[] = "/tmp/plan-XXXXXX";
	int fd = mkstemp(path), failed;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	failed = plan_read(&plan, path, &catalogue, NULL, 0, sets, !!set + !!set2);
	unlink(path);
	return failed;
}

static long param(size_t item, const char *name)
{
	return json_integer_value(json_object_get(plan.items[item].params, name));
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(read_plan("[a/b]\n", NULL, NULL), 0);
	assert_int_equal(plan.count, 1);
	assert_int_equal(param(0, "size"), 8);
	assert_int_equal(param(0, "count"), 2);
	assert_int_equal(plan.items[0].samples, 100);
	assert_int_equal(plan.items[0].processes, 3);
	assert_int_equal(plan.items[0].count_repeats, 3);
	assert_true(plan.fixed_layout);
	assert_int_equal(plan.memory_percent, 25);
	assert_int_equal(plan.cache_count, 3);
	assert_string_equal(plan.caches[2], "anon_vma_chain");
	/* Warm-up, one control and three counting passes, three timed. */
	assert_int_equal(plan_runs(&plan), 1 + 1 + 3 + 3);
	plan_free(&plan);
}

static void keys_of_run_and_of_a_workload(void **state)
{
	(void)state;
	assert_int_equal(read_plan("[run]\nprocesses = 5\nmemory = 40%\nseed = 1K\nseconds = 9\n"
				   "caches = x, y\nprimary = a/b:m c:n\ndrop_caches = 1\n"
				   "count_repeats = 0\n"
				   "[settings]\nthp = never\naslr = 2\n"
				   "[a/b]\nsamples = 3\nprocesses = 1\nseconds = 4\n[c]\n",
				   NULL, NULL),
			 0);
	assert_int_equal(plan.memory_percent, 40);
	assert_int_equal(plan.seed, 1024);
	assert_int_equal(plan.cache_count, 2);
	assert_string_equal(plan.caches[1], "y");
	assert_int_equal(json_array_size(plan.primary), 2);
	assert_true(plan.drop_caches);
	assert_false(plan.compact_memory);
	assert_false(plan.fixed_layout);
	assert_string_equal(json_string_value(json_object_get(plan.settings, "thp")), "never");
	assert_null(json_object_get(plan.settings, "aslr"));
	assert_int_equal(plan.items[0].samples, 3);
	assert_int_equal(plan.items[0].processes, 1);
	assert_true(plan.items[0].seconds == 4);
	assert_int_equal(plan.items[1].processes, 5);
	assert_true(plan.items[1].seconds == 9);
	/* Nothing is counted, so there is no control either. */
	assert_int_equal(plan_item_runs(&plan, &plan.items[0]), 2);
	assert_int_equal(plan_runs(&plan), 2 + 6);
	plan_free(&plan);
}

static void units_are_powers_of_1024(void **state)
{
	static const struct {
		const char *text;
		long value;
	} good[] = {
		{ "0", 0 }, { "4K", 4096 }, { "3M", 3145728 }, { "8G", 8589934592 }, { "+5", 5 }
	};
	static const char *const bad[] = { "9G",   "4k", "4KB", "K",   "-1",
					   "0x10", "1T", "1.5", "4 K", "18014398509481984K" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(text, sizeof(text), "[a/b]\nsize = %s\n", good[i].text);
		assert_int_equal(read_plan(text, NULL, NULL), 0);
		assert_int_equal(param(0, "size"), good[i].value);
		plan_free(&plan);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "[a/b]\nsize = %s\n", bad[i]);
		assert_int_equal(read_plan(text, NULL, NULL), -1);
	}
	assert_int_equal(read_plan("[a/b]\ncount = -5\n", NULL, NULL), 0);
	assert_int_equal(param(0, "count"), -5);
	plan_free(&plan);
	assert_int_equal(read_plan("[a/b]\ncount = -6\n", NULL, NULL), -1);
}

static void lists_give_every_combination_the_last_fastest(void **state)
{
	static const long wanted[][2] = {
		{ 1, 3 }, { 1, 4 }, { 2, 3 }, { 2, 4 }, { 1, 3 }, { 1, 4 }
	};

	(void)state;
	assert_int_equal(read_plan("[a/b]\nsize = 1,2 , 1\ncount = 3 4\n[c]\n", NULL, NULL), 0);
	assert_int_equal(plan.count, 7);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(param(i, "size"), wanted[i][0]);
		assert_int_equal(param(i, "count"), wanted[i][1]);
	}
	assert_string_equal(plan.items[6].workload->name, "c");
	plan_free(&plan);
}

static void titles(void **state)
{
	char *title;

	(void)state;
	assert_int_equal(read_plan("[a/b]\nsize = 3\n[c]\ncommand = ls -l, sort\n", NULL, NULL), 0);
	title = plan_item_title(&plan.items[0]);
	assert_string_equal(title, "a/b size=3 count=2");
	free(title);
	/* A string is no list. */
	title = plan_item_title(&plan.items[1]);
	assert_string_equal(title, "c command=ls -l, sort");
	free(title);
	plan_free(&plan);
}

static void sets_come_after_the_file(void **state)
{
	(void)state;
	assert_int_equal(read_plan("[a/b]\nsize = 1, 2\n", "a/b.size=6", "run.processes=9"), 0);
	assert_int_equal(plan.count, 1);
	assert_int_equal(param(0, "size"), 6);
	assert_int_equal(plan.items[0].processes, 9);
	plan_free(&plan);
	assert_int_equal(read_plan("[a/b]\n", "c.samples=3", NULL), 0);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.items[1].samples, 3);
	plan_free(&plan);
	assert_int_equal(read_plan("[a/b]\n", "a/b.size=1G", "a/b.weight=2"), -1);
}

static void at_most_four_primary_metrics(void **state)
{
	(void)state;
	assert_int_equal(read_plan("[run]\nprimary = a:1 a:2 a:3 a:4\n[a/b]\n", NULL, NULL), 0);
	plan_free(&plan);
	assert_int_equal(read_plan("[run]\nprimary = a:1 a:2 a:3 a:4 a:5\n[a/b]\n", NULL, NULL),
			 -1);
}

static void hash_of(const char *text, char hash[65])
{
	assert_int_equal(read_plan(text, NULL, NULL), 0);
	memcpy(hash, plan.hash, 65);
	plan_free(&plan);
}

static void the_hash_is_of_what_is_run(void **state)
{
	static const char *const others[] = {
		"[a/b]\nsize = 5\n",
		"[a/b]\nsize = 4\nsamples = 3\n",
		"[a/b]\nsize = 4\n[c]\n",
		"[a/b]\nsize = 4\nprocesses = 4\n",
		"[run]\nseed = 2\n[a/b]\nsize = 4\n",
		"[run]\ndrop_caches = 1\n[a/b]\nsize = 4\n",
		"[settings]\nthp = never\n[a/b]\nsize = 4\n",
		"[settings]\naslr = 2\n[a/b]\nsize = 4\n",
	};
	char one[65], other[65];

	(void)state;
	hash_of("[a/b]\nsize = 4\n", one);
	assert_int_equal(strlen(one), 64);
	hash_of("; a remark\n[run]\nseconds = 5\n[a/b]\ncount = 2\nsize=4 ; another\n", other);
	assert_string_equal(one, other);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		hash_of(others[i], other);
		assert_string_not_equal(one, other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(keys_of_run_and_of_a_workload),
		cmocka_unit_test(units_are_powers_of_1024),
		cmocka_unit_test(lists_give_every_combination_the_last_fastest),
		cmocka_unit_test(titles),
		cmocka_unit_test(sets_come_after_the_file),
		cmocka_unit_test(at_most_four_primary_metrics),
		cmocka_unit_test(the_hash_is_of_what_is_run),
	};

	return cmocka_run_group_tests_name("runner_plan", tests, declare, undeclare);
}
