// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Migration on one node: memory is fragmented, then compacted.
 *
 * Compaction moves pages from the low end of a zone into free pages from its high end, and stops
 * where its two scanners meet: pages that lie high do not move. Nor does it fill pageblocks that
 * are free altogether (suitable_migration_target()). So much more is filled than is wanted, the
 * pages in the lowest frames are picked, and every other one of them is kept; above, one page in 64
 * is kept, which leaves holes but no free pageblock; all else goes. Whether a page moved is told by
 * its frame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/machine.h"

enum { SIZE, FILL, CHILDREN, LOCKED };
enum { COMPACT, OWN };
enum { SPACING = 64 };
enum { KEPT, MOVED, MIGRATED, FORKED, REAPED };

static struct region region; /* all that is filled */
static long *kept;	     /* indices of the pages that stay */
static long kept_count, low_count;
static uint64_t *before, *after;
static char compact_file[64] = "/proc/sys/vm/compact_memory";

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = ((uint64_t)b->param[FILL] << 20) +
		   family_bytes(b, b->param[FILL], b->param[CHILDREN] + 1);
	f->processes = b->param[CHILDREN] + 1;
}

static char *page_at(const struct bench *b, long i)
{
	return region.base + i * b->page_size;
}

static void verify(struct bench *b, void *arg, long k)
{
	(void)arg;
	for (long i = 0; i < kept_count; i++) {
		if (pages_verify(b, page_at(b, kept[i]), b->page_size, 1, kept[i]) != 1)
			bench_corrupted(b, "page %ld changed in compaction, as process %ld sees it",
					kept[i], k + 1);
	}
}

static int by_frame(const void *a, const void *b)
{
	uint64_t x = before[*(const long *)a], y = before[*(const long *)b];

	return (x > y) - (x < y);
}

static int by_index(const void *a, const void *b)
{
	return (*(const long *)a > *(const long *)b) - (*(const long *)a < *(const long *)b);
}

/* Gives back what lies between the kept pages, which are in ascending order. */
static void drop_others(struct bench *b, long pages)
{
	long from = 0;

	for (long i = 0; i <= kept_count; i++) {
		long to = i < kept_count ? kept[i] : pages;

		if (to > from &&
		    madvise(page_at(b, from), (to - from) * b->page_size, MADV_DONTNEED))
			bench_fail(b, "MADV_DONTNEED: %m");
		from = to + 1;
	}
}

static void fragment(struct bench *b)
{
	long pages = (b->param[FILL] << 20) / b->page_size;

	region = region_map(b, 1, pages * b->page_size);
	pages_small(region.base, region.bytes);
	pages_touch(b, region.base, region.bytes);
	frames_read(getpid(), region.base, pages, before);
	for (long i = 0; i < pages; i++)
		kept[i] = i;
	qsort(kept, pages, sizeof(*kept), by_frame);
	kept_count = low_count;
	for (long i = 0; i < low_count; i++)
		kept[i] = kept[2 * i];
	for (long i = 2 * low_count; i < pages; i += SPACING)
		kept[kept_count++] = kept[i];
	qsort(kept, kept_count, sizeof(*kept), by_index);
	drop_others(b, pages);
	for (long i = 0; i < kept_count; i++)
		pages_fill(b, page_at(b, kept[i]), b->page_size, 1, kept[i]);
	if (b->param[LOCKED] && mlock2(region.base, region.bytes, MLOCK_ONFAULT))
		bench_skip(b, "mlock of %ld MiB: %m; is RLIMIT_MEMLOCK too low?", b->param[SIZE]);
}

static void compact(struct bench *b)
{
	long pages = region.bytes / b->page_size, moved = 0, migrated;
	uint64_t start, ns;

	frames_read(getpid(), region.base, pages, before);
	migrated = vmstat_read("pgmigrate_success");
	start = bench_now(b);
	if (file_write(compact_file, "1"))
		bench_fail(b, "%s: %m", compact_file);
	ns = bench_now(b) - start;
	migrated = vmstat_read("pgmigrate_success") - migrated;
	frames_read(getpid(), region.base, pages, after);
	for (long i = 0; i < kept_count; i++)
		moved += after[kept[i]] && before[kept[i]] != after[kept[i]];
	bench_rate(b, COMPACT, migrated, ns);
	bench_sample(b, OWN, moved);
	bench_work(b, KEPT, low_count);
	bench_work(b, MOVED, moved);
	bench_work(b, MIGRATED, migrated);
}

static void round_of(struct bench *b, struct family *family)
{
	fragment(b);
	bench_hold(b, POPULATED);
	for (long k = 0; k < b->param[CHILDREN]; k++)
		family_fork(b, family, NULL, NULL);
	family_ready(b, family);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	compact(b);
	if (!frames_agree(b, family, region.base, region.bytes / b->page_size))
		bench_corrupted(b, "processes that share pages see different frames");
	verify(b, NULL, -1);
	bench_work(b, REAPED, family_release(b, family));
	region_unmap(b, &region);
}

static void run(struct bench *b)
{
	long pages = (b->param[FILL] << 20) / b->page_size, rounds = bench_rounds(b, 1);
	struct family family = family_new(b, b->param[CHILDREN]);
	char of_node[64];
	int node[2];

	if (b->param[FILL] < 2 * b->param[SIZE])
		bench_skip(b, "fill=%ld is less than twice size=%ld: no holes between what is kept",
			   b->param[FILL], b->param[SIZE]);
	family.on_release = verify;
	low_count = (b->param[SIZE] << 20) / b->page_size;
	kept = bench_memory(b, pages * sizeof(*kept));
	before = bench_memory(b, pages * sizeof(*before));
	after = bench_memory(b, pages * sizeof(*after));
	/* One node alone where the kernel lets us: the others have nothing of ours to move. */
	nodes_with_memory(node);
	snprintf(of_node, sizeof(of_node), "/sys/devices/system/node/node%d/compact", node[0]);
	if (!access(of_node, W_OK))
		snprintf(compact_file, sizeof(compact_file), "%s", of_node);
	/* Or what is given back waits in per-CPU lists, where compaction does not look for room. */
	if (!setting_try(b, "/proc/sys/vm/percpu_pagelist_high_fraction", "1000000"))
		bench_note(b, "per-CPU free lists keep their length: fewer pages may move");
	node_prefer(b, node[0]);
	for (long i = 0; i < rounds; i++)
		round_of(b, &family);
	node_prefer(b, -1);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "memory fragmented on purpose, then compacted: migration on one node",
	.drives = "compact_zone, isolate_migratepages_block, migrate_pages, try_to_migrate, "
		  "rmap_walk_anon, remove_migration_ptes",
	.params = {
		[SIZE] = { "size", "MiB", 8, 1, 65536, "small pages that are kept" },
		[FILL] = { "fill", "MiB", 128, 2, 1 << 20,
			   "filled to choose them from, at least twice their size" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
		[LOCKED] = { "locked", "0 or 1", 0, 0, 1,
			     "1: mlocked pages, which move if vm.compact_unevictable_allowed is 1" },
	},
	.metrics = {
		[COMPACT] = { "compact", "pages/s", THROUGHPUT, HIGHER,
			      "pages migrated while the node was compacted, others' among them" },
		[OWN] = { "own-moved", "pages", COUNT, HIGHER, "pages of ours that moved" },
	},
	.works = { [KEPT] = "kept", [MOVED] = "moved", [MIGRATED] = "migrated",
		   [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:moved", AT_LEAST, KEPT, .factor = 0.02,
		  .why = "pages of ours are in other frames than before" },
		{ "vmstat:pgmigrate_success", AT_LEAST, MOVED, .why = "the kernel migrated them" },
		{ "vmstat:compact_isolated", AT_LEAST, MOVED, .why = "and compaction did it" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_COMPACTION | NEED_PAGEMAP_PFN | NEED_ROOT,
	.samples = 3,
	.footprint = footprint,
	.run = run,
};
