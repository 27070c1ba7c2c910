// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mremap() of huge pages to aligned places: each goes by one PMD, under the rmap locks, and stays
 * whole. Before and after a fork, whose children keep the old places.
 */
#include <sys/mman.h>

#include "workloads/machine.h"

enum { FOLIOS, CHILDREN };
enum { MOVE, MOVE_SHARED };
enum { MOVES, HUGE, WHOLE, LEFT };

static struct region region, room; /* where they are, and where they can go */

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[FOLIOS] * thp_size() +
		   family_bytes(b, 2 * b->param[FOLIOS], b->param[CHILDREN] + 1);
	f->processes = b->param[CHILDREN] + 1;
}

/* One huge page goes over there, in the place of what is mapped there, if anything. */
static void move(struct bench *b, int metric, long i)
{
	char *from = region_vma(&region, i), *to = region_vma(&room, i), *got;
	uint64_t frame = page_frame(from), start, ns;
	bool huge = thp_mapped(from, region.bytes) == 1;

	start = bench_now(b);
	got = mremap(from, region.bytes, region.bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ns = bench_now(b) - start;
	if (got != to)
		bench_fail(b, "mremap of %zu bytes: %m", region.bytes);
	bench_work(b, MOVES, 1);
	bench_work(b, HUGE, huge);
	bench_work(b, LEFT, !is_mapped(from));
	if (!huge)
		return;
	bench_sample(b, metric, ns);
	bench_work(b, WHOLE, thp_mapped(to, region.bytes) == 1 && page_frame(to) == frame);
}

static void verify(struct bench *b, const char *whose)
{
	long pages = region.count * (region.bytes / b->page_size);
	long good = region_verify(b, &region, 1);

	if (good != pages)
		bench_corrupted(b, "%ld of %ld pages of %s do not hold what was written",
				pages - good, pages, whose);
}

/* All of them, and what was the room is where they are. */
static void move_all(struct bench *b, int metric)
{
	struct region left = region;

	for (long i = 0; i < region.count; i++)
		move(b, metric, i);
	region = room;
	room = left;
	verify(b, "the parent");
}

static void child_verifies(struct bench *b, void *arg, long k)
{
	(void)arg, (void)k;
	verify(b, "a child");
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[FOLIOS]);
	struct family family = family_new(b, b->param[CHILDREN]);

	family.on_release = child_verifies;
	region = thp_map(b, b->param[FOLIOS]);
	room = region_map_aligned(b, b->param[FOLIOS], thp_size(), thp_size());
	region_fill(b, &region, 1);
	for (long i = 0; i < rounds; i++)
		move_all(b, MOVE);
	bench_hold(b, POPULATED);
	for (long k = 0; k < b->param[CHILDREN]; k++)
		family_fork(b, &family, NULL, NULL);
	family_ready(b, &family);
	for (long i = 0; i < rounds; i++)
		move_all(b, MOVE_SHARED);
	bench_hold(b, HELD);
	family_release(b, &family);
	verify(b, "the parent");
	region_unmap(b, &region);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "mremap() of huge pages to another place, before and after a fork",
	.drives = "move_vma, copy_vma, anon_vma_clone, move_huge_pmd, take_rmap_locks",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "moved in one round" },
		[CHILDREN] = { "children", "processes", 1, 0, 1000,
			       "that share them in the second half of the moves" },
	},
	.metrics = {
		[MOVE] = { "move", "ns", LATENCY, LOWER, "mremap() of one before any fork" },
		[MOVE_SHARED] = { "move-shared", "ns", LATENCY, LOWER,
				  "mremap() of one in the parent while its children live" },
	},
	.works = { [MOVES] = "moves", [HUGE] = "huge", [WHOLE] = "whole", [LEFT] = "left" },
	.evidence = {
		{ "work:huge", AT_LEAST, MOVES, .factor = 0.5,
		  .why = "there were huge pages to move (AnonHugePages)" },
		{ "work:whole", EXACTLY, HUGE,
		  .why = "each arrived as one huge page, in the same frame" },
		{ "work:left", EXACTLY, MOVES, .why = "the old places are no longer mapped" },
	},
	.needs = NEED_THP,
	.samples = 64,
	.footprint = footprint,
	.run = run,
};
