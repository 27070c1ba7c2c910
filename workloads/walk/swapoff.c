// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swapoff: everything in a swap device comes back to memory, process by process (unuse_mm()), and
 * gets its rmap again page by page. The device is one of zram of our own, ahead of all others; what
 * it holds of others' comes back too, so it is dangerous where memory is short.
 */
#include <sys/mman.h>

#include "workloads/machine.h"

enum { PAGES };
enum { OFF };
enum { ASKED, SWAPPED, CAME_BACK };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = 2 * b->param[PAGES] * b->page_size;
	f->processes = 1;
}

static long swapped(struct bench *b)
{
	return smaps_field(sharers.region.base, sharers.region.bytes, "Swap") * 1024 / b->page_size;
}

static void round_of(struct bench *b)
{
	uint64_t start, ns;
	long out, back;

	swap_add(b, 2 * b->param[PAGES] * b->page_size);
	if (madvise(sharers.region.base, sharers.region.bytes, MADV_PAGEOUT))
		bench_fail(b, "MADV_PAGEOUT: %m");
	out = swapped(b);
	start = bench_now(b);
	if (swap_off())
		bench_fail(b, "swapoff: %m");
	ns = bench_now(b) - start;
	back = out - swapped(b);
	bench_rate(b, OFF, back, ns);
	bench_work(b, ASKED, b->param[PAGES]);
	bench_work(b, SWAPPED, out);
	bench_work(b, CAME_BACK, back);
	sharers_verify(b, &sharers);
	swap_remove();
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);

	sharers_new(b, &sharers, 0);
	sharers_map(b, &sharers, b->param[PAGES], -1);
	bench_hold(b, POPULATED);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++)
		round_of(b);
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "a swap device taken away while it holds our pages",
	.drives = "try_to_unuse, unuse_mm, unuse_pte, folio_add_anon_rmap_pte",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 16, 1 << 18, "base pages in swap" },
	},
	.metrics = {
		[OFF] = { "off", "pages/s", THROUGHPUT, HIGHER, "pages brought back by swapoff()" },
	},
	.works = { [ASKED] = "asked", [SWAPPED] = "swapped", [CAME_BACK] = "came_back" },
	.evidence = {
		{ "work:swapped", AT_LEAST, ASKED, .factor = 0.9,
		  .why = "they were in swap (Swap of smaps)" },
		{ "work:came_back", EXACTLY, SWAPPED, .why = "none is left there" },
		{ "vmstat:pswpin", AT_LEAST, CAME_BACK, .factor = 0.9,
		  .why = "the kernel read them back" },
	},
	.needs = NEED_ZRAM | NEED_ROOT | NEED_DANGEROUS,
	.samples = 4,
	.footprint = footprint,
	.run = run,
};
