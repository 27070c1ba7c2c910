// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is made of slab counts: exact or not and why, when to count again, and evidence by them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runner/count.h"

enum { BEFORE, POPULATED, HELD, AFTER };

static struct slab_cache caches[2];

static struct counting *fresh(long wanted)
{
	memset(caches, 0, sizeof(caches));
	for (int i = 0; i < 2; i++)
		caches[i] = (struct slab_cache){ .present = true,
						 .sysfs = true,
						 .object_size = 100,
						 .slab_size = 104,
						 .bytes_a_slab = 4096 };
	strcpy(caches[0].name, "anon_vma");
	strcpy(caches[1].name, "anon_vma_chain");
	return counting_new(caches, 2, wanted);
}

static void pass(struct slab_count (*counts)[MAX_CACHES], long first, long second)
{
	const long growth[2] = { first, second };

	for (int point = 0; point < POINTS; point++) {
		for (int i = 0; i < 2; i++)
			counts[point][i] =
				(struct slab_count){ .objects =
							     1000 + (point == HELD ? growth[i] : 0),
						     .slabs = 10 + (point == HELD),
						     .settled = true };
	}
}

/* A counting pass: growth of the two caches from `before` to `held`. */
static void repeat(struct counting *c, long first, long second)
{
	for (int point = 0; point < POINTS; point++)
		c->seen[point] = true;
	pass(c->work[c->repeats++], first, second);
}

static void control(struct counting *c, long first)
{
	pass(c->control[c->controls++], first, 0);
}

/* The record of a cache at a point, borrowed; NULL if there is none. */
static json_t *find(json_t *records, const char *cache, const char *point)
{
	json_t *record;
	size_t i;

	json_array_foreach (records, i, record) {
		if (!strcmp(json_string_value(json_object_get(record, "cache")), cache) &&
		    !strcmp(json_string_value(json_object_get(record, "point")), point))
			return record;
	}
	return NULL;
}

/* `anon_vma` at `held`: how much it grew, and why that is not exact (NULL: it is). Frees c. */
static void expect(struct counting *c, long delta, const char *because)
{
	json_t *records = counting_records(c), *record = find(records, "anon_vma", "held"), *why;

	assert_non_null(record);
	assert_int_equal(json_integer_value(json_object_get(record, "delta")), delta);
	why = json_object_get(record, "inexact_because");
	if (because)
		assert_string_equal(json_string_value(why), because);
	else
		assert_true(json_is_null(why));
	assert_int_equal(json_is_true(json_object_get(record, "exact")), !because);
	json_decref(records);
	counting_free(c);
}

static json_t *evidence(const char *counter, const char *relation, long wanted)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s}", "counter", counter, "relation", relation,
			 "wanted", (json_int_t)wanted, "from", "populated", "to", "held", "why",
			 "a test");
}

/* Judges evidence on anon_vma. */
static void judge(struct counting *c, const char *relation, long wanted, bool held, bool undecided)
{
	json_t *e = evidence("slab:anon_vma", relation, wanted);

	assert_int_equal(counting_judge(c, e), held || undecided);
	assert_int_equal(json_is_true(json_object_get(e, "held")), held);
	assert_int_equal(json_is_true(json_object_get(e, "undecided")), undecided);
	json_decref(e);
}

static void agreeing_repeats_are_exact(void **state)
{
	struct counting *c = fresh(3);
	json_t *records, *record;

	(void)state;
	control(c, 0);
	for (int i = 0; i < 3; i++) {
		assert_true(counting_goes_on(c));
		repeat(c, 64, 128);
	}
	assert_false(counting_goes_on(c));
	c->model[HELD] = json_pack("{s:i}", "anon_vma", 65);
	records = counting_records(c);
	assert_int_equal(json_array_size(records), 2 * POINTS);
	record = find(records, "anon_vma", "held");
	assert_int_equal(json_integer_value(json_object_get(record, "objects")), 1064);
	assert_int_equal(json_array_size(json_object_get(record, "repeats")), 3);
	assert_int_equal(json_array_size(json_object_get(record, "control")), 1);
	assert_int_equal(json_integer_value(json_object_get(record, "slab_bytes")), 11 * 4096);
	assert_int_equal(json_integer_value(json_object_get(record, "slab_bytes_delta")), 4096);
	assert_int_equal(json_integer_value(json_object_get(record, "model")), 65);
	assert_true(
		json_is_null(json_object_get(find(records, "anon_vma_chain", "held"), "model")));
	json_decref(records);
	expect(c, 64, NULL);
}

static void differing_repeats_are_repeated_until_they_agree(void **state)
{
	struct counting *c = fresh(3);

	(void)state;
	repeat(c, 64, 128);
	repeat(c, 71, 128);
	repeat(c, 64, 128);
	assert_true(counting_goes_on(c));
	repeat(c, 64, 128);
	assert_true(counting_goes_on(c));
	repeat(c, 64, 128);
	assert_false(counting_goes_on(c));
	expect(c, 64, NULL);
}

static void repeats_that_never_agree_end_and_are_not_exact(void **state)
{
	struct counting *c = fresh(3);

	(void)state;
	for (int i = 0; i < 12; i++) {
		assert_true(counting_goes_on(c));
		repeat(c, 60 + i, 128);
	}
	assert_false(counting_goes_on(c));
	/* Of 60..71 the lower one of the two in the middle. */
	expect(c, 65, "repeats differ");
}

static void one_repeat_proves_nothing(void **state)
{
	struct counting *c = fresh(1);

	(void)state;
	repeat(c, 64, 128);
	assert_false(counting_goes_on(c));
	expect(c, 64, "not repeated");
}

static void a_control_that_drifts_is_outweighed_by_three_repeats(void **state)
{
	struct counting *c = fresh(2);

	(void)state;
	control(c, 1);
	repeat(c, 64, 128);
	repeat(c, 64, 128);
	expect(c, 64, "control drifts");
	c = fresh(3);
	control(c, 1);
	for (int i = 0; i < 3; i++)
		repeat(c, 64, 128);
	expect(c, 64, NULL);
}

static void a_merged_cache_is_never_exact_and_never_waited_for(void **state)
{
	struct counting *c = fresh(2);

	(void)state;
	caches[1].aliases = (char *)"filp cred";
	repeat(c, 64, 128);
	repeat(c, 64, 140);
	assert_false(counting_goes_on(c));
	caches[0].aliases = (char *)"filp cred";
	expect(c, 64, "merged");
}

static void without_sysfs_nothing_is_exact(void **state)
{
	struct counting *c = fresh(2);

	(void)state;
	caches[0].sysfs = caches[1].sysfs = false;
	repeat(c, 64, 128);
	repeat(c, 64, 128);
	/* What looks live may be free: evidence may be proven, but not disproven. */
	judge(c, ">=", 64, true, false);
	judge(c, ">=", 90, false, true);
	expect(c, 64, "no sysfs");
}

static void a_count_that_never_settled_is_not_exact(void **state)
{
	struct counting *c = fresh(2);

	(void)state;
	repeat(c, 64, 128);
	repeat(c, 64, 128);
	c->work[1][HELD][0].settled = false;
	expect(c, 64, "never settled");
	c = fresh(2);
	repeat(c, 64, 128);
	repeat(c, 64, 128);
	c->work[0][BEFORE][0].settled = false;
	expect(c, 64, "never settled");
}

static void what_was_not_seen_has_no_record(void **state)
{
	struct counting *c = fresh(2);
	json_t *records;

	(void)state;
	repeat(c, 64, 128);
	repeat(c, 64, 128);
	c->seen[POPULATED] = false;
	caches[1].present = false;
	records = counting_records(c);
	assert_int_equal(json_array_size(records), POINTS - 1);
	assert_null(find(records, "anon_vma", "populated"));
	assert_null(find(records, "anon_vma_chain", "held"));
	json_decref(records);
	counting_free(c);
	c = fresh(2);
	records = counting_records(c);
	assert_int_equal(json_array_size(records), 0);
	json_decref(records);
	counting_free(c);
}

static void a_cache_that_cannot_be_counted_ends_it(void **state)
{
	struct counting *c = fresh(3);

	(void)state;
	c->failed = "no";
	assert_false(counting_goes_on(c));
	counting_free(c);
}

static void evidence_is_judged_to_the_object(void **state)
{
	struct counting *c = fresh(2);
	json_t *e;

	(void)state;
	repeat(c, 64, 128);
	repeat(c, 64, 128);
	judge(c, "==", 64, true, false);
	judge(c, "==", 63, false, false);
	judge(c, ">=", 64, true, false);
	judge(c, ">=", 65, false, false);
	judge(c, "<=", 64, true, false);
	judge(c, "<=", 63, false, false);
	e = evidence("slab:anon_vma_chain", "==", 128);
	assert_true(counting_judge(c, e));
	assert_int_equal(json_integer_value(json_object_get(e, "seen")), 128);
	assert_int_equal(json_integer_value(json_object_get(e, "noise")), 0);
	json_decref(e);
	counting_free(c);
}

static void repeats_that_differed_before_leave_a_miss_undecided(void **state)
{
	struct counting *c = fresh(2);

	(void)state;
	repeat(c, 99, 128);
	repeat(c, 64, 128);
	repeat(c, 64, 128);
	judge(c, "==", 64, true, false); /* two that agree on it outweigh the one */
	judge(c, "==", 63, false, true);
	judge(c, "==", 100, false, false); /* further off than the repeats are apart */
	counting_free(c);
}

static void evidence_may_miss_by_the_noise(void **state)
{
	struct counting *c = fresh(2);

	(void)state;
	repeat(c, 60, 128);
	repeat(c, 64, 128); /* median 60, noise 4 */
	judge(c, ">=", 64, true, false);
	judge(c, ">=", 65, false, false);
	judge(c, "==", 56, true, false);
	judge(c, "==", 55, false, false);
	judge(c, "<=", 55, false, false);
	/* What is wanted drowns in it. */
	judge(c, ">=", 4, false, true);
	judge(c, ">=", 5, true, false);
	counting_free(c);
}

static void evidence_of_work_that_was_not_done_fails(void **state)
{
	struct counting *c = fresh(2);
	json_t *e = evidence("slab:anon_vma", ">=", 0);

	(void)state;
	repeat(c, 64, 128);
	repeat(c, 64, 128);
	json_object_set_new(e, "idle", json_true());
	assert_false(counting_judge(c, e));
	assert_false(json_is_true(json_object_get(e, "held")));
	json_decref(e);
	counting_free(c);
}

static void evidence_on_what_is_not_counted_is_undecided(void **state)
{
	struct counting *c = fresh(2);
	json_t *e = evidence("slab:vm_area_struct", ">=", 1);

	(void)state;
	repeat(c, 64, 128);
	repeat(c, 64, 128);
	assert_true(counting_judge(c, e));
	assert_false(json_is_true(json_object_get(e, "held")));
	assert_true(json_is_true(json_object_get(e, "undecided")));
	json_decref(e);
	counting_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agreeing_repeats_are_exact),
		cmocka_unit_test(differing_repeats_are_repeated_until_they_agree),
		cmocka_unit_test(repeats_that_never_agree_end_and_are_not_exact),
		cmocka_unit_test(one_repeat_proves_nothing),
		cmocka_unit_test(a_control_that_drifts_is_outweighed_by_three_repeats),
		cmocka_unit_test(a_merged_cache_is_never_exact_and_never_waited_for),
		cmocka_unit_test(without_sysfs_nothing_is_exact),
		cmocka_unit_test(a_count_that_never_settled_is_not_exact),
		cmocka_unit_test(what_was_not_seen_has_no_record),
		cmocka_unit_test(a_cache_that_cannot_be_counted_ends_it),
		cmocka_unit_test(evidence_is_judged_to_the_object),
		cmocka_unit_test(repeats_that_differed_before_leave_a_miss_undecided),
		cmocka_unit_test(evidence_may_miss_by_the_noise),
		cmocka_unit_test(evidence_of_work_that_was_not_done_fails),
		cmocka_unit_test(evidence_on_what_is_not_counted_is_undecided),
	};

	return cmocka_run_group_tests_name("runner_count", tests, NULL, NULL);
}
