// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parent exits first: its anon_vmas outlive it, as its children's VMAs hang on them and the
 * pages that they share still point to them.
 */
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/workload.h"

enum { VMAS, CHILDREN };
enum { EXIT, WRITE };
enum { FORKS, REAPED, WRITES, FAULTS, ORPHAN_VMAS };

static struct region region;

static void footprint(const struct bench *b, struct footprint *f)
{
	long vmas = b->param[VMAS], children = b->param[CHILDREN];

	f->bytes = (children + 2) * vmas * b->page_size + family_bytes(b, vmas, children + 2);
	f->processes = children + 2;
}

static void verify(struct bench *b, uint64_t tag, const char *whose)
{
	if (region_verify(b, &region, tag) != region.count)
		bench_corrupted(b, "the pages of %s are not what it is to see", whose);
}

/* The released orphan: sees its dead parent's pages, then makes them its own. */
static void outlive(struct bench *b, void *arg, long k)
{
	long faults = faults_taken();

	(void)arg;
	verify(b, 1, "an orphan");
	for (long i = 0; i < region.count; i++) {
		char *page = region_vma(&region, i);
		uint64_t start = bench_now(b);

		*(volatile uint64_t *)page = k;
		bench_sample(b, WRITE, bench_now(b) - start);
		pages_fill(b, page, b->page_size, 2 + k, i);
	}
	bench_work(b, FAULTS, faults_taken() - faults);
	bench_work(b, WRITES, region.count);
	verify(b, 2 + k, "an orphan that wrote");
}

/* The parent between: writes, forks all children, and waits for its end. */
static void middle(struct bench *b, struct family *children, const int gate[2])
{
	char byte;

	close(gate[1]);
	region_fill(b, &region, 1);
	for (long k = 0; k < b->param[CHILDREN]; k++)
		family_fork(b, children, NULL, NULL);
	while (read(gate[0], &byte, 1) > 0)
		;
	_exit(0);
}

static void model(struct bench *b, long own)
{
	long v = b->param[VMAS], n = b->param[CHILDREN];

	/* An orphan's VMA has entries for three generations, and the dead one's anon_vma stays. */
	bench_model(b, HELD, "anon_vma", v + (n + 1) * (v + own));
	bench_model(b, HELD, "anon_vma_chain", v + 3 * n * (v + own));
	bench_model(b, HELD, "vm_area_struct", maps_count() - b->vmas + n * family_vmas(b));
}

/* Reaps the orphans, that are ours since their parent died. */
static long reap_orphans(struct bench *b)
{
	long reaped = 0;

	while (reaped < b->param[CHILDREN]) {
		child_reap(b, -1);
		reaped++;
	}
	return reaped;
}

static void one_round(struct bench *b, long own)
{
	struct family children = family_new(b, b->param[CHILDREN]);
	uint64_t start;
	int gate[2];
	pid_t pid;

	children.on_release = outlive;
	if (pipe(gate))
		bench_fail(b, "pipe: %m");
	pid = fork();
	if (pid < 0)
		bench_fail(b, "fork of the parent between: %m");
	if (!pid)
		middle(b, &children, gate);
	/* The children of a child report to us all the same. */
	children.count = b->param[CHILDREN];
	family_ready(b, &children);
	start = bench_now(b);
	close(gate[1]);
	child_reap(b, pid);
	bench_sample(b, EXIT, bench_now(b) - start);
	bench_work(b, FORKS, 1 + b->param[CHILDREN]);
	bench_work(b, ORPHAN_VMAS, b->param[CHILDREN] * family_vmas(b));
	model(b, own);
	bench_hold(b, HELD);
	children.count = 0;
	family_release(b, &children);
	bench_work(b, REAPED, 1 + reap_orphans(b));
	verify(b, 0, "the first parent");
	close(gate[0]);
	family_free(b, &children);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[VMAS] * b->param[CHILDREN]);
	long own = maps_anonymous();

	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		bench_fail(b, "prctl(PR_SET_CHILD_SUBREAPER): %m");
	region = region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &region, 0);
	family_model(b, POPULATED, region.count, own, 0);
	bench_hold(b, POPULATED);
	for (; rounds; rounds--)
		one_round(b, own);
	region_unmap(b, &region);
}

const struct workload workload = {
	.summary = "a parent that exits before its N children, and what they write afterwards",
	.drives = "exit_mmap, unlink_anon_vmas of anon_vmas still in use, wp_page_copy, "
		  "folio_move_anon_rmap",
	.params = {
		[VMAS] = { "vmas", "VMAs", 64, 1, 4096, "touched VMAs, a hole after each" },
		[CHILDREN] = { "children", "processes", 4, 1, 500,
			       "that their parent leaves behind" },
	},
	.metrics = {
		[EXIT] = { "exit", "ns", LATENCY, LOWER,
			   "end of the parent while all its children live, until it is reaped" },
		[WRITE] = { "write", "ns", LATENCY, LOWER,
			    "first write to a page in an orphan; the last to do so needs no copy" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[WRITES] = "writes",
		[FAULTS] = "faults",
		[ORPHAN_VMAS] = "orphan_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS,
		  .why = "parent and orphans saw the right pages and left with 0" },
		{ "work:faults", AT_LEAST, WRITES, .why = "each write of an orphan faulted" },
		{ "slab:vm_area_struct", AT_LEAST, ORPHAN_VMAS, .from = POPULATED, .to = HELD,
		  .why = "the orphans live on with their VMAs" },
	},
	.samples = 1024,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
