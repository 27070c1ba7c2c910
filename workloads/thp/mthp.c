// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages smaller than a PMD: folios of a chosen size, made by one fault each, shared by fork,
 * cut by munmap. A PTE-mapped folio has one rmap entry for many pages. The kernel's own counters
 * for the size (hugepages-<n>kB/stats) are the evidence.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/machine.h"

#define SIZES "/sys/kernel/mm/transparent_hugepage/hugepages-"

enum { SIZE, FOLIOS };
enum { FAULT, FORK, CUT };
enum { WANTED, LARGE, CUTS, QUEUED, FORKED, REAPED };

static struct sharers sharers;
static char folder[96];

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[FOLIOS] * b->param[SIZE] * 1024, 1);
	f->processes = 2;
}

static long counter(struct bench *b, const char *name)
{
	char path[160];
	long n;

	snprintf(path, sizeof(path), "%s/stats/%s", folder, name);
	n = file_read_long(path);
	if (n < 0)
		bench_skip(b, "%s: %m (Linux 6.10 and later)", path);
	return n;
}

/* One aligned VMA in a row of whole folios: the first fault in each makes one. */
static void fault_all(struct bench *b)
{
	size_t size = b->param[SIZE] * 1024;

	for (size_t at = 0; at < sharers.region.bytes; at += size) {
		volatile char *folio = sharers.region.base + at;
		uint64_t start = bench_now(b);

		*folio = 1;
		bench_sample(b, FAULT, bench_now(b) - start);
	}
}

/* The end of each folio, beginning from the last, so that one VMA becomes many pieces. */
static void cut_all(struct bench *b)
{
	size_t size = b->param[SIZE] * 1024, part = b->page_size;

	for (size_t at = sharers.region.bytes; at > 0; at -= size) {
		uint64_t start = bench_now(b);

		if (madvise(sharers.region.base + at - part, part, MADV_DONTNEED))
			bench_fail(b, "MADV_DONTNEED of a page of a folio: %m");
		bench_sample(b, CUT, bench_now(b) - start);
		bench_work(b, CUTS, 1);
	}
}

static void verify_rest(struct bench *b)
{
	long per = b->param[SIZE] * 1024 / b->page_size, pages = per * b->param[FOLIOS], bad = 0;

	for (long i = 0; i < pages; i++) {
		if (i % per != per - 1)
			bad += pages_verify(b, sharers.region.base + i * b->page_size, b->page_size,
					    1, i) != 1;
	}
	if (bad)
		bench_corrupted(b, "%ld pages changed when their folios were cut", bad);
}

static void round_of(struct bench *b)
{
	size_t size = b->param[SIZE] * 1024;
	long faults = counter(b, "anon_fault_alloc"), queued;

	sharers.region = region_map_aligned(b, 1, b->param[FOLIOS] * size, thp_size());
	if (madvise(sharers.region.base, sharers.region.bytes, MADV_HUGEPAGE))
		bench_fail(b, "MADV_HUGEPAGE: %m");
	fault_all(b);
	faults = counter(b, "anon_fault_alloc") - faults;
	bench_work(b, WANTED, b->param[FOLIOS]);
	bench_work(b, LARGE, faults);
	region_fill(b, &sharers.region, 1);
	bench_hold(b, POPULATED);
	bench_sample(b, FORK, family_fork(b, &sharers.family, NULL, &sharers));
	family_ready(b, &sharers.family);
	bench_work(b, FORKED, 1);
	bench_hold(b, HELD);
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	queued = counter(b, "split_deferred");
	cut_all(b);
	bench_work(b, QUEUED, counter(b, "split_deferred") - queued);
	verify_rest(b);
	region_unmap(b, &sharers.region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[FOLIOS]);
	char path[128];

	snprintf(folder, sizeof(folder), SIZES "%ldkB", b->param[SIZE]);
	if (access(folder, X_OK))
		bench_skip(b,
			   "this kernel has no huge pages of %ld KiB; it has those of " SIZES "*kB",
			   b->param[SIZE]);
	snprintf(path, sizeof(path), "%s/enabled", folder);
	sharers_new(b, &sharers, 1);
	/* The largest size that is enabled wins, so the others are off meanwhile. */
	for (long kib = 8; kib <= (long)thp_size() / 1024; kib *= 2) {
		snprintf(path, sizeof(path), SIZES "%ldkB/enabled", kib);
		setting_try(b, path, kib == b->param[SIZE] ? "madvise" : "never");
	}
	for (long i = 0; i < rounds; i++)
		round_of(b);
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "folios between a page and a PMD in size: fault, fork, cut",
	.drives = "alloc_anon_folio, folio_add_new_anon_rmap, copy_present_ptes, "
		  "folio_try_dup_anon_rmap_ptes, folio_remove_rmap_ptes, deferred_split_folio",
	.params = {
		[SIZE] = { "size", "KiB", 64, 8, 1024, "of a folio, as in hugepages-<n>kB" },
		[FOLIOS] = { "folios", "folios", 64, 1, 65536, "in one round" },
	},
	.metrics = {
		[FAULT] = { "fault", "ns", LATENCY, LOWER, "the first write, which makes a folio" },
		[FORK] = { "fork", "ns", LATENCY, LOWER, "fork() of the process with all folios" },
		[CUT] = { "cut", "ns", LATENCY, LOWER, "MADV_DONTNEED of a folio's last page" },
	},
	.works = { [WANTED] = "wanted", [LARGE] = "large",
		   [CUTS] = "cuts", [QUEUED] = "queued", [FORKED] = "forked",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:large", AT_LEAST, WANTED, .factor = 0.9,
		  .why = "faults made folios of this size (anon_fault_alloc)" },
		{ "work:queued", AT_LEAST, CUTS, .factor = 0.9,
		  .why = "cut folios were queued to be split (split_deferred)" },
		{ "work:reaped", EXACTLY, FORKED, .why = "every child found its pages intact" },
	},
	.needs = NEED_THP | NEED_MTHP | NEED_ROOT,
	.samples = 128,
	.footprint = footprint,
	.run = run,
};
