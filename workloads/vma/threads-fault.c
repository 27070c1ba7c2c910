// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * First faults by many threads of one process, each into VMAs of its own: what the birth of an
 * anon_vma costs when others fault beside it (mainline needs mmap_lock for some of it).
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include "workloads/machine.h"
#include "workloads/workload.h"

enum { THREADS, VMAS };
enum { RATE, FAULT };
enum { WRITES, FAULTS, VMAS_WANTED, VMAS_SEEN, INTACT };

enum { STACK = 128 << 10, MOST_THREADS = 256 };

static struct bench *bench;
static struct region region, stacks;
static struct span *times;
static long round_number;
static pthread_t threads[MOST_THREADS];
static int gate[2], ready[2];

static void footprint(const struct bench *b, struct footprint *f)
{
	long vmas = b->param[THREADS] * b->param[VMAS];

	f->bytes = vmas * b->page_size + b->param[THREADS] * (long)STACK + family_bytes(b, vmas, 1);
	f->processes = b->param[THREADS] + 1;
}

/* One thread's share: every VMA whose number leaves the thread's own when divided by theirs. */
static void *fault(void *number)
{
	struct bench *b = bench;
	long k = (long)number, each = b->param[VMAS], step = b->param[THREADS];
	long sample = (round_number * step + k) * each;
	char byte = 0;

	if (write(ready[1], &byte, 1) != 1)
		return NULL;
	while (read(gate[0], &byte, 1) > 0)
		;
	times[k].begin = bench_now(b);
	for (long i = 0; i < each; i++) {
		volatile uint64_t *p = (uint64_t *)region_vma(&region, i * step + k);
		uint64_t start = bench_now(b);

		*p = k + 1;
		bench_sample_at(b, FAULT, sample + i, bench_now(b) - start);
	}
	times[k].end = bench_now(b);
	return number;
}

static void start_threads(struct bench *b)
{
	pthread_attr_t attributes;
	char byte;

	if (pipe(gate) || pipe(ready))
		bench_fail(b, "pipe: %m");
	pthread_attr_init(&attributes);
	for (long k = 0; k < b->param[THREADS]; k++) {
		int error;

		pthread_attr_setstack(&attributes, region_vma(&stacks, k), stacks.bytes);
		error = pthread_create(&threads[k], &attributes, fault, (void *)k);
		if (error) {
			errno = error;
			bench_fail(b, "thread %ld of %ld: %m", k + 1, b->param[THREADS]);
		}
	}
	for (long k = 0; k < b->param[THREADS]; k++) {
		if (read(ready[0], &byte, 1) != 1)
			bench_fail(b, "reading from the threads: %m");
	}
}

static void join_threads(struct bench *b)
{
	close(gate[1]);
	for (long k = 0; k < b->param[THREADS]; k++) {
		int error = pthread_join(threads[k], NULL);

		if (error) {
			errno = error;
			bench_fail(b, "joining thread %ld: %m", k + 1);
		}
	}
	close(gate[0]);
	close(ready[0]);
	close(ready[1]);
}

static void verify(struct bench *b)
{
	long good = 0;

	for (long i = 0; i < region.count; i++) {
		uint64_t *page = (uint64_t *)region_vma(&region, i);

		good += *page == (uint64_t)(i % b->param[THREADS]) + 1 &&
			page_is_zero(b, page, sizeof(*page));
	}
	if (good != region.count)
		bench_corrupted(b, "%ld of %ld fresh pages do not hold what was written",
				region.count - good, region.count);
	bench_work(b, INTACT, good);
}

static void model(struct bench *b, enum hold_point point, long stack_vmas)
{
	long touched = stack_vmas + (point == HELD ? region.count : 0);

	bench_model(b, point, "anon_vma", touched);
	bench_model(b, point, "anon_vma_chain", touched);
	bench_model(b, point, "vm_area_struct", maps_count() - b->vmas);
}

static void one_round(struct bench *b)
{
	long vmas = maps_count(), faults;

	region = region_map(b, b->param[THREADS] * b->param[VMAS], b->page_size);
	bench_work(b, VMAS_WANTED, region.count);
	bench_work(b, VMAS_SEEN, maps_count() - vmas);
	start_threads(b);
	model(b, POPULATED, stacks.count);
	bench_hold(b, POPULATED);
	faults = faults_taken();
	join_threads(b);
	bench_work(b, FAULTS, faults_taken() - faults);
	bench_work(b, WRITES, region.count);
	bench_rate(b, RATE, region.count, spans_elapsed(times, b->param[THREADS]));
	model(b, HELD, stacks.count);
	bench_hold(b, HELD);
	verify(b);
	region_unmap(b, &region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[THREADS] * b->param[VMAS]);

	bench = b;
	times = bench_memory(b, b->param[THREADS] * sizeof(*times));
	stacks = region_map(b, b->param[THREADS],
			    STACK < PTHREAD_STACK_MIN ? PTHREAD_STACK_MIN : STACK);
	/* Written before it counts, or the threads' own faults would be among theirs. */
	region_fill(b, &stacks, 0);
	for (round_number = 0; round_number < rounds; round_number++)
		one_round(b);
	region_unmap(b, &stacks);
}

const struct workload workload = {
	.summary = "first faults by T threads at once, each into fresh VMAs of its own",
	.drives = "lock_vma_under_rcu, vmf_anon_prepare, __anon_vma_prepare, do_anonymous_page",
	.params = {
		[THREADS] = { "threads", "threads", 2, 1, MOST_THREADS, "that fault at once" },
		[VMAS] = { "vmas", "VMAs", 256, 1, 16384,
			   "fresh VMAs of one page for each thread, a hole after each" },
	},
	.metrics = {
		[RATE] = { "faults", "faults/s", THROUGHPUT, HIGHER, "of all threads together" },
		[FAULT] = { "fault", "ns", LATENCY, LOWER,
			    "first write into a VMA, thread after thread" },
	},
	.works = {
		[WRITES] = "writes",
		[FAULTS] = "faults",
		[VMAS_WANTED] = "vmas_wanted",
		[VMAS_SEEN] = "vmas_seen",
		[INTACT] = "intact",
	},
	.evidence = {
		{ "work:vmas_seen", EXACTLY, VMAS_WANTED,
		  .why = "/proc/self/maps has a line for each: none has merged" },
		{ "work:faults", AT_LEAST, WRITES, .why = "each page was faulted in by itself" },
		{ "vmstat:pgfault", AT_LEAST, WRITES, .why = "the kernel counted the faults" },
		{ "work:intact", EXACTLY, WRITES,
		  .why = "each page holds its thread's word and is zero elsewhere" },
	},
	.cpus = NODE_CPUS,
	.samples = 4096,
	.footprint = footprint,
	.run = run,
};
