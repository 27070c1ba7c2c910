// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a write costs after a fork: the copy in the parent, the copy in a child, the fault that only
 * makes the page writable again once the sharers are gone, and, as control, the same write to a
 * page that nobody shares.
 *
 * In each round the parent writes the lower half of the pages and the last child the upper half,
 * so that each page is copied once, with all other children still mapping it.
 */
#include "workloads/workload.h"

enum { PAGES, CHILDREN };
enum { PARENT, CHILD, REUSE, CONTROL };
enum { WRITES, FAULTS, MAPPED, INTACT };

static struct region region;
static long round_number;

static void footprint(const struct bench *b, struct footprint *f)
{
	/* Twice the pages: each is copied by one process. */
	f->bytes = (uint64_t)b->param[PAGES] * b->page_size * 2 +
		   family_bytes(b, 1, b->param[CHILDREN] + 1) +
		   (b->param[CHILDREN] + 1) * (b->param[PAGES] / 512 + 1) * b->page_size;
	f->processes = b->param[CHILDREN] + 1;
}

static long half(const struct bench *b)
{
	return b->param[PAGES] / 2;
}

/* A word of the page that the pattern leaves free says who wrote last, and in which round. */
static volatile uint64_t *mark(const struct bench *b, long page)
{
	return (uint64_t *)(region.base + page * b->page_size + sizeof(uint64_t));
}

enum writer { BEFORE_FORK = 1, THE_PARENT, THE_CHILD };

static uint64_t mark_of(enum writer who)
{
	return (uint64_t)round_number * 4 + who;
}

/* Half of the pages, each write timed; all but the control are to fault. */
static void write_half(struct bench *b, long first, int metric, enum writer who)
{
	long sample = round_number * half(b), faults = faults_taken();
	uint64_t value = mark_of(who);

	for (long i = 0; i < half(b); i++) {
		volatile uint64_t *p = mark(b, first + i);
		uint64_t start = bench_now(b);

		*p = value;
		bench_sample_at(b, metric, sample + i, bench_now(b) - start);
	}
	if (metric == CONTROL)
		return;
	bench_work(b, WRITES, half(b));
	bench_work(b, FAULTS, faults_taken() - faults);
}

/* A copy must be whole, and carry the mark of its own last writer. */
static void verify(struct bench *b, enum writer lower, enum writer upper, const char *whose)
{
	long pages = 2 * half(b), good = 0;

	for (long i = 0; i < pages; i++)
		good += *mark(b, i) == mark_of(i < half(b) ? lower : upper) &&
			pages_verify(b, region.base + i * b->page_size, b->page_size, 1, i);
	if (good != pages)
		bench_corrupted(b, "%ld of %ld pages of %s are not what it is to see", pages - good,
				pages, whose);
	bench_work(b, INTACT, good);
}

static bool last(const struct bench *b, long k)
{
	return k == b->param[CHILDREN] - 1;
}

static void child_writes(struct bench *b, void *arg, long k)
{
	(void)arg;
	if (last(b, k))
		write_half(b, half(b), CHILD, THE_CHILD);
}

static void child_verifies(struct bench *b, void *arg, long k)
{
	(void)arg;
	verify(b, BEFORE_FORK, last(b, k) ? THE_CHILD : BEFORE_FORK, "a child");
}

static void one_round(struct bench *b, struct family *family, long own)
{
	write_half(b, 0, CONTROL, BEFORE_FORK);
	for (long i = half(b); i < 2 * half(b); i++)
		*mark(b, i) = mark_of(BEFORE_FORK);
	for (long k = 0; k < b->param[CHILDREN]; k++) {
		family_fork(b, family, child_writes, NULL);
		family_ready(b, family);
	}
	family_model(b, HELD, 1, own, b->param[CHILDREN]);
	bench_hold(b, HELD);
	write_half(b, 0, PARENT, THE_PARENT);
	family_release(b, family);
	write_half(b, half(b), REUSE, THE_PARENT);
	verify(b, THE_PARENT, THE_PARENT, "the parent");
	bench_work(b, MAPPED, 2 * half(b) * (b->param[CHILDREN] + 1));
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, half(b)), own = maps_anonymous();
	struct family family = family_new(b, b->param[CHILDREN]);

	family.on_release = child_verifies;
	region = region_map(b, 1, 2 * half(b) * b->page_size);
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
	.summary = "write faults after a fork: copy in parent and child, reuse, and no fault at all",
	.drives = "do_wp_page, wp_page_copy, folio_add_new_anon_rmap, wp_page_reuse, "
		  "folio_move_anon_rmap",
	.params = {
		[PAGES] = { "pages", "pages", 512, 2, 262144,
			    "shared; half are written by the parent, half by the last child" },
		[CHILDREN] = { "children", "processes", 1, 1, 1000, "that share the pages" },
	},
	.metrics = {
		[PARENT] = { "parent", "ns", LATENCY, LOWER,
			     "first write to a page in the parent while children share it" },
		[CHILD] = { "child", "ns", LATENCY, LOWER,
			    "first write to a page in the last child while the rest share it" },
		[REUSE] = { "reuse", "ns", LATENCY, LOWER,
			    "first write in the parent once all sharers are gone: a fault, no copy" },
		[CONTROL] = { "control", "ns", LATENCY, LOWER,
			      "the same write to a page that is not shared: no fault" },
	},
	.works = {
		[WRITES] = "writes",
		[FAULTS] = "faults",
		[MAPPED] = "mapped",
		[INTACT] = "intact",
	},
	.evidence = {
		{ "work:faults", AT_LEAST, WRITES,
		  .why = "each write to a shared page faulted in its own process" },
		{ "vmstat:pgfault", AT_LEAST, WRITES, .why = "the kernel counted the faults" },
		{ "work:intact", EXACTLY, MAPPED,
		  .why = "in each process each page is a whole copy and has its own last mark" },
	},
	.samples = 2048,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
