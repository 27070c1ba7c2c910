// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mbind(2) with MPOL_MF_MOVE: a new policy for a range, and its pages follow. Pages that others map
 * too are passed over in silence, unless MPOL_MF_MOVE_ALL (root) asks for them.
 */
#include <errno.h>
#include <linux/mempolicy.h>

#include "workloads/machine.h"

enum { PAGES, CHILDREN, MOVE_ALL };
enum { THERE, BACK };
enum { ASKED, MOVED, FORKED, REAPED };

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void move(struct bench *b, struct sharers *s, int from, int to)
{
	bool all = b->param[CHILDREN] && b->param[MOVE_ALL];

	(void)from;
	if (!node_bind(s->region.base, s->region.bytes, to, all ? MPOL_MF_MOVE_ALL : MPOL_MF_MOVE))
		return;
	if (errno == EPERM)
		bench_skip(b, "MPOL_MF_MOVE_ALL, which moves shared pages, is refused: needs root");
	bench_fail(b, "mbind to node %d: %m", to);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);
	struct sharers sharers;
	int node[2];

	nodes_with_memory(node);
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, b->param[PAGES], node[0]);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++) {
		bench_work(b, ASKED, 2 * b->param[PAGES]);
		bench_work(b, MOVED,
			   sharers_travel(b, &sharers, THERE, node[0], node[1], move) +
				   sharers_travel(b, &sharers, BACK, node[1], node[0], move));
	}
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "pages that follow a new memory policy, by mbind(2)",
	.drives = "do_mbind, queue_pages_range, migrate_pages, try_to_migrate, rmap_walk_anon, "
		  "remove_migration_ptes",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 1, 1 << 20, "base pages that move" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
		[MOVE_ALL] = { "move-all", "0 or 1", 1, 0, 1,
			       "1: shared pages too (MPOL_MF_MOVE_ALL, root); 0: with children "
			       "nothing moves, and the evidence says so" },
	},
	.metrics = {
		[THERE] = { "there", "pages/s", THROUGHPUT, HIGHER,
			    "pages that moved from the first node to the second" },
		[BACK] = { "back", "pages/s", THROUGHPUT, HIGHER, "and back to the first" },
	},
	.works = { [ASKED] = "asked", [MOVED] = "moved", [FORKED] = "forked",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:moved", AT_LEAST, ASKED, .factor = 0.9,
		  .why = "they left one node and are on the other" },
		{ "vmstat:pgmigrate_success", AT_LEAST, MOVED, .why = "the kernel migrated them" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_TWO_NODES,
	.samples = 8,
	.footprint = footprint,
	.run = run,
};
