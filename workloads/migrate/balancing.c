// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NUMA balancing: memory lies on one node, its thread runs on another, and the pages follow: hint
 * faults, then migrate_misplaced_folio(). The scanner is made quick, for it waits a second by
 * default.
 */
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "workloads/machine.h"

#define SCHED "/sys/kernel/debug/sched/numa_balancing/"

enum { PAGES, ENOUGH, LIMIT };
enum { FOLLOW };
enum { ASKED, WANTED, FOLLOWED };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[PAGES] * b->page_size;
	f->processes = 1;
}

/* Stays on the CPU it is on; returns the node of that CPU. */
static int stay(struct bench *b)
{
	unsigned int cpu, node;
	cpu_set_t set;

	if (getcpu(&cpu, &node))
		bench_fail(b, "getcpu: %m");
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bench_fail(b, "sched_setaffinity to CPU %u: %m", cpu);
	return node;
}

static void make_quick(struct bench *b)
{
	static const char *const quick[][2] = { { "scan_delay_ms", "10" },
						{ "scan_period_min_ms", "10" },
						{ "scan_period_max_ms", "50" } };
	char path[96];

	setting_write(b, "/proc/sys/kernel/numa_balancing", "1");
	for (size_t i = 0; i < sizeof(quick) / sizeof(*quick); i++) {
		snprintf(path, sizeof(path), SCHED "%s", quick[i][0]);
		if (setting_try(b, path, quick[i][1]))
			continue;
		/* Where they were before 5.13. */
		snprintf(path, sizeof(path), "/proc/sys/kernel/numa_balancing_%s", quick[i][0]);
		if (!setting_try(b, path, quick[i][1]))
			bench_note(b, "%s cannot be set: the scanner keeps its own pace",
				   quick[i][0]);
	}
}

/* Touches all pages until enough have come here, or time is up. */
static void follow(struct bench *b, int from, int to)
{
	long pages = b->param[PAGES], enough = pages * b->param[ENOUGH] / 100;
	uint64_t start, now;
	long here;

	sharers_map(b, &sharers, pages, from);
	bench_hold(b, POPULATED);
	bench_hold(b, HELD);
	bench_work(b, ASKED, pages - pages_on_node(b, sharers.region.base, pages, to));
	bench_work(b, WANTED, enough);
	start = bench_now(b);
	do {
		for (long i = 0; i < 16; i++)
			region_verify(b, &sharers.region, 1);
		here = pages_on_node(b, sharers.region.base, pages, to);
		now = bench_now(b);
	} while (here < enough && now - start < b->param[LIMIT] * UINT64_C(1000000000));
	bench_work(b, FOLLOWED, here);
	bench_rate(b, FOLLOW, here, now - start);
	sharers_check(b, &sharers);
	region_unmap(b, &sharers.region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);
	int node[2], here;

	sharers_new(b, &sharers, 0);
	nodes_with_memory(node);
	here = stay(b);
	make_quick(b);
	for (long i = 0; i < rounds; i++)
		follow(b, here == node[0] ? node[1] : node[0], here);
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "pages that follow their thread to another node by NUMA balancing",
	.drives = "task_numa_work, change_prot_numa, do_numa_page, migrate_misplaced_folio, "
		  "migrate_pages, try_to_migrate, remove_migration_ptes",
	.params = {
		[PAGES] = { "pages", "pages", 2048, 64, 1 << 20, "on the other node at first" },
		[ENOUGH] = { "enough", "%", 80, 1, 100, "of the pages are to come over" },
		[LIMIT] = { "limit", "s", 20, 1, 600, "to wait for them" },
	},
	.metrics = {
		[FOLLOW] = { "follow", "pages/s", THROUGHPUT, HIGHER,
			     "pages that came over, the scanner's waits and our reading included" },
	},
	.works = { [ASKED] = "asked", [WANTED] = "wanted", [FOLLOWED] = "followed" },
	.evidence = {
		{ "work:asked", AT_LEAST, WANTED, .why = "they were on the other node at first" },
		{ "work:followed", AT_LEAST, WANTED, .why = "they are on the thread's node" },
		{ "vmstat:numa_hint_faults", AT_LEAST, FOLLOWED, .factor = 0.9,
		  .why = "the thread took hint faults" },
		{ "vmstat:numa_pages_migrated", AT_LEAST, FOLLOWED, .factor = 0.9,
		  .why = "the kernel counted them as migrated" },
	},
	.needs = NEED_TWO_NODES | NEED_NUMA_BALANCING | NEED_ROOT,
	.samples = 2,
	.footprint = footprint,
	.run = run,
};
