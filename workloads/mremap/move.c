// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mremap() of a touched region to another place, before and after a fork. The page tables move;
 * the anonymous pages keep their index, so rmap must find them by the VMA's offset.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "workloads/workload.h"

enum { SIZE, CHILDREN };
enum { MOVE, MOVE_SHARED };
enum { MOVES, ARRIVED, LEFT };

enum { ALIGNMENT = 2 << 20 };

static struct {
	char *place[2]; /* where it lives, and where it can go */
	size_t bytes;
	int at;
} moving;

static size_t bytes(const struct bench *b)
{
	size_t n = (size_t)b->param[SIZE] << 10;

	return n < (size_t)b->page_size ? (size_t)b->page_size : n & -b->page_size;
}

static void footprint(const struct bench *b, struct footprint *f)
{
	long children = b->param[CHILDREN];

	/* Each process has page tables of its own for the region, and the parent for two places. */
	f->bytes = bytes(b) + (children + 2) * (bytes(b) / 512) + family_bytes(b, 1, children + 1);
	f->processes = children + 1;
}

/* Two places of the same alignment, with nothing else near; the first one filled. */
static void settle(struct bench *b)
{
	size_t size = bytes(b), stride = (size / ALIGNMENT + 2) * ALIGNMENT;
	char *start = mmap(NULL, 2 * stride + ALIGNMENT, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (start == MAP_FAILED || munmap(start, 2 * stride + ALIGNMENT))
		bench_fail(b, "reserving %zu bytes: %m", 2 * stride + ALIGNMENT);
	moving.bytes = size;
	moving.place[0] = (char *)(((uintptr_t)start + ALIGNMENT) & -(uintptr_t)ALIGNMENT);
	moving.place[1] = moving.place[0] + stride;
	start = mmap(moving.place[0], size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (start == MAP_FAILED)
		bench_fail(b, "mmap of %zu bytes: %m", size);
	pages_small(start, size);
	pages_fill(b, start, size, 1, 0);
}

static void verify(struct bench *b, const char *place, const char *whose)
{
	long pages = moving.bytes / b->page_size;
	long good = pages_verify(b, place, moving.bytes, 1, 0);

	if (good != pages)
		bench_corrupted(b, "%ld of %ld moved pages of %s do not hold what was written",
				pages - good, pages, whose);
}

static void move(struct bench *b, int metric)
{
	char *from = moving.place[moving.at], *to = moving.place[!moving.at], *got;
	uint64_t start = bench_now(b);

	got = mremap(from, moving.bytes, moving.bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	bench_sample(b, metric, bench_now(b) - start);
	if (got == MAP_FAILED)
		bench_fail(b, "mremap of %zu bytes: %m", moving.bytes);
	bench_work(b, MOVES, 1);
	bench_work(b, LEFT, !is_mapped(from) && !is_mapped(from + moving.bytes - 1));
	if (got != to || !is_mapped(to))
		return;
	bench_work(b, ARRIVED, 1);
	moving.at = !moving.at;
	verify(b, to, "the parent");
}

static void child_verifies(struct bench *b, void *arg, long k)
{
	(void)arg;
	(void)k;
	/* The child's copy stayed where it was at the fork, whatever its parent did since. */
	verify(b, moving.place[moving.at], "a child");
}

static void run(struct bench *b)
{
	long children = b->param[CHILDREN], own = maps_anonymous();
	long moves = bench_counting(b) ? 1 : b->samples;
	struct family family = family_new(b, children);

	family.on_release = child_verifies;
	settle(b);
	for (long i = 0; i < moves; i++)
		move(b, MOVE);
	family_model(b, POPULATED, 1, own, 0);
	bench_hold(b, POPULATED);
	for (long k = 0; k < children; k++)
		family_fork(b, &family, NULL, NULL);
	family_ready(b, &family);
	for (long i = 0; i < moves; i++)
		move(b, MOVE_SHARED);
	family_model(b, HELD, 1, own, children);
	bench_hold(b, HELD);
	family_release(b, &family);
	verify(b, moving.place[moving.at], "the parent");
	if (munmap(moving.place[moving.at], moving.bytes))
		bench_fail(b, "munmap of %zu bytes: %m", moving.bytes);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "mremap() of a touched region to another place, before and after a fork",
	.drives = "move_vma, copy_vma, anon_vma_clone, move_page_tables, take_rmap_locks, "
		  "unlink_anon_vmas",
	.params = {
		[SIZE] = { "size", "KiB", 64, 4, 65536,
			   "of the region; both places are aligned to 2 MiB" },
		[CHILDREN] = { "children", "processes", 1, 1, 1000,
			       "that share the region in the second half of the moves" },
	},
	.metrics = {
		[MOVE] = { "move", "ns", LATENCY, LOWER, "mremap() before any fork" },
		[MOVE_SHARED] = { "move-shared", "ns", LATENCY, LOWER,
				  "mremap() in the parent while its children live" },
	},
	.works = { [MOVES] = "moves", [ARRIVED] = "arrived", [LEFT] = "left" },
	.evidence = {
		{ "work:arrived", EXACTLY, MOVES,
		  .why = "the new place is mapped and holds what was written to the old" },
		{ "work:left", EXACTLY, MOVES, .why = "the old place is no longer mapped" },
	},
	.samples = 200,
	.footprint = footprint,
	.run = run,
};
