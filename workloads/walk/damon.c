// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DAMON on physical addresses: kdamond samples pages, and for each sample clears the accessed bits
 * by an rmap walk (damon_folio_mkold()) and asks for them by another (damon_folio_young()). It is
 * told to watch frames of ours, once while we read them and once while we do not; if it cannot tell
 * the two apart, its walks did not run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "workloads/machine.h"

#define ADMIN	"/sys/kernel/mm/damon/admin/kdamonds/"
#define CONTEXT ADMIN "0/contexts/0/"
#define SCHEME	CONTEXT "schemes/0/"

enum { PAGES, CHILDREN, INTERVAL, TIME };
enum { CPU };
enum { WATCHED, HOT, COLD, FORKED, REAPED };
enum { MOST_RUNS = 16, LEAST_RUN = 32, REGIONS = 100 };

static struct sharers sharers;
static struct region flushed;
static uint64_t *frame;

static struct run {
	uint64_t first, pages;
} runs[MOST_RUNS];
static int run_count;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void put(struct bench *b, const char *path, unsigned long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", value);
	if (file_write(path, text))
		bench_fail(b, "%s = %lu: %m", path, value);
}

static void put_word(struct bench *b, const char *path, const char *word)
{
	if (file_write(path, word))
		bench_fail(b, "%s = %s: %m", path, word);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int longest_first(const void *a, const void *b)
{
	uint64_t x = ((const struct run *)a)->pages, y = ((const struct run *)b)->pages;

	return (x < y) - (x > y);
}

static int lowest_first(const void *a, const void *b)
{
	uint64_t x = ((const struct run *)a)->first, y = ((const struct run *)b)->first;

	return (x > y) - (x < y);
}

/* Stretches of frames that are all ours, the longest ones; DAMON takes ranges, and nobody else's.
 */
static long find_runs(struct bench *b)
{
	long pages = b->param[PAGES], watched = 0;

	frames_read(getpid(), sharers.region.base, pages, frame);
	qsort(frame, pages, sizeof(*frame), by_value);
	for (long i = 0, n; i < pages; i += n) {
		for (n = 1; i + n < pages && frame[i + n] == frame[i] + n;)
			n++;
		if (n < LEAST_RUN)
			continue;
		qsort(runs, run_count, sizeof(*runs), longest_first);
		if (run_count < MOST_RUNS)
			run_count++;
		else if (runs[MOST_RUNS - 1].pages >= (uint64_t)n)
			continue;
		runs[run_count - 1] = (struct run){ frame[i], n };
	}
	/* DAMON wants them in order. */
	qsort(runs, run_count, sizeof(*runs), lowest_first);
	for (int i = 0; i < run_count; i++)
		watched += runs[i].pages;
	return watched;
}

static void turn_off(void *arg)
{
	(void)arg;
	file_write(ADMIN "0/state", "off");
	file_write(ADMIN "nr_kdamonds", "0");
}

static void turn_on(struct bench *b)
{
	char path[160];

	bench_undo(b, turn_off, NULL);
	put(b, ADMIN "nr_kdamonds", 1);
	put(b, ADMIN "0/contexts/nr_contexts", 1);
	if (file_write(CONTEXT "operations", "paddr"))
		bench_skip(b, "DAMON does not watch physical addresses here (CONFIG_DAMON_PADDR)");
	put(b, CONTEXT "monitoring_attrs/intervals/sample_us", b->param[INTERVAL]);
	put(b, CONTEXT "monitoring_attrs/intervals/aggr_us", b->param[INTERVAL] * 20);
	put(b, CONTEXT "monitoring_attrs/nr_regions/min", REGIONS);
	put(b, CONTEXT "monitoring_attrs/nr_regions/max", 2 * REGIONS);
	put(b, CONTEXT "targets/nr_targets", 1);
	put(b, CONTEXT "targets/0/regions/nr_regions", run_count);
	for (int i = 0; i < run_count; i++) {
		snprintf(path, sizeof(path), CONTEXT "targets/0/regions/%d/start", i);
		put(b, path, runs[i].first * b->page_size);
		snprintf(path, sizeof(path), CONTEXT "targets/0/regions/%d/end", i);
		put(b, path, (runs[i].first + runs[i].pages) * b->page_size);
	}
	put(b, CONTEXT "schemes/nr_schemes", 1);
	put_word(b, SCHEME "action", "stat");
	put(b, SCHEME "access_pattern/sz/max", -1ul);
	put(b, SCHEME "access_pattern/nr_accesses/min", 1);
	put(b, SCHEME "access_pattern/nr_accesses/max", 1000);
	put(b, SCHEME "access_pattern/age/max", 1000000);
	put_word(b, ADMIN "0/state", "on");
}

/* Bytes of regions, each time they matched: those that were seen to be accessed. */
static long seen_accessed(struct bench *b)
{
	put_word(b, ADMIN "0/state", "update_schemes_stats");
	return file_read_long(SCHEME "stats/sz_tried") / b->page_size;
}

static uint64_t kdamond_ns(struct bench *b)
{
	long pid = file_read_long(ADMIN "0/pid");
	struct timespec t;
	clockid_t clock;

	if (pid <= 0 || clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		bench_fail(b, "kdamond does not run, or its CPU clock cannot be read: %m");
	return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

/* Watches for a while; returns how many pages were seen to be accessed, each time they were. */
static long watch(struct bench *b, bool reading)
{
	uint64_t start, ns, cpu;
	long seen;

	/* What was seen before is in the statistics of the aggregation that is running. */
	usleep(b->param[INTERVAL] * 40);
	seen = seen_accessed(b);
	cpu = kdamond_ns(b);
	start = bench_now(b);
	do {
		if (reading) {
			/* kdamond does not, and a guest with one CPU may have no reason to. */
			tlb_flush(b, &flushed);
			sharers_verify(b, &sharers);
		} else {
			usleep(10000);
		}
		ns = bench_now(b) - start;
	} while (ns < (uint64_t)b->param[TIME] * 1000000);
	cpu = kdamond_ns(b) - cpu;
	bench_sample(b, CPU, cpu * b->param[INTERVAL] * 1000 / ns);
	return seen_accessed(b) - seen;
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 2), watched;

	if (file_read_long(ADMIN "nr_kdamonds") > 0)
		bench_skip(b, "somebody else uses DAMON here (" ADMIN "nr_kdamonds)");
	frame = bench_memory(b, b->param[PAGES] * sizeof(*frame));
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, b->param[PAGES], -1);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	flushed = tlb_region(b);
	watched = find_runs(b);
	if (!watched)
		bench_skip(b, "memory is too fragmented: no %d frames of ours in a row", LEAST_RUN);
	turn_on(b);
	for (long i = 0; i < rounds; i++) {
		bench_work(b, WATCHED, watched);
		bench_work(b, HOT, watch(b, true));
		bench_work(b, COLD, watch(b, false));
	}
	turn_off(NULL);
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
	region_unmap(b, &flushed);
}

const struct workload workload = {
	.summary = "DAMON watches frames of ours: two rmap walks for each sample of each region",
	.drives = "kdamond_fn, damon_pa_prepare_access_checks, damon_folio_mkold, damon_folio_young, "
		  "rmap_walk_anon",
	.params = {
		[PAGES] = { "pages", "pages", 8192, 1024, 1 << 20,
			    "mapped; what lies in a row is watched" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
		[INTERVAL] = { "interval", "us", 1000, 100, 1000000, "between samples" },
		[TIME] = { "time", "ms", 300, 50, 60000, "of each watch" },
	},
	.metrics = {
		[CPU] = { "cpu", "ns", LATENCY, LOWER,
			  "CPU time of kdamond for each sampling interval: 100 to 200 regions" },
	},
	.works = { [WATCHED] = "watched", [HOT] = "hot", [COLD] = "cold", [FORKED] = "forked",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:hot", AT_LEAST, WATCHED,
		  .why = "kdamond saw accesses while we read the pages" },
		{ "work:cold", AT_MOST, HOT, .factor = 0.5,
		  .why = "and few while we did not" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_DAMON_PADDR | NEED_PAGEMAP_PFN | NEED_ROOT,
	.cpus = ALL_CPUS,
	.samples = 8,
	.footprint = footprint,
	.run = run,
};
