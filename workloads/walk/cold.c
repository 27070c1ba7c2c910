// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_COLD: the accessed bits of a range are cleared and its pages moved to the inactive list. No
 * rmap walk of its own, but it trusts the mapcount: a page that others map too is passed over in
 * silence. What shows that it worked is that the pages are no longer referenced.
 */
#include <sys/mman.h>

#include "workloads/machine.h"

enum { PAGES, CHILDREN };
enum { COLD };
enum { REFERENCED, COLD_PAGES, FORKED, REAPED };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static long referenced(struct bench *b)
{
	return smaps_field(sharers.region.base, sharers.region.bytes, "Referenced") * 1024 /
	       b->page_size;
}

static void advise(struct bench *b)
{
	uint64_t start, ns;
	long before, cold;

	/* Reading them sets their accessed bits. */
	sharers_verify(b, &sharers);
	before = referenced(b);
	start = bench_now(b);
	if (madvise(sharers.region.base, sharers.region.bytes, MADV_COLD))
		bench_fail(b, "MADV_COLD: %m");
	ns = bench_now(b) - start;
	cold = before - referenced(b);
	bench_work(b, REFERENCED, before);
	bench_work(b, COLD_PAGES, cold < 0 ? 0 : cold);
	bench_rate(b, COLD, cold < 0 ? 0 : cold, ns);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);

	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, b->param[PAGES], -1);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++)
		advise(b);
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "pages declared cold by MADV_COLD",
	.drives = "madvise_cold_or_pageout_pte_range, folio_mapcount, folio_deactivate",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 16, 1 << 18, "base pages" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000,
			       "children that share them; with any nothing happens, and the "
			       "evidence says so" },
	},
	.metrics = {
		[COLD] = { "cold", "pages/s", THROUGHPUT, HIGHER,
			   "pages whose accessed bit was taken" },
	},
	.works = { [REFERENCED] = "referenced", [COLD_PAGES] = "cold", [FORKED] = "forked",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:cold", AT_LEAST, REFERENCED, .factor = 0.9,
		  .why = "they are no longer referenced (Referenced of smaps)" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.samples = 32,
	.footprint = footprint,
	.run = run,
};
