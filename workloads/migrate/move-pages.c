// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * move_pages(2) between two nodes, there and back, of pages that this process has alone or shares
 * with children: for each page one rmap walk that takes its mappings away and one that restores
 * them.
 *
 * The call returns 0 when nothing moved, so each page's status is looked at, and only a page that
 * was on the one node before and is on the other after counts.
 */
#include <errno.h>
#include <linux/mempolicy.h>

#include "workloads/machine.h"

enum { PAGES, BATCH, CHILDREN, MOVE_ALL };
enum { THERE, BACK, LEFT_BEHIND };
enum { ASKED, MOVED, ARRIVED, FORKED, REAPED };

static struct sharers sharers;
static void **page;
static int *target, *status;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]) +
		   b->param[PAGES] * (sizeof(*page) + 2 * sizeof(*target));
	f->processes = b->param[CHILDREN] + 1;
}

/* One call. Returns how many pages it moved. */
static long move_batch(struct bench *b, int metric, long first, long count, int from, int to)
{
	int flags = b->param[CHILDREN] && b->param[MOVE_ALL] ? MPOL_MF_MOVE_ALL : MPOL_MF_MOVE;
	long moved = pages_on_node(b, page[first], count, from) - count;
	uint64_t start, ns;
	long rc;

	for (long i = 0; i < count; i++)
		target[i] = to;
	start = bench_now(b);
	rc = pages_move(0, count, page + first, target, status, flags);
	ns = bench_now(b) - start;
	if (rc < 0 && errno == EPERM)
		bench_skip(b, "MPOL_MF_MOVE_ALL, which moves shared pages, is refused: needs root");
	if (rc < 0)
		bench_fail(b, "move_pages of %ld pages to node %d: %m", count, to);
	/* Those that were not on `from` did not move, wherever they are now. */
	for (long i = 0; i < count; i++)
		moved += status[i] == to;
	moved = moved < 0 ? 0 : moved;
	bench_rate(b, metric, moved, ns);
	return moved;
}

static void move(struct bench *b, int metric, int from, int to)
{
	long pages = b->param[PAGES], batch = b->param[BATCH], moved = 0;

	for (long done = 0; done < pages; done += batch)
		moved += move_batch(b, metric, done, pages - done < batch ? pages - done : batch,
				    from, to);
	bench_work(b, ASKED, pages);
	bench_work(b, MOVED, moved);
	bench_work(b, ARRIVED, pages_on_node(b, sharers.region.base, pages, to));
	bench_sample(b, LEFT_BEHIND, pages - moved);
}

static void run(struct bench *b)
{
	long pages = b->param[PAGES], batch = b->param[BATCH];
	long rounds = bench_rounds(b, (pages + batch - 1) / batch);
	int node[2];

	nodes_with_memory(node);
	page = bench_memory(b, pages * sizeof(*page));
	target = bench_memory(b, pages * sizeof(*target));
	status = bench_memory(b, pages * sizeof(*status));
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, pages, node[0]);
	for (long i = 0; i < pages; i++)
		page[i] = sharers.region.base + i * b->page_size;
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++) {
		move(b, THERE, node[0], node[1]);
		sharers_check(b, &sharers);
		move(b, BACK, node[1], node[0]);
	}
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "pages moved between two nodes and back, private or shared with children",
	.drives = "migrate_pages, migrate_folio_unmap, try_to_migrate, rmap_walk_anon, "
		  "folio_get_anon_vma, move_to_new_folio, remove_migration_ptes",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 1, 1 << 20, "base pages that move" },
		[BATCH] = { "batch", "pages", 512, 1, 1 << 20, "pages in one call" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
		[MOVE_ALL] = { "move-all", "0 or 1", 1, 0, 1,
			       "1: shared pages too (MPOL_MF_MOVE_ALL, root); 0: with children "
			       "nothing moves, and the evidence says so" },
	},
	.metrics = {
		[THERE] = { "there", "pages/s", THROUGHPUT, HIGHER,
			    "pages that moved from the first node to the second" },
		[BACK] = { "back", "pages/s", THROUGHPUT, HIGHER, "and back to the first" },
		[LEFT_BEHIND] = { "left-behind", "pages", COUNT, LOWER,
				  "pages of a pass over all of them that did not move" },
	},
	.works = { [ASKED] = "asked", [MOVED] = "moved", [ARRIVED] = "arrived",
		   [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "vmstat:pgmigrate_success", AT_LEAST, MOVED, .why = "the kernel migrated them" },
		{ "work:moved", AT_LEAST, ASKED, .factor = 0.9,
		  .why = "nearly all pages moved, by their status in each call" },
		{ "work:arrived", AT_LEAST, MOVED, .why = "asked again, they are on that node" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_TWO_NODES,
	.samples = 64,
	.footprint = footprint,
	.run = run,
};
