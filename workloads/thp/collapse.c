// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_COLLAPSE: 512 small pages become one huge page. The anon_vma write lock is held while the
 * old page table is taken away, so that no rmap walk meets it.
 *
 * After a fork older kernels refuse (EINVAL: no page may be written, all are write-protected),
 * until the parent writes to a page of each: it does, with what the page held.
 */
#include <errno.h>
#include <sys/mman.h>

#include "workloads/machine.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

enum { FOLIOS, CHILDREN };
enum { COLLAPSE };
enum { WANTED, SMALL, COLLAPSED, FORKED, REAPED };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	/* Once as small pages, which children keep, once as huge. */
	f->bytes = sharers_bytes(b, 2 * b->param[FOLIOS] * thp_size(), b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void collapse_one(struct bench *b, char *folio, long first)
{
	bool small = !thp_mapped(folio, sharers.region.bytes);
	uint64_t start, ns;
	int rc;

	if (b->param[CHILDREN])
		pages_fill(b, folio, b->page_size, 1, first);
	madvise(folio, sharers.region.bytes, MADV_HUGEPAGE);
	start = bench_now(b);
	rc = madvise(folio, sharers.region.bytes, MADV_COLLAPSE);
	ns = bench_now(b) - start;
	if (rc && errno == EINVAL && !b->param[CHILDREN])
		bench_skip(b, "this kernel has no MADV_COLLAPSE (Linux 6.1 and later), or huge "
			      "pages are kept from this process");
	if (rc && errno != EINVAL && errno != EAGAIN && errno != ENOMEM && errno != EBUSY)
		bench_fail(b, "MADV_COLLAPSE: %m");
	bench_work(b, SMALL, small);
	if (rc || !small || thp_mapped(folio, sharers.region.bytes) != 1)
		return;
	bench_work(b, COLLAPSED, 1);
	bench_sample(b, COLLAPSE, ns);
}

static void round_of(struct bench *b)
{
	size_t size = thp_size();
	long pages = size / b->page_size;

	sharers.region = region_map_aligned(b, b->param[FOLIOS], size, size);
	for (long i = 0; i < sharers.region.count; i++)
		pages_small(region_vma(&sharers.region, i), size);
	region_fill(b, &sharers.region, 1);
	bench_work(b, WANTED, sharers.region.count);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < sharers.region.count; i++)
		collapse_one(b, region_vma(&sharers.region, i), i * pages);
	if (region_verify(b, &sharers.region, 1) != sharers.region.count * pages)
		bench_corrupted(b, "pages changed when they were collapsed");
	bench_work(b, REAPED, sharers_release(b, &sharers));
	region_unmap(b, &sharers.region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[FOLIOS]);

	sharers_new(b, &sharers, b->param[CHILDREN]);
	for (long i = 0; i < rounds; i++)
		round_of(b);
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "small pages collapsed into huge ones by MADV_COLLAPSE",
	.drives = "madvise_collapse, hpage_collapse_scan_pmd, collapse_huge_page, anon_vma_lock_write, "
		  "__collapse_huge_page_isolate, __collapse_huge_page_copy",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "made in one round" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000,
			       "children that share the small pages" },
	},
	.metrics = {
		[COLLAPSE] = { "collapse", "ns", LATENCY, LOWER, "one huge page" },
	},
	.works = { [WANTED] = "wanted", [SMALL] = "small", [COLLAPSED] = "collapsed",
		   [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:small", EXACTLY, WANTED, .why = "they were small pages at first" },
		{ "work:collapsed", AT_LEAST, SMALL, .factor = 0.9,
		  .why = "they are huge pages now (AnonHugePages)" },
		{ "vmstat:thp_collapse_alloc", AT_LEAST, COLLAPSED,
		  .why = "the kernel made huge pages to collapse into" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its small pages intact" },
	},
	.needs = NEED_THP,
	.samples = 64,
	.footprint = footprint,
	.run = run,
};
