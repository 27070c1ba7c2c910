// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fork() of much memory by the size of its folios: page by page, by batch of a large folio's
 * pages, or by one PMD for 2 MiB.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "workloads/machine.h"
#include "workloads/workload.h"

enum { SIZE, FOLIO };
enum { FORK, FORK_REAP };
enum { FORKS, REAPED, FOLIOS, FOLIOS_SEEN };

#define THP "/sys/kernel/mm/transparent_hugepage/"

static struct region region;

static size_t bytes(const struct bench *b)
{
	return (size_t)b->param[SIZE] << 20;
}

static size_t folio(const struct bench *b)
{
	return (size_t)b->param[FOLIO] << 10;
}

static void footprint(const struct bench *b, struct footprint *f)
{
	/* The memory, and page tables for it in two processes. */
	f->bytes = bytes(b) + 2 * (bytes(b) / 512) + family_bytes(b, 1, 2);
	f->processes = 2;
}

static void verify(struct bench *b, void *arg, long k)
{
	(void)arg;
	(void)k;
	if (region_verify(b, &region, 1) != (long)(bytes(b) / b->page_size))
		bench_corrupted(b, "the pages after the fork are not those before it");
}

/* Folios of a size between page and huge page that faults have made so far, in the system. */
static long folios_made(const struct bench *b)
{
	char path[128];

	snprintf(path, sizeof(path), THP "hugepages-%ldkB/stats/anon_fault_alloc", b->param[FOLIO]);
	return file_read_long(path);
}

/* Asks for this size and no other. */
static void allow(struct bench *b)
{
	char path[128];

	for (size_t size = 2 * b->page_size; size <= thp_size(); size *= 2) {
		snprintf(path, sizeof(path), THP "hugepages-%zukB/enabled", size >> 10);
		if (setting_try(b, path, size == folio(b) ? "madvise" : "never"))
			continue;
		/* Before 6.8 there is one size only, and no file for it. */
		if (size == folio(b) && size < thp_size())
			bench_skip(b, "folios of %ld KiB: %s: %m (Linux 6.8 and later, root)",
				   b->param[FOLIO], path);
	}
	if (folio(b) == thp_size() && !setting_try(b, THP "enabled", "madvise"))
		bench_skip(b, "folios of %ld KiB: " THP "enabled: %m", b->param[FOLIO]);
}

static void check_size(struct bench *b)
{
	size_t size = folio(b);

	if (size & (size - 1) || size < (size_t)b->page_size)
		bench_skip(b,
			   "--folio %ld: allowed are powers of two from the page size, %ld KiB, to "
			   "that of a huge page, %zu KiB",
			   b->param[FOLIO], b->page_size >> 10, thp_size() >> 10);
	if (size > (size_t)b->page_size && size > thp_size())
		bench_skip(b, "--folio %ld: the largest folios here are of %zu KiB",
			   b->param[FOLIO], thp_size() >> 10);
}

/* How many folios of that size the region has, given the count of those made before it. */
static long folios_seen(const struct bench *b, long made)
{
	long huge = smaps_field(region.base, region.bytes, "AnonHugePages");

	if (folio(b) == thp_size())
		return (huge << 10) / folio(b);
	if (folio(b) > (size_t)b->page_size)
		return folios_made(b) - made;
	return ((smaps_field(region.base, region.bytes, "Rss") - huge) << 10) / folio(b);
}

static void populate(struct bench *b)
{
	long made;

	region = region_map_aligned(b, 1, bytes(b), 2 << 20);
	if (folio(b) == (size_t)b->page_size) {
		pages_small(region.base, region.bytes);
	} else {
		allow(b);
		if (madvise(region.base, region.bytes, MADV_HUGEPAGE))
			bench_skip(b, "madvise(MADV_HUGEPAGE): %m");
	}
	made = folios_made(b);
	region_fill(b, &region, 1);
	bench_work(b, FOLIOS, bytes(b) / folio(b));
	bench_work(b, FOLIOS_SEEN, folios_seen(b, made));
}

static void one_fork(struct bench *b, struct family *family, long own)
{
	uint64_t start = bench_now(b);

	bench_sample(b, FORK, family_fork(b, family, NULL, NULL));
	family_ready(b, family);
	if (bench_counting(b)) {
		family_model(b, HELD, 1, own, 1);
		bench_hold(b, HELD);
	}
	bench_work(b, FORKS, 1);
	bench_work(b, REAPED, family_release(b, family));
	bench_sample(b, FORK_REAP, bench_now(b) - start);
}

static void run(struct bench *b)
{
	long own = maps_anonymous();
	struct family family = family_new(b, 1);

	check_size(b);
	populate(b);
	family_model(b, POPULATED, 1, own, 0);
	bench_hold(b, POPULATED);
	for (long rounds = bench_rounds(b, 1); rounds; rounds--)
		one_fork(b, &family, own);
	/* One more child, that reads every page; no sample waits for that. */
	family.on_release = verify;
	family_fork(b, &family, NULL, NULL);
	bench_work(b, FORKS, 1);
	bench_work(b, REAPED, family_release(b, &family));
	verify(b, NULL, 0);
	region_unmap(b, &region);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "fork() of up to 1 GiB, by folio size: pages, mTHP sizes, 2 MiB",
	.drives = "copy_page_range, copy_present_ptes, copy_huge_pmd, folio_try_dup_anon_rmap_ptes, "
		  "folio_try_dup_anon_rmap_pmd, zap_pte_range",
	.params = {
		[SIZE] = { "size", "MiB", 64, 2, 1024, "of the memory, all in one VMA" },
		[FOLIO] = { "folio", "KiB", 4, 4, 2048,
			    "size of its folios, a power of two; above the page size the THP "
			    "settings are changed while it runs (root)" },
	},
	.metrics = {
		[FORK] = { "fork", "ns", LATENCY, LOWER, "fork() as the parent sees it" },
		[FORK_REAP] = { "fork-reap", "ns", LATENCY, LOWER,
				"fork() until the child, which leaves at once, is reaped" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[FOLIOS] = "folios",
		[FOLIOS_SEEN] = "folios_seen",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS, .why = "every child that was forked left with 0" },
		{ "work:folios_seen", AT_LEAST, FOLIOS,
		  .why = "smaps, or the size's own counter, shows folios of that size" },
	},
	.samples = 50,
	.footprint = footprint,
	.run = run,
};
