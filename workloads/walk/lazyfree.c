// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_FREE: pages that the kernel may drop, and reclaim that drops them. The one way in which
 * reclaim walks the rmap of anonymous memory without any swap. A memory group holds the pages, so
 * that reclaim finds these alone.
 *
 * A page that was dropped reads as zero, one that was not as it was written: anything else is
 * corruption.
 */
#include <sys/mman.h>

#include "workloads/machine.h"

enum { PAGES };
enum { FREE, DROP };
enum { FREED, DROPPED, ZERO };

static struct region region;
static struct group group;
static unsigned char *present; /* as mincore(2) has it */

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[PAGES] * (b->page_size + 1);
	f->processes = 1;
}

static void look(struct bench *b)
{
	if (mincore(region.base, region.bytes, present))
		bench_fail(b, "mincore of %zu bytes: %m", region.bytes);
}

static void declare_free(struct bench *b)
{
	uint64_t start = bench_now(b);

	if (madvise(region.base, region.bytes, MADV_FREE))
		bench_fail(b, "MADV_FREE: %m");
	bench_rate(b, FREE, b->param[PAGES], bench_now(b) - start);
	bench_work(b, FREED, b->param[PAGES]);
}

static void drop(struct bench *b)
{
	uint64_t start = bench_now(b), ns;
	long dropped = 0;

	if (!group_reclaim(&group, region.bytes))
		bench_fail(b, "the memory group refuses to reclaim: %m");
	ns = bench_now(b) - start;
	look(b);
	for (long i = 0; i < b->param[PAGES]; i++)
		dropped += !(present[i] & 1);
	bench_work(b, DROPPED, dropped);
	bench_rate(b, DROP, dropped, ns);
}

static void verify(struct bench *b)
{
	for (long i = 0; i < b->param[PAGES]; i++) {
		char *page = region.base + i * b->page_size;
		bool zero = page_is_zero(b, page, 0);

		if (!(present[i] & 1) && zero)
			bench_work(b, ZERO, 1);
		else if (zero || pages_verify(b, page, b->page_size, 1, i) != 1)
			bench_corrupted(b, "page %ld was %s and holds something else", i,
					present[i] & 1 ? "kept" : "dropped");
	}
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);

	present = bench_memory(b, b->param[PAGES]);
	if (!group_create(b, &group, "memory") || !group_enter(b, &group))
		bench_skip(b, "no memory control group can be made in /sys/fs/cgroup: %m");
	for (long i = 0; i < rounds; i++) {
		region = region_map(b, 1, b->param[PAGES] * b->page_size);
		pages_small(region.base, region.bytes);
		region_fill(b, &region, 1);
		bench_hold(b, POPULATED);
		declare_free(b);
		bench_hold(b, HELD);
		drop(b);
		verify(b);
		region_unmap(b, &region);
	}
	group_leave(b, &group);
}

const struct workload workload = {
	.summary = "pages given back by MADV_FREE, then dropped by reclaim",
	.drives = "madvise_free_pte_range, folio_mark_lazyfree, shrink_folio_list, "
		  "folio_referenced, try_to_unmap",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 64, 1 << 18, "base pages" },
	},
	.metrics = {
		[FREE] = { "free", "pages/s", THROUGHPUT, HIGHER, "MADV_FREE of all pages" },
		[DROP] = { "drop", "pages/s", THROUGHPUT, HIGHER,
			   "pages dropped by one reclaim of the whole group" },
	},
	.works = { [FREED] = "freed", [DROPPED] = "dropped", [ZERO] = "zero" },
	.evidence = {
		{ "work:dropped", AT_LEAST, FREED, .factor = 0.8,
		  .why = "reclaim took them: mincore() finds no page" },
		{ "vmstat:pglazyfreed", AT_LEAST, DROPPED, .why = "and the kernel counted it" },
		{ "work:zero", EXACTLY, DROPPED, .why = "what was dropped reads as zero" },
	},
	.needs = NEED_MEMCG,
	.samples = 16,
	.footprint = footprint,
	.run = run,
};
