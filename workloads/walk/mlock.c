// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mlock and munlock of pages that N processes map: reclaim's walks stop at a locked VMA
 * (folio_referenced_one(), try_to_unmap_one()), and migration carries the mark over.
 */
#include <errno.h>
#include <sys/mman.h>

#include "workloads/machine.h"

enum { PAGES, CHILDREN };
enum { LOCK, UNLOCK };
enum { ASKED, LOCKED, UNLOCKED, FORKED, REAPED };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static long locked(struct bench *b)
{
	return smaps_field(sharers.region.base, sharers.region.bytes, "Locked") * 1024 /
	       b->page_size;
}

static void lock_and_unlock(struct bench *b)
{
	long pages = b->param[PAGES], held;
	uint64_t start, ns;

	start = bench_now(b);
	if (mlock(sharers.region.base, sharers.region.bytes)) {
		if (errno == ENOMEM || errno == EPERM)
			bench_skip(b, "mlock of %ld pages: %m; raise RLIMIT_MEMLOCK", pages);
		bench_fail(b, "mlock of %ld pages: %m", pages);
	}
	ns = bench_now(b) - start;
	held = locked(b);
	bench_rate(b, LOCK, pages, ns);
	start = bench_now(b);
	if (munlock(sharers.region.base, sharers.region.bytes))
		bench_fail(b, "munlock of %ld pages: %m", pages);
	ns = bench_now(b) - start;
	bench_rate(b, UNLOCK, pages, ns);
	bench_work(b, ASKED, pages);
	bench_work(b, LOCKED, held > pages ? pages : held);
	bench_work(b, UNLOCKED, held - locked(b));
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
		lock_and_unlock(b);
	sharers_verify(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "mlock and munlock of pages that children share",
	.drives = "mlock_vma_pages_range, mlock_folio, munlock_folio, populate_vma_page_range, "
		  "do_wp_page",
	.params = {
		[PAGES] = { "pages", "pages", 1024, 1, 1 << 18, "base pages" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000,
			       "children that share them until the first mlock, which copies" },
	},
	.metrics = {
		[LOCK] = { "mlock", "pages/s", THROUGHPUT, HIGHER,
			   "pages locked; with children the first pass copies them" },
		[UNLOCK] = { "munlock", "pages/s", THROUGHPUT, HIGHER, "pages unlocked" },
	},
	.works = { [ASKED] = "asked", [LOCKED] = "locked", [UNLOCKED] = "unlocked",
		   [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:locked", EXACTLY, ASKED, .why = "they are locked (Locked of smaps)" },
		{ "work:unlocked", EXACTLY, LOCKED, .why = "and unlocked again" },
		{ "vmstat:unevictable_pgs_mlocked", AT_LEAST, LOCKED,
		  .why = "the kernel put them on the unevictable list" },
		{ "vmstat:unevictable_pgs_munlocked", AT_LEAST, UNLOCKED,
		  .why = "and took them off it" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.samples = 16,
	.footprint = footprint,
	.run = run,
};
