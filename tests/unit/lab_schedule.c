// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks in balanced random order, kept in a file and found again; and whether two boots are the
 * same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/alloc.h"
#include "runner/lab/repeat.h"
#include "runner/schedule.h"

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lab-schedule-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	char *command = xasprintf("rm -rf '%s'", folder);
	int rc = system(command);

	(void)state;
	free(command);
	return rc;
}

/* -------------------------------------------------------------------- schedule */

static void every_block_has_every_kernel_once(void **state)
{
	struct schedule s;

	(void)state;
	schedule_make(&s, 3, 5, 42);
	assert_int_equal(s.count, 15);
	for (size_t b = 0; b < 5; b++) {
		int seen = 0;

		for (size_t p = 0; p < 3; p++) {
			const struct planned_boot *boot = &s.boots[b * 3 + p];

			assert_int_equal(boot->index, b);
			assert_int_equal(boot->position, p);
			seen |= 1 << boot->kernel;
		}
		assert_int_equal(seen, 7);
	}
	schedule_free(&s);
}

static void pairs_of_blocks_are_balanced(void **state)
{
	struct schedule s;

	(void)state;
	for (uint64_t seed = 1; seed < 50; seed++) {
		schedule_make(&s, 2, 10, seed);
		for (size_t b = 0; b < 10; b += 2) {
			assert_int_equal(s.boots[2 * b].kernel, s.boots[2 * b + 3].kernel);
			assert_int_equal(s.boots[2 * b + 1].kernel, s.boots[2 * b + 2].kernel);
		}
		schedule_free(&s);
	}
}

static void a_longer_schedule_keeps_what_it_had(void **state)
{
	struct schedule s, whole;

	(void)state;
	schedule_make(&whole, 3, 12, 7);
	schedule_make(&s, 3, 9, 7);
	s.boots[4].state = BOOT_DONE;
	for (size_t i = 0; i < s.count; i++)
		strcpy(whole.boots[i].boot_id, s.boots[i].boot_id);
	schedule_extend(&s, 3, 12);
	assert_int_equal(s.count, 36);
	assert_int_equal(s.boots[4].state, BOOT_DONE);
	for (size_t i = 0; i < s.count; i++) {
		assert_int_equal(s.boots[i].kernel, whole.boots[i].kernel);
		assert_int_equal(s.boots[i].index, i / 3);
		if (i < 27)
			assert_string_equal(s.boots[i].boot_id, whole.boots[i].boot_id);
		else
			assert_int_equal(s.boots[i].state, BOOT_WAITING);
	}
	schedule_free(&s);
	schedule_free(&whole);
}

static void the_first_of_a_pair_is_random(void **state)
{
	int first = 0;
	struct schedule s;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		schedule_make(&s, 2, 2, seed);
		first += s.boots[0].kernel;
		schedule_free(&s);
	}
	/* 200 fair coins: outside of this once in 10^7. */
	assert_in_range(first, 63, 137);
}

static void a_seed_gives_an_order_and_boots_have_names(void **state)
{
	struct schedule a, b;

	(void)state;
	schedule_make(&a, 4, 20, 7);
	schedule_make(&b, 4, 20, 7);
	for (size_t i = 0; i < a.count; i++) {
		assert_int_equal(a.boots[i].kernel, b.boots[i].kernel);
		assert_int_equal(strlen(a.boots[i].boot_id), 36);
		assert_string_not_equal(a.boots[i].boot_id, b.boots[i].boot_id);
	}
	schedule_free(&a);
	schedule_free(&b);
}

static void a_schedule_is_found_by_what_it_measures(void **state)
{
	json_t *what = json_pack("{s:s}", "kernels", "one"),
	       *other = json_pack("{s:s}", "kernels", "two");
	struct schedule made, found;

	(void)state;
	assert_int_equal(schedule_find(&found, folder, what), -1);
	schedule_make(&made, 2, 3, 9);
	assert_int_equal(schedule_save(&made, folder, what), 0);
	assert_int_equal(schedule_find(&found, folder, other), -1);
	assert_int_equal(schedule_find(&found, folder, what), 0);
	assert_string_equal(found.id, made.id);
	assert_int_equal(found.seed, 9);
	assert_int_equal(found.count, made.count);
	for (size_t i = 0; i < made.count; i++) {
		assert_string_equal(found.boots[i].boot_id, made.boots[i].boot_id);
		assert_int_equal(found.boots[i].kernel, made.boots[i].kernel);
		assert_int_equal(found.boots[i].state, BOOT_WAITING);
	}
	schedule_free(&found);
	schedule_free(&made);
	json_decref(what);
	json_decref(other);
}

static void a_broken_schedule_file_is_not_found(void **state)
{
	json_t *what = json_pack("{s:s}", "kernels", "one");
	char *path = xasprintf("%s/lab-0badf00d.json", folder);
	FILE *f = fopen(path, "w");
	struct schedule found;

	(void)state;
	fputs("{\"schedule\":\"0badf00d\",\"seed\":1,\"what\":{\"kernels\":\"one\"},\"boots\":[{}]"
	      "}",
	      f);
	fclose(f);
	assert_int_equal(schedule_find(&found, folder, what), -1);
	free(path);
	json_decref(what);
}

/* -------------------------------------------------------------------- repeats */

#define RUN_A                                                                                      \
	"{\"record\":\"run\",\"label\":\"a\",\"boot_id\":\"1\",\"start\":\"x\",\"mode\":"          \
	"\"unrepeated\",\"seed\":1}\n"
#define RUN_B                                                                                      \
	"{\"record\":\"run\",\"label\":\"b\",\"boot_id\":\"2\",\"start\":\"y\",\"mode\":"          \
	"\"exact\",\"seed\":1}\n"
#define RUN_C                                                                                      \
	"{\"record\":\"run\",\"label\":\"b\",\"boot_id\":\"2\",\"start\":\"y\",\"mode\":"          \
	"\"exact\",\"seed\":2}\n"
#define SAMPLE_1                                                                                   \
	"{\"record\":\"samples\",\"workload\":\"fork/"                                             \
	"vmas\",\"params\":{\"vmas\":1},\"metric\":\"fork\",\"values\":[1,2]}\n"
#define SAMPLE_2                                                                                   \
	"{\"record\":\"samples\",\"workload\":\"fork/"                                             \
	"vmas\",\"params\":{\"vmas\":1},\"metric\":\"fork\",\"values\":[1,3]}\n"
#define END "{\"record\":\"end\",\"status\":0}\n"

static char *write_file(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

/* Compares two texts; returns what repeat_compare() did, with the difference in *why. */
static int compare(const char *first, const char *second, char **why)
{
	char *a = write_file("a.jsonl", first), *b = write_file("b.jsonl", second);
	int rc = repeat_compare(a, b, why);

	free(a);
	free(b);
	return rc;
}

static void what_the_host_writes_does_not_count(void **state)
{
	char *why;

	(void)state;
	assert_int_equal(compare(RUN_A SAMPLE_1 END, RUN_B SAMPLE_1 END, &why), 0);
	free(why);
}

static void everything_else_counts_and_is_named(void **state)
{
	char *why;

	(void)state;
	assert_int_equal(compare(RUN_A SAMPLE_1 END, RUN_C SAMPLE_1 END, &why), 1);
	assert_non_null(strstr(why, "run.seed: 1, then 2"));
	free(why);
	assert_int_equal(compare(RUN_A SAMPLE_1 END, RUN_B SAMPLE_2 END, &why), 1);
	assert_non_null(strstr(why, "samples of fork/vmas {\"vmas\":1} fork.values[1]: 2, then 3"));
	free(why);
	assert_int_equal(compare(RUN_A SAMPLE_1 END, RUN_B END, &why), 1);
	free(why);
	assert_int_equal(compare(RUN_A END, RUN_B SAMPLE_1 END, &why), 1);
	free(why);
}

static void many_differences_are_counted(void **state)
{
	char *why;

	(void)state;
	assert_int_equal(
		compare(RUN_A SAMPLE_1 SAMPLE_1 SAMPLE_1 SAMPLE_1 SAMPLE_1 SAMPLE_1 SAMPLE_1 END,
			RUN_B SAMPLE_2 SAMPLE_2 SAMPLE_2 SAMPLE_2 SAMPLE_2 SAMPLE_2 SAMPLE_2 END,
			&why),
		1);
	assert_non_null(strstr(why, "and 2 more"));
	free(why);
}

static void the_mode_is_rewritten_and_nothing_else(void **state)
{
	char *path = write_file("m.jsonl", RUN_A SAMPLE_1 END),
	     *other = write_file("n.jsonl", RUN_A SAMPLE_1 END);
	char line[512], *why;
	FILE *f;

	(void)state;
	assert_int_equal(repeat_set_mode(path, "exact"), 0);
	f = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(strstr(line, "\"mode\":\"exact\""));
	fclose(f);
	assert_int_equal(repeat_compare(path, other, &why), 0);
	free(why);
	assert_int_equal(repeat_set_mode("/nowhere/x.jsonl", "exact"), -1);
	free(path);
	free(other);
}

static void the_state_of_a_boot_is_in_its_file(void **state)
{
	static const struct {
		const char *text;
		enum file_state state;
	} cases[] = {
		{ RUN_A SAMPLE_1 END, FILE_WHOLE },
		{ RUN_A SAMPLE_1, FILE_CUT },
		{ "", FILE_CUT },
		{ RUN_A "{\"record\":\"en", FILE_CUT },
		{ RUN_A "{\"record\":\"end\",\"status\":0}", FILE_CUT }, /* no newline */
		{ RUN_A "{\"record\":\"boot_failed\"}\n", FILE_FAILED },
		{ "{\"record\":\"boot_failed\"}\n", FILE_FAILED },
	};
	char *found;

	(void)state;
	assert_int_equal(record_file_of(folder, &found), FILE_NONE);
	assert_null(found);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path = write_file("20260101T000000Z-1.jsonl", cases[i].text);

		assert_int_equal(record_file_of(folder, &found), cases[i].state);
		assert_string_equal(found, path);
		free(found);
		free(path);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_block_has_every_kernel_once),
		TEST(pairs_of_blocks_are_balanced),
		TEST(a_longer_schedule_keeps_what_it_had),
		TEST(the_first_of_a_pair_is_random),
		TEST(a_seed_gives_an_order_and_boots_have_names),
		TEST(a_schedule_is_found_by_what_it_measures),
		TEST(a_broken_schedule_file_is_not_found),
		TEST(what_the_host_writes_does_not_count),
		TEST(everything_else_counts_and_is_named),
		TEST(many_differences_are_counted),
		TEST(the_mode_is_rewritten_and_nothing_else),
		TEST(the_state_of_a_boot_is_in_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
