// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_SOFT_OFFLINE: a frame is given up while its page lives on elsewhere: migration of one page,
 * and the old frame is never used again until the next boot. Hence dangerous: each costs a page.
 */
#include <errno.h>
#include <sys/mman.h>

#include "workloads/machine.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101 /* include/uapi/asm-generic/mman-common.h */
#endif

enum { PAGES, CHILDREN };
enum { OFFLINE };
enum { ASKED, MOVED, FORKED, REAPED };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void offline(struct bench *b, long i)
{
	char *page = sharers.region.base + i * b->page_size;
	uint64_t frame = page_frame(page), start, ns;
	int rc;

	start = bench_now(b);
	rc = madvise(page, b->page_size, MADV_SOFT_OFFLINE);
	ns = bench_now(b) - start;
	if (rc && errno != EBUSY && errno != EIO)
		bench_fail(b, "MADV_SOFT_OFFLINE of page %ld: %m", i);
	bench_work(b, ASKED, 1);
	if (rc || page_frame(page) == frame)
		return;
	bench_work(b, MOVED, 1);
	bench_sample(b, OFFLINE, ns);
}

static void run(struct bench *b)
{
	long pages = b->param[PAGES];

	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, pages, -1);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < pages && (i < b->samples || bench_counting(b)); i++)
		offline(b, i);
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "frames given up one by one while their pages live on (MADV_SOFT_OFFLINE)",
	.drives = "soft_offline_page, migrate_pages, try_to_migrate, rmap_walk_anon, "
		  "remove_migration_ptes, page_handle_poison",
	.params = {
		[PAGES] = { "pages", "pages", 64, 1, 4096,
			    "frames given up at most; as many as --samples are" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
	},
	.metrics = {
		[OFFLINE] = { "offline", "ns", LATENCY, LOWER, "one frame" },
	},
	.works = { [ASKED] = "asked", [MOVED] = "moved", [FORKED] = "forked",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:moved", AT_LEAST, ASKED, .factor = 0.9,
		  .why = "the pages are in other frames" },
		{ "vmstat:pgmigrate_success", AT_LEAST, MOVED, .why = "the kernel migrated them" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_MEMORY_FAILURE | NEED_PAGEMAP_PFN | NEED_ROOT | NEED_DANGEROUS,
	.samples = 64,
	.footprint = footprint,
	.run = run,
};
