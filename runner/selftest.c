// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench selftest: is the counting exact here? Plants a known number of VMAs that cannot merge,
 * then twice as many, and looks whether the counts follow to the object, and go back to nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "runner/count.h"
#include "runner/environment.h"
#include "runner/settings.h"
#include "runner/topology.h"

static const struct command selftest_command;

enum { PLANTED = 500, REPEATS = 3 };

/* A workload that plants VMAs and marks the hold points. */
#define PLANTER "fork/vmas"

static const char *const caches[] = { "vm_area_struct", "anon_vma", "anon_vma_chain" };
enum { CACHES = sizeof(caches) / sizeof(*caches) };

/* Counts `vmas` planted VMAs. NULL after a message. */
static struct counting *plant(const struct descriptor *planter, struct slab_cache *open, long vmas)
{
	struct counting *c = counting_new(open, CACHES, REPEATS);
	json_t *params = json_pack("{s:I}", "vmas", (json_int_t)vmas);
	struct spawn_request request = {
		.workload = planter,
		.params = params,
		.pass = "count",
		.samples = 1,
		.seed = 1,
		.fixed_layout = true,
		.max_bytes = environment_available_bytes() / 4,
		.max_processes = 10,
		.seconds = 60,
		.hold = counting_hold,
		.hold_arg = c,
	};
	bool failed = false;

	while (counting_goes_on(c) && !failed) {
		struct spawn_result result;

		spawn(&request, &result);
		failed = result.outcome != OUTCOME_DONE;
		if (failed)
			error("selftest: " PLANTER ": %s",
			      result.reason ? result.reason : "interrupted");
		c->repeats++;
		spawn_free(&result);
	}
	json_decref(params);
	if (c->failed) {
		error("selftest: %s", c->failed);
		failed = true;
	}
	if (!failed)
		return c;
	counting_free(c);
	return NULL;
}

static json_t *find_record(json_t *records, const char *cache, const char *point)
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

static long delta(json_t *records, const char *cache, const char *point)
{
	return json_integer_value(json_object_get(find_record(records, cache, point), "delta"));
}

/* How many objects a VMA that was planted more costs, in hundredths. */
static long slope(long one, long two)
{
	return (two - one) * 100 / PLANTED;
}

/*
 * What is expected: a vm_area_struct for each VMA on any kernel. Of anon_vma and AVC only that
 * their number follows: a kernel that creates them late has none here, and that is a finding, no
 * error.
 */
static const char *judge(const char *cache, long one, long two, long left, const char *inexact,
			 bool *failed)
{
	static char text[64];
	bool vma = !strcmp(cache, "vm_area_struct");

	*failed = false;
	if (inexact)
		return inexact;
	*failed = true;
	if (left)
		return "FAILED: objects are left when all is gone";
	if (vma && two - one != PLANTED)
		return "FAILED: not one object a VMA";
	if (!vma && two != 2 * one)
		return "FAILED: twice the VMAs, but not twice the objects";
	*failed = false;
	snprintf(text, sizeof(text), "exact: %ld.%02ld a VMA", slope(one, two) / 100,
		 slope(one, two) % 100);
	return text;
}

static int report(const struct counting *once, const struct counting *twice)
{
	json_t *a = counting_records(once), *b = counting_records(twice);
	int status = STATUS_DONE;

	printf("%-16s %10s %10s %10s   %s\n", "cache", "500 VMAs", "1000 VMAs", "unmapped",
	       "counting is");
	for (size_t i = 0; i < CACHES; i++) {
		json_t *record = find_record(b, caches[i], "populated");
		const char *why;
		long one, two, left;
		bool failed;

		if (!record) {
			printf("%-16s %s\n", caches[i],
			       geteuid() ? "not shown (root needed)"
					 : "this kernel does not show it");
			status = STATUS_FAILED;
			continue;
		}
		one = delta(a, caches[i], "populated");
		two = delta(b, caches[i], "populated");
		left = delta(b, caches[i], "after");
		why = json_string_value(json_object_get(record, "inexact_because"));
		why = why ? why
			  : json_string_value(json_object_get(
				    find_record(a, caches[i], "populated"), "inexact_because"));
		printf("%-16s %10ld %10ld %10ld   %s\n", caches[i], one, two, left,
		       judge(caches[i], one, two, left, why, &failed));
		/* A merged cache is a fact of this boot; repeats that differ are a host that is
		 * busy. */
		if (failed || (why && strcmp(why, "merged")))
			status = STATUS_FAILED;
	}
	json_decref(a);
	json_decref(b);
	return status;
}

static int selftest(void)
{
	struct catalogue catalogue;
	const struct descriptor *planter;
	struct slab_cache open[CACHES];
	struct counting *once = NULL, *twice = NULL;
	int status = STATUS_FAILED;

	if (catalogue_read(&catalogue))
		return STATUS_FAILED;
	planter = catalogue_find(&catalogue, PLANTER);
	if (!planter) {
		error("selftest: the workload " PLANTER " is missing; build it with 'make'");
		catalogue_free(&catalogue);
		return STATUS_FAILED;
	}
	for (size_t i = 0; i < CACHES; i++)
		slab_open(&open[i], caches[i]);
	once = plant(planter, open, PLANTED);
	if (once)
		twice = plant(planter, open, 2 * PLANTED);
	if (twice)
		status = report(once, twice);
	if (twice && status)
		error("selftest: counting is not exact here; %sstop what else runs on this host, "
		      "or count in a guest (rmapbench lab)",
		      geteuid() ? "run it as root, " : "");
	counting_free(once);
	counting_free(twice);
	for (size_t i = 0; i < CACHES; i++)
		slab_close(&open[i]);
	catalogue_free(&catalogue);
	return status;
}

static int selftest_main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return command_usage(&selftest_command);
	spawn_signals();
	topology_read();
	return selftest();
}

COMMAND(selftest_command) = {
	.name = "selftest",
	.usage = "",
	.summary =
		"is the counting of slab objects exact here? Plants a known number and counts it",
	.order = 61,
	.main = selftest_main,
};
