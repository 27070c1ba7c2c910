// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A family of one ancestor that forks, faults and unmaps at once, and whose pages are migrated
 * meanwhile: in mainline one anon_vma root lock for each of the ancestor's VMAs serves them all.
 */
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/machine.h"
#include "workloads/workload.h"

enum { PROCESSES, VMAS, MIGRATE, WAITS };
enum { RATE, FORK, FAULT, UNMAP, MOVED, LOCK_WAITS };
enum { FORKS, REAPED, WRITES, FAULTS, UNMAPS, HOLES, MIGRATIONS, MIGRATED, FAMILY_VMAS };

enum { PAGES_EACH = 3 };

static struct region region;
static struct span *times;
static volatile long *finished; /* processes that are through */

static void footprint(const struct bench *b, struct footprint *f)
{
	long processes = b->param[PROCESSES], vmas = b->param[VMAS];

	f->bytes = (processes + 1) * vmas * PAGES_EACH * b->page_size +
		   family_bytes(b, vmas, 2 * processes + 1);
	f->processes = 2 * processes + 1;
}

static long cycles(const struct bench *b)
{
	return bench_rounds(b, b->param[PROCESSES]);
}

/* Tracing would be in every time. */
static void sample_time(struct bench *b, int metric, uint64_t i, uint64_t ns)
{
	if (!b->param[WAITS])
		bench_sample_at(b, metric, i, ns);
}

static void sample_rate(struct bench *b, int metric, uint64_t work, uint64_t ns)
{
	if (!b->param[WAITS])
		bench_rate(b, metric, work, ns);
}

static void timed_fork(struct bench *b, uint64_t sample, long k)
{
	uint64_t start = bench_now(b);
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(0);
	sample_time(b, FORK, sample, bench_now(b) - start);
	if (pid < 0)
		bench_fail(b, "fork in process %ld: %m", k + 1);
	waitpid(pid, &status, 0);
	bench_work(b, FORKS, 1);
	bench_work(b, REAPED, status == 0);
}

/* The first page of every VMA, which the last fork protected. */
static void timed_faults(struct bench *b, uint64_t sample)
{
	long faults = faults_taken();
	uint64_t start = bench_now(b);

	for (long i = 0; i < region.count; i++)
		((volatile uint64_t *)region_vma(&region, i))[1] = sample;
	sample_time(b, FAULT, sample, bench_now(b) - start);
	bench_work(b, WRITES, region.count);
	bench_work(b, FAULTS, faults_taken() - faults);
}

/* The middle of one VMA goes, and comes back. */
static void timed_unmap(struct bench *b, uint64_t sample, long i, uint64_t tag)
{
	char *middle = region_vma(&region, i) + b->page_size;
	uint64_t start = bench_now(b), elapsed;
	int failed = munmap(middle, b->page_size);

	elapsed = bench_now(b) - start;
	if (failed)
		bench_fail(b, "munmap in VMA %ld: %m", i + 1);
	bench_work(b, UNMAPS, 1);
	bench_work(b, HOLES, !is_mapped(middle));
	start = bench_now(b);
	if (mmap(middle, b->page_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		bench_fail(b, "mmap in VMA %ld: %m", i + 1);
	sample_time(b, UNMAP, sample, elapsed + bench_now(b) - start);
	pages_fill(b, middle, b->page_size, tag, i * PAGES_EACH + 1);
}

static void own_pages(struct bench *b, void *arg, long k)
{
	(void)arg;
	region_fill(b, &region, 2 + k);
}

static void live(struct bench *b, void *arg, long k)
{
	(void)arg;
	times[k].begin = bench_now(b);
	for (long i = 0; i < cycles(b); i++) {
		uint64_t sample = k * cycles(b) + i;

		timed_fork(b, sample, k);
		timed_faults(b, sample);
		timed_unmap(b, sample, (k + i) % region.count, 2 + k);
	}
	times[k].end = bench_now(b);
	__atomic_fetch_add(finished, 1, __ATOMIC_RELEASE);
	if (region_verify(b, &region, 2 + k) != region.count * PAGES_EACH)
		bench_corrupted(b, "the pages of process %ld are not what it wrote", k + 1);
}

/* What move_pages(2) is given and gives back, for the first page of every VMA. */
static struct move {
	void **pages;
	int *nodes, *before, *after;
} move;

static void prepare_moves(struct bench *b)
{
	long count = region.count;

	move.pages = bench_memory(b, count * sizeof(*move.pages));
	move.nodes = bench_memory(b, 3 * count * sizeof(*move.nodes));
	move.before = move.nodes + count;
	move.after = move.before + count;
	for (long i = 0; i < count; i++)
		move.pages[i] = region_vma(&region, i);
}

/*
 * Moves pages of one process to a node. A page counts if it was elsewhere and is there now, and no
 * more of them than the kernel says it moved: a fault meanwhile can put a fresh page there as well.
 */
static void move_to(struct bench *b, pid_t pid, int node)
{
	long count = region.count, came = 0, moved;
	uint64_t start, elapsed;

	for (long i = 0; i < count; i++)
		move.nodes[i] = node;
	pages_move(pid, count, move.pages, NULL, move.before, 0);
	moved = vmstat_read("pgmigrate_success");
	start = bench_now(b);
	/* All, or what is shared would stay where it is. */
	pages_move(pid, count, move.pages, move.nodes, move.after, MPOL_MF_MOVE_ALL);
	elapsed = bench_now(b) - start;
	moved = vmstat_read("pgmigrate_success") - moved;
	for (long i = 0; i < count; i++)
		came += move.before[i] != node && move.after[i] == node;
	moved = came < moved ? came : moved;
	if (moved)
		sample_rate(b, MOVED, moved, elapsed);
	bench_work(b, MIGRATED, moved);
}

/* From node to node and back, process after process, until all are through. */
static void migrate(struct bench *b, const struct family *family, const int node[2])
{
	long processes = b->param[PROCESSES];

	for (long i = 0; __atomic_load_n(finished, __ATOMIC_ACQUIRE) < processes; i++)
		move_to(b, family->pids[i % processes], node[(i / processes + 1) % 2]);
	/* At least one page must have come, or nothing was migrated meanwhile. */
	bench_work(b, MIGRATIONS, 1);
}

static void run(struct bench *b)
{
	long processes = b->param[PROCESSES], own = maps_anonymous();
	bool count_waits = b->param[WAITS] && !bench_counting(b);
	struct family family = family_new(b, processes);
	int node[2];

	if (b->param[MIGRATE] && nodes_with_memory(node) < 2)
		bench_skip(b, "migrate=1 takes two nodes with memory; guests can give them "
			      "('rmapbench lab')");
	times = bench_memory(b, processes * sizeof(*times));
	finished = bench_memory(b, sizeof(*finished));
	family.on_release = live;
	region = region_map(b, b->param[VMAS], PAGES_EACH * b->page_size);
	region_fill(b, &region, 1);
	prepare_moves(b);
	family_model(b, POPULATED, region.count, own, 0);
	bench_hold(b, POPULATED);
	/* Before they are born: what is traced is this process and those that it forks. */
	if (count_waits)
		lock_waits_begin(b);
	for (long k = 0; k < processes; k++)
		family_fork(b, &family, own_pages, NULL);
	family_ready(b, &family);
	bench_work(b, FAMILY_VMAS, processes * family_vmas(b));
	family_model(b, HELD, region.count, own, processes);
	bench_hold(b, HELD);
	family_open(&family);
	if (b->param[MIGRATE])
		migrate(b, &family, node);
	family_release(b, &family);
	if (count_waits)
		bench_sample(b, LOCK_WAITS, lock_waits_end(b));
	sample_rate(b, RATE, processes * cycles(b), spans_elapsed(times, processes));
	if (region_verify(b, &region, 1) != region.count * PAGES_EACH)
		bench_corrupted(b, "the ancestor's pages changed");
	region_unmap(b, &region);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "a family of one ancestor forks, faults and unmaps at once, migrated meanwhile",
	.drives = "anon_vma_clone, anon_vma_fork, unlink_anon_vmas, __split_vma and rmap_walk_anon "
		  "under one anon_vma root lock",
	.params = {
		[PROCESSES] = { "processes", "processes", 4, 1, 500, "of the family, ancestor aside" },
		[VMAS] = { "vmas", "VMAs", 16, 1, 4096,
			   "of three pages, inherited by all, a hole after each" },
		[MIGRATE] = { "migrate", "0 or 1", 0, 0, 1,
			      "1: their pages move between two nodes all the time (root)" },
		[WAITS] = { "waits", "0 or 1", 0, 0, 1,
			    "1: lock waits are counted by caller (tracefs, root); no figures of time "
			    "are taken then" },
	},
	.metrics = {
		[RATE] = { "cycles", "cycles/s", THROUGHPUT, HIGHER,
			   "of all processes; a cycle is one of each of the next three" },
		[FORK] = { "fork", "ns", LATENCY, LOWER,
			   "fork() of a child that leaves at once; not with instruction counting",
			   .timed_only = true },
		[FAULT] = { "fault", "ns", LATENCY, LOWER,
			    "first write since that fork to one page of every VMA" },
		[UNMAP] = { "unmap", "ns", LATENCY, LOWER,
			    "munmap() of the middle of a VMA, and mmap() of it again" },
		[MOVED] = { "migrated", "pages/s", THROUGHPUT, HIGHER,
			    "with migrate=1: pages that went to the other node" },
		[LOCK_WAITS] = { "lock-waits", "waits", COUNT, LOWER,
				 "with waits=1: for any kernel lock, by any process of the family; "
				 "a note tells the callers" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[WRITES] = "writes",
		[FAULTS] = "faults",
		[UNMAPS] = "unmaps",
		[HOLES] = "holes",
		[MIGRATIONS] = "migrations",
		[MIGRATED] = "migrated",
		[FAMILY_VMAS] = "family_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS, .why = "every child that was forked left with 0" },
		{ "work:faults", AT_LEAST, WRITES, .why = "each write faulted in its own process" },
		{ "work:holes", EXACTLY, UNMAPS, .why = "what was unmapped was gone" },
		{ "work:migrated", AT_LEAST, MIGRATIONS, .may_be_zero = true,
		  .why = "pages changed their node meanwhile" },
		{ "vmstat:pgmigrate_success", AT_LEAST, MIGRATED, .may_be_zero = true,
		  .why = "and the kernel counted them" },
		{ "slab:vm_area_struct", AT_LEAST, FAMILY_VMAS, .from = POPULATED, .to = HELD,
		  .why = "the family is there with its VMAs" },
	},
	.cpus = NODE_CPUS,
	.samples = 200,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
