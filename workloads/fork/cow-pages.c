// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * N children that each write all P pages of one inherited VMA: N x P private pages that one
 * shared anon_vma would have to search N VMAs for. The case of 2010, when each child got an
 * anon_vma of its own.
 */
#include "workloads/workload.h"

enum { CHILDREN, PAGES };
enum { COPY, EXIT };
enum { WRITES, FAULTS, FORKS, REAPED };

static struct region region;

static void footprint(const struct bench *b, struct footprint *f)
{
	long children = b->param[CHILDREN], pages = b->param[PAGES];

	f->bytes = (uint64_t)(children + 1) * pages * b->page_size +
		   family_bytes(b, 1 + pages / 512, children + 1);
	f->processes = children + 1;
}

static void verify(struct bench *b, void *arg, long k)
{
	(void)arg;
	if (region_verify(b, &region, 2 + k) != b->param[PAGES])
		bench_corrupted(b, "the pages of child %ld are not what it wrote", k + 1);
}

static void copy(struct bench *b, void *arg, long k)
{
	long faults = faults_taken();
	uint64_t start = bench_now(b);

	(void)arg;
	pages_touch(b, region.base, region.bytes);
	bench_rate(b, COPY, b->param[PAGES], bench_now(b) - start);
	bench_work(b, FAULTS, faults_taken() - faults);
	region_fill(b, &region, 2 + k);
}

static void one_round(struct bench *b, struct family *family, long own)
{
	long children = b->param[CHILDREN], reaped;
	uint64_t start;

	for (long k = 0; k < children; k++) {
		family_fork(b, family, copy, NULL);
		family_ready(b, family);
	}
	bench_work(b, FORKS, children);
	bench_work(b, WRITES, children * b->param[PAGES]);
	family_model(b, HELD, 1, own, children);
	bench_hold(b, HELD);
	start = bench_now(b);
	reaped = family_release(b, family);
	bench_rate(b, EXIT, reaped, bench_now(b) - start);
	bench_work(b, REAPED, reaped);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[CHILDREN]), own = maps_anonymous();
	struct family family = family_new(b, b->param[CHILDREN]);

	family.on_release = verify;
	region = region_map(b, 1, b->param[PAGES] * b->page_size);
	pages_small(region.base, region.bytes);
	region_fill(b, &region, 1);
	family_model(b, POPULATED, 1, own, 0);
	bench_hold(b, POPULATED);
	for (; rounds; rounds--)
		one_round(b, &family, own);
	verify(b, NULL, -1);
	region_unmap(b, &region);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "N children that each copy all pages of one VMA by writing (1000 x 1000)",
	.drives = "wp_page_copy, folio_add_new_anon_rmap, exit_mmap, folio_remove_rmap_ptes, "
		  "unlink_anon_vmas",
	.params = {
		[CHILDREN] = { "children", "processes", 100, 1, 1000, "children alive at once" },
		[PAGES] = { "pages", "pages", 100, 1, 65536, "that each child copies" },
	},
	.metrics = {
		[COPY] = { "copy", "pages/s", THROUGHPUT, HIGHER,
			   "first writes to all pages in a child, child after child" },
		[EXIT] = { "exit", "processes/s", THROUGHPUT, HIGHER,
			   "from the release of all children until the last is reaped; each "
			   "verifies its pages first" },
	},
	.works = {
		[WRITES] = "writes",
		[FAULTS] = "faults",
		[FORKS] = "forks",
		[REAPED] = "reaped",
	},
	.evidence = {
		{ "work:faults", AT_LEAST, WRITES, .why = "each write faulted in its own child" },
		{ "vmstat:pgfault", AT_LEAST, WRITES, .why = "the kernel counted the faults" },
		{ "work:reaped", EXACTLY, FORKS,
		  .why = "each child held its own pages to the end and left with 0" },
	},
	.samples = 300,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
