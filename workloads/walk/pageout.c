// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_PAGEOUT of small pages to swap, and back by faults: reclaim's walks over pages that one
 * process maps. Pages that others map too are passed over in silence; thp/pressure swaps such.
 */
#include <sys/mman.h>

#include "workloads/machine.h"

enum { PAGES, CHILDREN };
enum { OUT, BACK };
enum { ASKED, SWAPPED, BROUGHT_BACK, FORKED, REAPED };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, 2 * b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static long swapped(struct bench *b)
{
	return smaps_field(sharers.region.base, sharers.region.bytes, "Swap") * 1024 / b->page_size;
}

static void out_and_back(struct bench *b)
{
	uint64_t start, ns;
	long out;

	start = bench_now(b);
	if (madvise(sharers.region.base, sharers.region.bytes, MADV_PAGEOUT))
		bench_fail(b, "MADV_PAGEOUT: %m");
	ns = bench_now(b) - start;
	out = swapped(b);
	bench_rate(b, OUT, out, ns);
	start = bench_now(b);
	for (long i = 0; i < b->param[PAGES]; i++)
		*(volatile char *)(sharers.region.base + i * b->page_size);
	ns = bench_now(b) - start;
	bench_rate(b, BACK, out, ns);
	bench_work(b, ASKED, b->param[PAGES]);
	bench_work(b, SWAPPED, out);
	bench_work(b, BROUGHT_BACK, out - swapped(b));
	sharers_verify(b, &sharers);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);

	swap_ensure(b, 2 * b->param[PAGES] * b->page_size);
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, b->param[PAGES], -1);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++)
		out_and_back(b);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "small pages out to swap by MADV_PAGEOUT, and back",
	.drives = "reclaim_pages, shrink_folio_list, folio_referenced, try_to_unmap, "
		  "try_to_unmap_one, do_swap_page, folio_add_anon_rmap_ptes",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 16, 1 << 18, "base pages that go out" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000,
			       "children that share them; with any nothing goes out, and the "
			       "evidence says so" },
	},
	.metrics = {
		[OUT] = { "out", "pages/s", THROUGHPUT, HIGHER, "pages that went to swap" },
		[BACK] = { "back", "pages/s", THROUGHPUT, HIGHER, "pages read back by faults" },
	},
	.works = { [ASKED] = "asked", [SWAPPED] = "swapped", [BROUGHT_BACK] = "brought_back",
		   [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:swapped", AT_LEAST, ASKED, .factor = 0.9,
		  .why = "they were in swap (Swap of smaps)" },
		{ "vmstat:pswpout", AT_LEAST, SWAPPED, .factor = 0.9,
		  .why = "the kernel wrote them to swap" },
		{ "vmstat:pswpin", AT_LEAST, BROUGHT_BACK, .factor = 0.9,
		  .why = "and read them back" },
		{ "work:brought_back", AT_LEAST, SWAPPED, .factor = 0.9,
		  .why = "they are in memory again" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_SWAP | NEED_ROOT,
	.samples = 8,
	.footprint = footprint,
	.run = run,
};
