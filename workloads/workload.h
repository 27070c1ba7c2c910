/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract between a workload and everything else.
 *
 * A workload is one C file, workloads/<family>/<name>.c, that defines `workload` and is linked,
 * static, with workloads/harness/. Nothing registers it. It declares what it takes
 * (params), what it times (metrics), what it does (works), what must hold for its figures to count
 * (evidence) and what it needs; `--describe` prints all of that as JSON, and everybody else reads
 * it from there.
 *
 * The harness calls run() once. Between BEFORE and AFTER, which the harness marks, run() marks
 * POPULATED (its memory is there) and HELD (its processes are there). In the counting pass the
 * runner counts slab objects at each mark; in the timing pass marks cost nothing.
 *
 * In the timed loop: no I/O, no allocation, no lock. bench_now() twice and bench_sample().
 */
#ifndef RMAPBENCH_WORKLOAD_H
#define RMAPBENCH_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "workloads/protocol.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

enum metric_kind { LATENCY, THROUGHPUT, COUNT };
enum better { LOWER, HIGHER };
enum relation { AT_LEAST, EXACTLY, AT_MOST };
enum hold_point { BEFORE, POPULATED, HELD, AFTER };
enum pass { PASS_TIME, PASS_COUNT, PASS_CONTROL };

/* What a workload cannot do without. Checked before it runs; one that is missing is a skip. */
enum need {
	NEED_ROOT = 1 << 0,
	NEED_TWO_NODES = 1 << 1,     /* two nodes with memory */
	NEED_THP = 1 << 2,	     /* anonymous THP that madvise can ask for */
	NEED_COMPACTION = 1 << 3,    /* /proc/sys/vm/compact_memory */
	NEED_SPLIT_DEBUGFS = 1 << 4, /* debugfs split_huge_pages that accepts a write */
	NEED_MEMCG = 1 << 5,	     /* memory cgroup, v2 or v1, in which we may create groups */
	NEED_SWAP = 1 << 6,	     /* swap with free space */
	NEED_PAGEMAP_PFN = 1 << 7,   /* /proc/self/pagemap shows frame numbers */
	NEED_KSM = 1 << 8,
	NEED_USERFAULTFD = 1 << 9,
	NEED_PAGE_IDLE = 1 << 10, /* /sys/kernel/mm/page_idle/bitmap */
	NEED_ZRAM = 1 << 11,
	NEED_NUMA_BALANCING = 1 << 12,
	NEED_CPUSET = 1 << 13,
	NEED_DAMON_PADDR = 1 << 14,
	NEED_MEMORY_FAILURE = 1 << 15, /* MADV_SOFT_OFFLINE and MADV_HWPOISON */
	NEED_TWO_CPUS = 1 << 16,
	NEED_DANGEROUS = 1 << 17, /* harms the host: only in guests or with --allow-dangerous */
	NEED_IO_URING = 1 << 18,
	NEED_MTHP = 1 << 19, /* hugepages-<n>kB folders beyond the PMD size */
	NEED_MEMORY_HOTPLUG = 1 << 20,
	NEED_LOCK_EVENTS = 1 << 21, /* lock:contention_begin tracepoint */
	NEED_CLEAR_REFS = 1 << 22,
};

/* Which CPUs the runner pins it to. */
enum cpus { ONE_CPU, NODE_CPUS, ALL_CPUS };

struct param {
	const char *name;
	const char *unit;
	long def, min, max;
	const char *help;
	const char
		*text; /* set: the value is text, this its default, and the numbers mean nothing */
};

struct metric {
	const char *name;
	const char *unit; /* ns, pages/s... */
	enum metric_kind kind;
	enum better better;
	const char *help;
	/*
	 * Processes that run at once are in it: on the one CPU of a guest that counts instructions
	 * that is a schedule and no path, and the metric is left out there.
	 */
	bool timed_only;
};

/*
 * counter RELATION factor x works[work], where counter is
 *   vmstat:NAME  growth of a row of /proc/vmstat from BEFORE to AFTER
 *   work:NAME    another of the workload's own work counters
 *   slab:NAME    growth of live objects between the hold points `from` and `to`, in the counting
 *                pass (judged by the runner)
 * `work` must be above 0 for the evidence to hold, unless may_be_zero is set.
 */
struct evidence {
	const char *counter;
	enum relation relation;
	int work;      /* index into works */
	double factor; /* 0 means 1 */
	enum hold_point from, to;
	bool may_be_zero;
	const char *why;
};

struct footprint {
	uint64_t bytes; /* most memory it touches, all processes together */
	long processes; /* most that live at once */
};

struct bench;

struct workload {
	const char *summary;
	const char *drives; /* the kernel path, by function names */
	struct param params[MAX_PARAMS];
	struct metric metrics[MAX_METRICS];
	const char *works[MAX_WORKS];
	struct evidence evidence[MAX_EVIDENCE];
	unsigned int needs; /* enum need, or'ed */
	enum cpus cpus;
	long samples;	      /* default of --samples: operations timed in one process */
	bool children_report; /* children call bench_sample() or bench_work() */
	/* Estimate for these parameters; checked against the limits before run(). */
	void (*footprint)(const struct bench *b, struct footprint *f);
	void (*run)(struct bench *b);
};

/* Each workload defines this. Its name comes from the path of its file, by the Makefile. */
extern const struct workload workload;
#ifdef WORKLOAD_NAME
const char workload_name[] = WORKLOAD_NAME;
#endif

struct bench {
	long param[MAX_PARAMS];	      /* by the index in workload.params */
	const char *text[MAX_PARAMS]; /* of those that are text */
	long samples;
	uint64_t seed;
	enum pass pass;
	bool icount;		  /* the clock counts instructions */
	struct sample_area *area; /* shared with the runner and with children */
	long page_size;
	long vmas; /* of this process at BEFORE */
	long max_bytes, max_processes;
};

/* True in the counting pass: do the work once, hold, time nothing that matters. */
static inline bool bench_counting(const struct bench *b)
{
	return b->pass == PASS_COUNT;
}

/*
 * How often a workload that takes `per_round` samples at a time does its work: until it has
 * --samples of them, at least once; once in the counting pass.
 */
static inline long bench_rounds(const struct bench *b, long per_round)
{
	return bench_counting(b) || b->samples < per_round ? 1 : b->samples / per_round;
}

/*
 * Now, in ns of CLOCK_MONOTONIC. Under QEMU's icount on x86 the counter is read directly: with
 * shift=0 it advances by one for each executed instruction, and the clock's scaling would blur it.
 */
static inline uint64_t bench_now(const struct bench *b)
{
	struct timespec t;

#if defined(__x86_64__)
	if (__builtin_expect(b->icount, 0))
		return __rdtsc();
#else
	(void)b;
#endif
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

/* Number of the next sample of a metric. Only children that report need a locked instruction. */
static inline uint64_t sample_number(struct bench *b, int metric)
{
	if (workload.children_report)
		return __atomic_fetch_add(&b->area->used[metric], 1, __ATOMIC_RELAXED);
	return b->area->used[metric]++;
}

/*
 * Stores a sample of a LATENCY metric (ns) or a COUNT metric (value); `metric` is the index in
 * workload.metrics. In children only with children_report. Drops what is over --samples.
 */
static inline void bench_sample(struct bench *b, int metric, uint64_t value)
{
	struct sample_area *a = b->area;
	uint64_t i = sample_number(b, metric);

	if (i < a->capacity)
		a->samples[metric * a->capacity + i].value = value;
}

/*
 * The same at a place of its own: sample `i` of the metric. For samples whose order tells something
 * (the k-th fork), and for children that must not contend for one counter.
 */
static inline void bench_sample_at(struct bench *b, int metric, uint64_t i, uint64_t value)
{
	struct sample_area *a = b->area;
	uint64_t used = __atomic_load_n(&a->used[metric], __ATOMIC_RELAXED);

	if (i < a->capacity)
		a->samples[metric * a->capacity + i].value = value;
	while (used <= i && !__atomic_compare_exchange_n(&a->used[metric], &used, i + 1, true,
							 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* The same for a THROUGHPUT metric: `work` units were done in `ns`. */
static inline void bench_rate(struct bench *b, int metric, uint64_t work, uint64_t ns)
{
	struct sample_area *a = b->area;
	uint64_t i = sample_number(b, metric);

	if (i < a->capacity)
		a->samples[metric * a->capacity + i] = (struct sample){ ns, work };
}

/* Adds to a work counter; in children only with children_report. Not in the timed window. */
static inline void bench_work(struct bench *b, int work, uint64_t n)
{
	__atomic_fetch_add(&b->area->work[work], n, __ATOMIC_RELAXED);
}

/* Marks a hold point; waits there for the runner in the counting pass. Parent process only. */
void bench_hold(struct bench *b, enum hold_point point);

/*
 * Tells what mainline's object model predicts at `point`, as growth since BEFORE. Call before
 * bench_hold(). `cache` is anon_vma, anon_vma_chain or vm_area_struct.
 */
void bench_model(struct bench *b, enum hold_point point, const char *cache, long objects);

/*
 * How the process ends early. In children they end the child alone, and the parent fails when it
 * reaps it.
 */
void bench_skip(struct bench *b, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
/* The system refused something: format and errno. */
void bench_fail(struct bench *b, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
/* Memory does not hold what was written: the kernel (or the machine) lost data. */
void bench_corrupted(struct bench *b, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* Next number of a sequence that depends on --seed alone (SplitMix64, Steele et al. 2014). */
uint64_t bench_random(struct bench *b);

/* ------------------------------------------------------------------ memory */

/*
 * `count` anonymous private VMAs of `bytes` each, with a hole as large as a page after each, so
 * that no two merge or share an anon_vma.
 */
struct region {
	char *base;
	size_t stride; /* from one VMA to the next */
	size_t bytes;  /* of each VMA */
	long count;
};

/* Reserves and maps; untouched. Fails the workload when memory cannot be had. */
struct region region_map(struct bench *b, long count, size_t bytes);
/* The same without a look at whether the holes are there, which takes time: for timed regions. */
struct region region_map_timed(struct bench *b, long count, size_t bytes);
/* As region_map(), `alignment` a power of two for each VMA (2 MiB for THP). */
struct region region_map_aligned(struct bench *b, long count, size_t bytes, size_t alignment);
/*
 * Without holes: VMAs that touch but do not merge, as every second has PROT_WRITE alone. Mainline
 * lets such neighbours share one anon_vma (anon_vma_compatible() ignores access flags).
 */
struct region region_map_adjacent(struct bench *b, long count, size_t bytes);
void region_unmap(struct bench *b, struct region *r);
static inline char *region_vma(const struct region *r, long i)
{
	return r->base + i * r->stride;
}

/*
 * Fills every page with a pattern of `tag` and the page's index in the region, and checks it.
 * The check returns the number of pages that hold their pattern; the rest are corrupted.
 */
void region_fill(struct bench *b, const struct region *r, uint64_t tag);
long region_verify(struct bench *b, const struct region *r, uint64_t tag);
/* The same for one stretch of memory. `first` is the index of its first page in the pattern. */
void pages_fill(struct bench *b, void *start, size_t bytes, uint64_t tag, long first);
long pages_verify(struct bench *b, const void *start, size_t bytes, uint64_t tag, long first);

/* Keeps huge pages out of a stretch of memory, holes allowed, whatever the system's THP mode is. */
void pages_small(void *start, size_t bytes);

/* True if a page is zero from its byte `from` on. */
bool page_is_zero(const struct bench *b, const void *page, size_t from);

/* Writes one byte in each page, nothing else: the cheapest touch. */
void pages_touch(struct bench *b, void *start, size_t bytes);

/* ---------------------------------------------------------------- processes */

/* Children of the workload that stay alive until released. */
struct family {
	long most, count, reported;
	pid_t *pids;
	int gate[2];  /* closing it releases all that wait */
	int ready[2]; /* children report here */
	/* If set, each child runs it after its release: the place to verify what it maps. */
	void (*on_release)(struct bench *b, void *arg, long k);
};

/* Room for `most` children; allocate before POPULATED. */
struct family family_new(struct bench *b, long most);
/*
 * On the one CPU of a guest that counts instructions a child may run, or even end, before fork()
 * returns: as the scheduler likes, which differs between kernels. Ahead, this process runs before
 * all others until it waits; its children do not inherit that. Nothing elsewhere.
 */
void bench_ahead(struct bench *b, bool ahead);
/*
 * One fork, as the parent sees it. In the child: body(b, arg, k) runs if given, then the child
 * reports ready, waits for the release and leaves by _exit(0). Returns the ns that fork() took.
 */
uint64_t family_fork(struct bench *b, struct family *f, void (*body)(struct bench *, void *, long),
		     void *arg);
/* Waits until all children reported ready. */
void family_ready(struct bench *b, struct family *f);
/* Releases all, and comes back at once: for work that goes on beside theirs. */
void family_open(struct family *f);
/* Releases (unless they are) and reaps all; fails if one did not leave with 0. Returns how many
 * left with 0. */
long family_release(struct bench *b, struct family *f);
void family_free(struct bench *b, struct family *f);

/*
 * Estimate for struct footprint: bytes of `children` living copies of a process that has `vmas`
 * small touched VMAs: kernel objects and page tables, not the pages that are copied later.
 */
uint64_t family_bytes(const struct bench *b, long vmas, long children);

/*
 * When each of several processes or threads began and ended what is timed: an array, each writes
 * its own, from bench_memory(). The elapsed ns are from the first that began to the last that
 * ended.
 */
struct span {
	uint64_t begin, end;
};
uint64_t spans_elapsed(const struct span *spans, long count);

/* VMAs of this process that a fork copies. */
long family_vmas(const struct bench *b);
/*
 * bench_model() of what nearly every workload here is: a process that has touched `vmas` VMAs that
 * share nothing with each other, had `own` anonymous VMAs before, and has `children` living
 * children that it forked since. Mainline, confirmed to the object on 6.1, 6.12 and 6.18: a touched
 * VMA has an anon_vma and a chain entry; a child has for each VMA an anon_vma, an entry for it and
 * one for its parent's (anon_vma_fork(), anon_vma_clone()).
 */
void family_model(struct bench *b, enum hold_point point, long vmas, long own, long children);

/*
 * A workload that execs itself with this as argv[0] becomes a program that leaves at once with
 * EXEC_STATUS: small, static, and there wherever the workload is.
 */
#define EXEC_NAME "rmapbench-leave"
enum { EXEC_STATUS = 79 };

/* Waits for one child, -1 for any; fails the workload unless it left with status 0. */
void child_reap(struct bench *b, pid_t pid);

/* ----------------------------------------------------------------- the system */

/* A row of /proc/vmstat, or -1 if this kernel has none of that name. */
long vmstat_read(const char *name);
/* A number from the first line of a small file (sysfs, procfs), or -1 with errno. */
long file_read_long(const char *path);
/* Writes text to a file of the system; 0, or -1 with errno. */
int file_write(const char *path, const char *text);
/* Lines of /proc/self/maps: VMAs of this process (vsyscall is not one). */
long maps_count(void);
/* VMAs of this process that have anonymous pages: those that fork gives an anon_vma. */
long maps_anonymous(void);
/* A field of the smaps entries that overlap [start, start + bytes), summed, in KiB. */
long smaps_field(const void *start, size_t bytes, const char *field);
/* Minor faults this process took so far. */
long faults_taken(void);
/* Pages this process has mapped, touched or not. */
long pages_mapped(void);
/* True if an address is mapped in this process. */
bool is_mapped(const void *address);
/* Page frame number of the page at an address: 0 if not present or not shown to us. */
uint64_t page_frame(const void *address);
/* Bytes of a PMD-sized THP, or 0. */
size_t thp_size(void);
/* Node numbers with memory: the first two, ascending. Returns how many nodes have memory. */
int nodes_with_memory(int node[2]);

#endif
