// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A snapshot by fork, as a database takes it: the child reads every page as it was at the fork,
 * while the parent goes on writing pages in random order.
 */
#include "workloads/machine.h"
#include "workloads/workload.h"

enum { PAGES, WRITES };
enum { FORK, WRITE, READ };
enum { PAGES_WRITTEN, FAULTS, SNAPSHOT_PAGES, SEEN };

static struct region region;
static long *order; /* the pages in random order */
static long round_number;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = (uint64_t)(b->param[PAGES] + b->param[WRITES]) * b->page_size +
		   b->param[PAGES] * sizeof(*order) + family_bytes(b, b->param[PAGES] / 512 + 1, 2);
	f->processes = 2;
}

static long writes(const struct bench *b)
{
	return b->param[WRITES] < b->param[PAGES] ? b->param[WRITES] : b->param[PAGES];
}

/* A word that the pattern leaves free: the round that last wrote the page. */
static volatile long *mark(const struct bench *b, long page)
{
	return (long *)(region.base + page * b->page_size + sizeof(long));
}

/* Fisher and Yates. */
static void shuffle(struct bench *b)
{
	for (long i = b->param[PAGES] - 1; i > 0; i--) {
		long j = bench_random(b) % (i + 1), page = order[i];

		order[i] = order[j];
		order[j] = page;
	}
}

/* In the child: nothing of what the parent writes meanwhile may be seen. */
static void read_snapshot(struct bench *b, void *arg, long k)
{
	long good = 0;
	uint64_t start = bench_now(b);

	(void)arg;
	(void)k;
	for (long i = 0; i < b->param[PAGES]; i++)
		good += *mark(b, i) == round_number &&
			pages_verify(b, region.base + i * b->page_size, b->page_size, 1, i);
	bench_rate(b, READ, b->param[PAGES], bench_now(b) - start);
	bench_work(b, SEEN, good);
	if (good != b->param[PAGES])
		bench_corrupted(b, "%ld of %ld pages of the snapshot changed",
				b->param[PAGES] - good, b->param[PAGES]);
}

static void write_pages(struct bench *b)
{
	long next = round_number + 1, faults = faults_taken();

	for (long i = 0; i < writes(b); i++) {
		volatile long *p = mark(b, order[i]);
		uint64_t start = bench_now(b);

		*p = next;
		bench_sample(b, WRITE, bench_now(b) - start);
	}
	bench_work(b, FAULTS, faults_taken() - faults);
	bench_work(b, PAGES_WRITTEN, writes(b));
}

/* What the parent wrote is there, the rest untouched; then all pages enter the next round. */
static void verify(struct bench *b)
{
	long pages = b->param[PAGES], good = 0;

	for (long i = 0; i < pages; i++)
		good += *mark(b, order[i]) == round_number + (i < writes(b));
	if (good != pages || region_verify(b, &region, 1) != pages)
		bench_corrupted(b, "the parent's pages are not what it wrote");
	for (long i = 0; i < pages; i++)
		*mark(b, i) = round_number + 1;
}

static void one_round(struct bench *b, struct family *family, long own)
{
	shuffle(b);
	bench_sample(b, FORK, family_fork(b, family, NULL, NULL));
	family_ready(b, family);
	family_model(b, HELD, 1, own, 1);
	bench_hold(b, HELD);
	family_open(family);
	write_pages(b);
	family_release(b, family);
	bench_work(b, SNAPSHOT_PAGES, b->param[PAGES]);
	verify(b);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, writes(b)), own = maps_anonymous();
	struct family family = family_new(b, 1);

	order = bench_memory(b, b->param[PAGES] * sizeof(*order));
	for (long i = 0; i < b->param[PAGES]; i++)
		order[i] = i;
	family.on_release = read_snapshot;
	region = region_map(b, 1, b->param[PAGES] * b->page_size);
	pages_small(region.base, region.bytes);
	region_fill(b, &region, 1);
	family_model(b, POPULATED, 1, own, 0);
	bench_hold(b, POPULATED);
	for (round_number = 0; round_number < rounds; round_number++)
		one_round(b, &family, own);
	region_unmap(b, &region);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "a parent writes at random while its child reads a snapshot of all pages",
	.drives = "copy_page_range, do_wp_page, wp_page_copy, folio_add_new_anon_rmap, "
		  "wp_page_reuse",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 1, 262144, "of the data" },
		[WRITES] = { "writes", "pages", 2048, 1, 262144,
			     "that the parent writes for each snapshot, at most all" },
	},
	.metrics = {
		[FORK] = { "fork", "ns", LATENCY, LOWER, "fork() that takes the snapshot" },
		[WRITE] = { "write", "ns", LATENCY, LOWER,
			    "the parent's first write to a page since the snapshot" },
		[READ] = { "read", "pages/s", THROUGHPUT, HIGHER,
			   "pages that the child reads and verifies meanwhile" },
	},
	.works = {
		[PAGES_WRITTEN] = "pages_written",
		[FAULTS] = "faults",
		[SNAPSHOT_PAGES] = "snapshot_pages",
		[SEEN] = "seen",
	},
	.evidence = {
		{ "work:faults", AT_LEAST, PAGES_WRITTEN,
		  .why = "each first write faulted in the parent" },
		{ "vmstat:pgfault", AT_LEAST, PAGES_WRITTEN, .why = "the kernel counted them" },
		{ "work:seen", EXACTLY, SNAPSHOT_PAGES,
		  .why = "the child saw each page as it was at the fork" },
	},
	.cpus = NODE_CPUS,
	.samples = 4096,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
