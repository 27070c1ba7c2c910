// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nothing, timed: what the harness itself costs for each sample.
 */
#include "workloads/workload.h"

enum { EMPTY };
enum { OPERATIONS };

static void run(struct bench *b)
{
	bench_hold(b, POPULATED);
	bench_hold(b, HELD);
	for (long i = 0; i < b->samples; i++) {
		uint64_t start = bench_now(b);

		__asm__ volatile("" ::: "memory");
		bench_sample(b, EMPTY, bench_now(b) - start);
	}
	bench_work(b, OPERATIONS, b->samples);
}

const struct workload workload = {
	.summary = "an empty operation: the floor under every other figure",
	.drives = "nothing; two reads of the clock and one store",
	.metrics = {
		[EMPTY] = { "empty", "ns", LATENCY, LOWER, "from one reading of the clock to the next" },
	},
	.works = { [OPERATIONS] = "operations" },
	.evidence = {
		{ "work:operations", AT_LEAST, OPERATIONS, .why = "the loop ran" },
	},
	.samples = 1000,
	.run = run,
};
