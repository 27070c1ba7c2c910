// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A zygote: a process with a preloaded heap forks applications that map and write memory of their
 * own, write a part of what they inherited, and never fork.
 */
#include "workloads/workload.h"

enum { VMAS, APPS, APP_VMAS, WRITTEN };
enum { FORK, START };
enum { FORKS, REAPED, WRITES, ALL_APP_VMAS };

static struct region heap;

static void footprint(const struct bench *b, struct footprint *f)
{
	long apps = b->param[APPS], each = b->param[VMAS] + b->param[APP_VMAS];

	f->bytes = (b->param[VMAS] + apps * each) * b->page_size + family_bytes(b, each, apps + 1);
	f->processes = apps + 1;
}

/* The last so many VMAs of the heap are those that applications write. */
static long kept(const struct bench *b)
{
	return heap.count - heap.count * b->param[WRITTEN] / 100;
}

static void start_app(struct bench *b, void *own, long k)
{
	struct region written = heap;

	*(struct region *)own = region_map_timed(b, b->param[APP_VMAS], b->page_size);
	region_fill(b, own, 2 + k);
	written.base = region_vma(&heap, kept(b));
	written.count -= kept(b);
	region_fill(b, &written, 2 + k);
}

static void stop_app(struct bench *b, void *own, long k)
{
	struct region part = heap;
	long good;

	part.count = kept(b);
	good = region_verify(b, &part, 1);
	part.base = region_vma(&heap, kept(b));
	part.count = heap.count - kept(b);
	good += region_verify(b, &part, 2 + k) + region_verify(b, own, 2 + k);
	if (good != heap.count + b->param[APP_VMAS])
		bench_corrupted(b, "pages of application %ld are not what it is to see", k + 1);
}

/* An application's own VMAs are as the zygote's: never shared. */
static void model(struct bench *b, enum hold_point point, long own)
{
	long v = b->param[VMAS], a = b->param[APP_VMAS], n = point == HELD ? b->param[APPS] : 0;

	bench_model(b, point, "anon_vma", v + n * (v + own + a));
	bench_model(b, point, "anon_vma_chain", v + n * (2 * (v + own) + a));
	bench_model(b, point, "vm_area_struct", maps_count() - b->vmas + n * (family_vmas(b) + a));
}

static void one_round(struct bench *b, struct family *apps, long own)
{
	struct region memory;

	for (long k = 0; k < b->param[APPS]; k++) {
		uint64_t start = bench_now(b);

		bench_sample(b, FORK, family_fork(b, apps, start_app, &memory));
		family_ready(b, apps);
		bench_sample(b, START, bench_now(b) - start);
	}
	bench_work(b, FORKS, b->param[APPS]);
	bench_work(b, WRITES, b->param[APPS] * (heap.count - kept(b) + b->param[APP_VMAS]));
	bench_work(b, ALL_APP_VMAS, b->param[APPS] * (family_vmas(b) + b->param[APP_VMAS]));
	model(b, HELD, own);
	bench_hold(b, HELD);
	bench_work(b, REAPED, family_release(b, apps));
}

static void run(struct bench *b)
{
	long own = maps_anonymous();
	struct family apps = family_new(b, b->param[APPS]);

	apps.on_release = stop_app;
	heap = region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &heap, 1);
	model(b, POPULATED, own);
	bench_hold(b, POPULATED);
	for (long rounds = bench_rounds(b, b->param[APPS]); rounds; rounds--)
		one_round(b, &apps, own);
	if (region_verify(b, &heap, 1) != heap.count)
		bench_corrupted(b, "the zygote's pages changed");
	region_unmap(b, &heap);
	family_free(b, &apps);
}

const struct workload workload = {
	.summary = "a zygote: 24 applications from one preloaded heap, which map, write, never fork",
	.drives = "dup_mmap, anon_vma_fork, do_anonymous_page, __anon_vma_prepare, wp_page_copy",
	.params = {
		[VMAS] = { "vmas", "VMAs", 400, 1, 4096, "touched VMAs of the zygote" },
		[APPS] = { "apps", "processes", 24, 1, 500, "applications alive at once" },
		[APP_VMAS] = { "app-vmas", "VMAs", 200, 1, 4096,
			       "that each application maps and touches" },
		[WRITTEN] = { "written", "%", 25, 0, 100,
			      "of the zygote's VMAs that each application writes" },
	},
	.metrics = {
		[FORK] = { "fork", "ns", LATENCY, LOWER, "fork() as the zygote sees it" },
		[START] = { "start", "ns", LATENCY, LOWER,
			    "fork() until the application has all its memory" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[WRITES] = "writes",
		[ALL_APP_VMAS] = "app_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS,
		  .why = "every application saw the right pages and left with 0" },
		{ "vmstat:pgfault", AT_LEAST, WRITES,
		  .why = "each page that an application wrote faulted" },
		{ "slab:vm_area_struct", AT_LEAST, ALL_APP_VMAS, .from = POPULATED, .to = HELD,
		  .why = "the applications are there with inherited and own VMAs" },
	},
	.samples = 96,
	.footprint = footprint,
	.run = run,
};
