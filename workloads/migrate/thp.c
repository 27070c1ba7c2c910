// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages moved whole from node to node: a PMD migration entry in each process that maps one,
 * and no split.
 */
#include <errno.h>
#include <linux/mempolicy.h>

#include "workloads/machine.h"

enum { FOLIOS, CHILDREN };
enum { THERE, BACK };
enum { ASKED, MOVED, FOLIOS_MOVED, HUGE, FORKED, REAPED };

static void **page;
static int *target, *status;

static void footprint(const struct bench *b, struct footprint *f)
{
	/* Twice: the copy is there before the original goes. */
	f->bytes = sharers_bytes(b, 2 * b->param[FOLIOS] * thp_size(), b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

/* One address stands for the folio around it. */
static void move(struct bench *b, struct sharers *s, int from, int to)
{
	(void)from;
	for (long i = 0; i < s->region.count; i++)
		target[i] = to;
	if (pages_move(0, s->region.count, page, target, status,
		       b->param[CHILDREN] ? MPOL_MF_MOVE_ALL : MPOL_MF_MOVE) >= 0)
		return;
	if (errno == EPERM)
		bench_skip(b, "MPOL_MF_MOVE_ALL, which moves shared pages, is refused: needs root");
	bench_fail(b, "move_pages of %ld huge pages to node %d: %m", s->region.count, to);
}

static void travel(struct bench *b, struct sharers *s, int metric, int from, int to)
{
	long moved = sharers_travel(b, s, metric, from, to, move);

	bench_work(b, ASKED, s->region.count * (s->region.bytes / b->page_size));
	bench_work(b, MOVED, moved);
	bench_work(b, FOLIOS_MOVED, moved / (long)(s->region.bytes / b->page_size));
	bench_work(b, HUGE, thp_in_region(&s->region));
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1), folios = b->param[FOLIOS];
	struct sharers sharers;
	int node[2];

	nodes_with_memory(node);
	page = bench_memory(b, folios * sizeof(*page));
	target = bench_memory(b, folios * sizeof(*target));
	status = bench_memory(b, folios * sizeof(*status));
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers.region = thp_map(b, folios);
	for (long i = 0; i < folios; i++)
		page[i] = region_vma(&sharers.region, i);
	node_prefer(b, node[0]);
	region_fill(b, &sharers.region, 1);
	node_prefer(b, -1);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++) {
		travel(b, &sharers, THERE, node[0], node[1]);
		travel(b, &sharers, BACK, node[1], node[0]);
	}
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "huge pages moved whole between two nodes and back",
	.drives = "migrate_pages, try_to_migrate, set_pmd_migration_entry, rmap_walk_anon, "
		  "remove_migration_pmd",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "that move" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
	},
	.metrics = {
		[THERE] = { "there", "pages/s", THROUGHPUT, HIGHER,
			    "base pages that moved from the first node to the second" },
		[BACK] = { "back", "pages/s", THROUGHPUT, HIGHER, "and back to the first" },
	},
	.works = { [ASKED] = "asked", [MOVED] = "moved", [FOLIOS_MOVED] = "folios_moved",
		   [HUGE] = "huge", [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:moved", AT_LEAST, ASKED, .factor = 0.9,
		  .why = "they left one node and are on the other" },
		{ "vmstat:thp_migration_success", AT_LEAST, FOLIOS_MOVED,
		  .why = "the kernel moved them whole" },
		{ "work:huge", AT_LEAST, FOLIOS_MOVED, .why = "and none was split on the way" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_TWO_NODES | NEED_THP,
	.samples = 8,
	.footprint = footprint,
	.run = run,
};
