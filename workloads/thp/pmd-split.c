// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A huge page keeps its folio but loses its PMD, by each call that cuts a VMA inside it: mprotect
 * of a part, mremap of a part, munmap of a part. Other processes that share the folio keep their
 * PMDs.
 */
#include <sys/mman.h>

#include "workloads/machine.h"

enum { FOLIOS, CHILDREN };
enum { MPROTECT, MREMAP, MUNMAP };
enum { WANTED, HUGE, CUT, FORKED, REAPED };

static struct sharers sharers;
static char *elsewhere;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[FOLIOS] * thp_size(), b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

/* The last quarter of the folio. */
static void cut(struct bench *b, int how, char *folio)
{
	size_t bytes = sharers.region.bytes / 4;
	char *part = folio + sharers.region.bytes - bytes;
	bool huge = thp_mapped(folio, sharers.region.bytes) == 1;
	uint64_t start, ns;
	bool failed;

	start = bench_now(b);
	if (how == MPROTECT)
		failed = mprotect(part, bytes, PROT_READ);
	else if (how == MREMAP)
		failed = mremap(part, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) !=
			 elsewhere;
	else
		failed = munmap(part, bytes);
	ns = bench_now(b) - start;
	if (failed)
		bench_fail(b, "%s of a quarter of a huge page: %m", workload.metrics[how].name);
	bench_work(b, HUGE, huge);
	if (!huge)
		return;
	bench_sample(b, how, ns);
	bench_work(b, CUT, !thp_mapped(folio, sharers.region.bytes));
}

/* What is left of it, and of the part where it went. */
static void verify(struct bench *b, int how, long i)
{
	size_t bytes = sharers.region.bytes / 4, left = sharers.region.bytes - bytes;
	long pages = sharers.region.bytes / b->page_size, part = bytes / b->page_size;
	const char *folio = region_vma(&sharers.region, i);
	const char *moved = how == MREMAP ? elsewhere : folio + left;

	if (pages_verify(b, folio, left, 1, i * pages) != pages - part)
		bench_corrupted(b, "huge page %ld changed by a cut", i);
	if (how == MUNMAP || how == MREMAP) {
		if (is_mapped(folio + left))
			bench_fail(b, "the part that was cut off is still mapped");
	}
	if (how != MUNMAP && pages_verify(b, moved, bytes, 1, i * pages + pages - part) != part)
		bench_corrupted(b, "the part that was cut off huge page %ld changed", i);
}

static void round_of(struct bench *b, int how)
{
	sharers.region = thp_map(b, b->param[FOLIOS]);
	region_fill(b, &sharers.region, 1);
	bench_work(b, WANTED, sharers.region.count);
	if (how == MPROTECT)
		bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	if (how == MPROTECT)
		bench_hold(b, HELD);
	for (long i = 0; i < sharers.region.count; i++) {
		cut(b, how, region_vma(&sharers.region, i));
		verify(b, how, i);
	}
	bench_work(b, REAPED, sharers_release(b, &sharers));
	region_unmap(b, &sharers.region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[FOLIOS]);

	sharers_new(b, &sharers, b->param[CHILDREN]);
	elsewhere = mmap(NULL, thp_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (elsewhere == MAP_FAILED)
		bench_fail(b, "mmap of room to move to: %m");
	for (long i = 0; i < rounds; i++) {
		for (int how = MPROTECT; how <= MUNMAP; how++)
			round_of(b, how);
	}
	sharers_free(b, &sharers);
	if (munmap(elsewhere, thp_size()))
		bench_fail(b, "munmap of the room to move to: %m");
}

const struct workload workload = {
	.summary = "huge pages whose PMD is split by mprotect, mremap or munmap of a part",
	.drives = "split_vma, vma_adjust_trans_huge, __split_huge_pmd, move_page_tables, "
		  "anon_vma_clone, folio_remove_rmap_ptes",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "cut in one round, each call" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
	},
	.metrics = {
		[MPROTECT] = { "mprotect", "ns", LATENCY, LOWER, "of the last quarter" },
		[MREMAP] = { "mremap", "ns", LATENCY, LOWER,
			     "of the last quarter, over the one that was moved before" },
		[MUNMAP] = { "munmap", "ns", LATENCY, LOWER, "of the last quarter" },
	},
	.works = { [WANTED] = "wanted", [HUGE] = "huge", [CUT] = "cut", [FORKED] = "forked",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:huge", AT_LEAST, WANTED, .factor = 0.5,
		  .why = "there were huge pages to cut (AnonHugePages)" },
		{ "work:cut", EXACTLY, HUGE, .why = "none is mapped by a PMD any more" },
		{ "vmstat:thp_split_pmd", AT_LEAST, CUT, .why = "the kernel split their PMDs" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_THP,
	.samples = 64,
	.footprint = footprint,
	.run = run,
};
