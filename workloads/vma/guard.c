// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Thread stacks with guard pages, as a threads library makes them: address space without access,
 * all but the guard made writable, the top touched. The stacks touch each other; the guards keep
 * them from sharing an anon_vma.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/workload.h"

enum { STACKS, SIZE };
enum { CREATE, DESTROY };
enum { MADE, VMAS_WANTED, VMAS_SEEN, GUARDS, INTACT, VMAS_GONE };

static char *stacks;

static size_t stack_bytes(const struct bench *b)
{
	return (size_t)b->param[SIZE] << 10;
}

static char *stack(const struct bench *b, long i)
{
	return stacks + i * stack_bytes(b);
}

static char *top_page(const struct bench *b, long i)
{
	return stack(b, i + 1) - b->page_size;
}

static void footprint(const struct bench *b, struct footprint *f)
{
	/* Before Linux 6.7 the top of a large stack may become a huge page where THP is for all. */
	size_t touched = stack_bytes(b) < 2 << 20 ? stack_bytes(b) : 2 << 20;

	f->bytes = b->param[STACKS] * touched + family_bytes(b, 2 * b->param[STACKS], 1);
	f->processes = 1;
}

static void create(struct bench *b, long i)
{
	uint64_t start = bench_now(b);
	char *p = mmap(stack(b, i), stack_bytes(b), PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_FIXED, -1, 0);
	int failed = p == MAP_FAILED || mprotect(p + b->page_size, stack_bytes(b) - b->page_size,
						 PROT_READ | PROT_WRITE);

	if (!failed)
		*(volatile uint64_t *)top_page(b, i) = i;
	bench_sample(b, CREATE, bench_now(b) - start);
	if (failed)
		bench_fail(b, "mmap or mprotect of stack %ld of %ld: %m", i + 1, b->param[STACKS]);
	pages_fill(b, top_page(b, i), b->page_size, 1, i);
}

static void destroy(struct bench *b, long i)
{
	uint64_t start = bench_now(b);
	int failed = munmap(stack(b, i), stack_bytes(b));

	bench_sample(b, DESTROY, bench_now(b) - start);
	if (failed)
		bench_fail(b, "munmap of stack %ld of %ld: %m", i + 1, b->param[STACKS]);
}

/* Stacks whose lowest page the kernel itself may not read on our behalf. */
static long guarded(struct bench *b)
{
	long guards = 0;
	int fd[2];

	if (pipe(fd))
		bench_fail(b, "pipe: %m");
	for (long i = 0; i < b->param[STACKS]; i++)
		guards += write(fd[1], stack(b, i), 1) < 0 && errno == EFAULT;
	close(fd[0]);
	close(fd[1]);
	return guards;
}

static void one_round(struct bench *b)
{
	long count = b->param[STACKS], vmas = maps_count(), made, intact = 0;

	for (long i = 0; i < count; i++)
		create(b, i);
	made = maps_count();
	/* A guard has no anon_vma, and separates two that have. */
	bench_model(b, HELD, "anon_vma", count);
	bench_model(b, HELD, "anon_vma_chain", count);
	bench_model(b, HELD, "vm_area_struct", 2 * count);
	bench_hold(b, HELD);
	for (long i = 0; i < count; i++)
		intact += pages_verify(b, top_page(b, i), b->page_size, 1, i);
	if (intact != count)
		bench_corrupted(b, "%ld of %ld stacks are not what was written", count - intact,
				count);
	bench_work(b, MADE, count);
	bench_work(b, GUARDS, guarded(b));
	bench_work(b, INTACT, intact);
	/* From both ends to the middle, as threads end in no order of their birth. */
	for (long i = 0; i < count; i++)
		destroy(b, i % 2 ? count - 1 - i / 2 : i / 2);
	bench_work(b, VMAS_WANTED, 2 * count);
	bench_work(b, VMAS_SEEN, made - vmas);
	bench_work(b, VMAS_GONE, made - maps_count());
}

static void run(struct bench *b)
{
	size_t bytes = b->param[STACKS] * stack_bytes(b) + 2 * b->page_size;

	if (stack_bytes(b) < 2 * (size_t)b->page_size)
		bench_skip(b, "--size %ld: a guard and a page take %ld KiB here", b->param[SIZE],
			   2 * b->page_size >> 10);
	stacks = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED || munmap(stacks, bytes))
		bench_fail(b, "reserving %zu bytes: %m", bytes);
	/* A page free on each side: no older neighbour merges with a guard. */
	stacks += b->page_size;
	bench_hold(b, POPULATED);
	for (long rounds = bench_rounds(b, b->param[STACKS]); rounds; rounds--)
		one_round(b);
}

const struct workload workload = {
	.summary = "thread stacks with guard pages, made and unmade",
	.drives = "mmap_region, mprotect_fixup, __split_vma, __anon_vma_prepare, do_vmi_munmap, "
		  "unlink_anon_vmas",
	.params = {
		[STACKS] = { "stacks", "stacks", 256, 1, 16384, "there at once, side by side" },
		[SIZE] = { "size", "KiB", 128, 64, 8192, "of each, its guard page included" },
	},
	.metrics = {
		[CREATE] = { "create", "ns", LATENCY, LOWER,
			     "mmap() without access, mprotect() of all but the guard, first touch" },
		[DESTROY] = { "destroy", "ns", LATENCY, LOWER, "munmap() of stack and guard" },
	},
	.works = {
		[MADE] = "made",
		[VMAS_WANTED] = "vmas_wanted",
		[VMAS_SEEN] = "vmas_seen",
		[GUARDS] = "guards",
		[INTACT] = "intact",
		[VMAS_GONE] = "vmas_gone",
	},
	.evidence = {
		{ "work:vmas_seen", EXACTLY, VMAS_WANTED,
		  .why = "/proc/self/maps gained stack and guard of each" },
		{ "work:vmas_gone", EXACTLY, VMAS_WANTED, .why = "and lost them" },
		{ "work:guards", EXACTLY, MADE, .why = "no guard can be read" },
		{ "work:intact", EXACTLY, MADE, .why = "each stack holds what was written" },
	},
	.samples = 1024,
	.footprint = footprint,
	.run = run,
};
