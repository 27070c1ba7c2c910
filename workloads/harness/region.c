// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that a workload works on: VMAs that cannot merge, and patterns that prove contents.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "workloads/workload.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* Without their holes all would be one VMA, and a figure for 64 one for 1. */
static void check_holes(struct bench *b, const struct region *r)
{
	for (long i = 0; i < r->count; i++) {
		if (is_mapped(region_vma(r, i) + r->bytes))
			bench_fail(b,
				   "the hole after VMA %ld of %ld is still mapped, so they are "
				   "one VMA",
				   i + 1, r->count);
	}
}

/*
 * One mapping, from which holes are then unmapped: a hole on each side keeps a VMA from merging
 * with a neighbour and from sharing its anon_vma (find_mergeable_anon_vma() looks at neighbours
 * that touch). The place is found first and mapped second, a page away from whatever is there: a
 * mapping that merges with a touched VMA even for a moment has that one's anon_vma for ever.
 */
static struct region map(struct bench *b, long count, size_t bytes, size_t alignment, size_t hole)
{
	struct region r = { .count = count, .bytes = round_up(bytes, b->page_size) };
	size_t total, span;
	char *start;

	r.stride = round_up(r.bytes + hole, alignment);
	span = r.stride * count;
	total = span + alignment + 2 * b->page_size;
	start = mmap(NULL, total, PROT_NONE, ANONYMOUS, -1, 0);
	if (start == MAP_FAILED || munmap(start, total))
		bench_fail(b, "mmap of %zu bytes for %ld VMAs: %m", total, count);
	r.base = (char *)round_up((size_t)start + b->page_size, alignment);
	start = mmap(r.base, span, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_FIXED, -1, 0);
	if (start == MAP_FAILED)
		bench_fail(b, "mmap of %zu bytes for %ld VMAs: %m", span, count);
	/* From the top, so that at no time there are more VMAs than in the end. */
	for (long i = count - 1; hole && i >= 0; i--) {
		if (munmap(region_vma(&r, i) + r.bytes, r.stride - r.bytes))
			bench_fail(b,
				   "munmap of the hole after VMA %ld of %ld: %m; "
				   "is vm.max_map_count too low?",
				   i, count);
	}
	return r;
}

struct region region_map_timed(struct bench *b, long count, size_t bytes)
{
	return map(b, count, bytes, b->page_size, b->page_size);
}

struct region region_map_aligned(struct bench *b, long count, size_t bytes, size_t alignment)
{
	struct region r = map(b, count, bytes, alignment, b->page_size);

	check_holes(b, &r);
	return r;
}

struct region region_map(struct bench *b, long count, size_t bytes)
{
	return region_map_aligned(b, count, bytes, b->page_size);
}

struct region region_map_adjacent(struct bench *b, long count, size_t bytes)
{
	struct region r = map(b, count, bytes, b->page_size, 0);

	for (long i = 1; i < count; i += 2) {
		if (mprotect(region_vma(&r, i), r.bytes, PROT_WRITE))
			bench_fail(b, "mprotect of VMA %ld of %ld: %m", i + 1, count);
	}
	return r;
}

void region_unmap(struct bench *b, struct region *r)
{
	if (r->count && munmap(r->base, r->stride * r->count))
		bench_fail(b, "munmap of a region of %ld VMAs: %m", r->count);
	r->count = 0;
}

/* A word that no other page, tag or offset has (mixing constants of MurmurHash3). */
static uint64_t word(uint64_t tag, long page, size_t at)
{
	uint64_t x = tag * UINT64_C(0x9e3779b97f4a7c15) + ((uint64_t)page << 12) + at;

	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	return x ^ x >> 33;
}

/* Words in a page that carry the pattern: eight, spread over it, are enough to tell pages apart. */
enum { PATTERN_WORDS = 8 };

void pages_fill(struct bench *b, void *start, size_t bytes, uint64_t tag, long first)
{
	size_t step = b->page_size / PATTERN_WORDS;

	for (size_t at = 0; at < bytes; at += step)
		*(volatile uint64_t *)((char *)start + at) =
			word(tag, first + at / b->page_size, at % b->page_size);
}

static bool page_holds(const struct bench *b, const char *page, uint64_t tag, long index)
{
	size_t step = b->page_size / PATTERN_WORDS;

	for (size_t at = 0; at < (size_t)b->page_size; at += step) {
		if (*(const volatile uint64_t *)(page + at) != word(tag, index, at))
			return false;
	}
	return true;
}

long pages_verify(struct bench *b, const void *start, size_t bytes, uint64_t tag, long first)
{
	long good = 0;

	for (size_t at = 0; at < bytes; at += b->page_size)
		good += page_holds(b, (const char *)start + at, tag, first + at / b->page_size);
	return good;
}

void region_fill(struct bench *b, const struct region *r, uint64_t tag)
{
	for (long i = 0; i < r->count; i++)
		pages_fill(b, region_vma(r, i), r->bytes, tag, i * (r->bytes / b->page_size));
}

long region_verify(struct bench *b, const struct region *r, uint64_t tag)
{
	long good = 0;

	for (long i = 0; i < r->count; i++)
		good += pages_verify(b, region_vma(r, i), r->bytes, tag,
				     i * (r->bytes / b->page_size));
	return good;
}

void pages_small(void *start, size_t bytes)
{
	/* Fails where it has no work to do: EINVAL without THP, ENOMEM behind a hole. */
	madvise(start, bytes, MADV_NOHUGEPAGE);
}

bool page_is_zero(const struct bench *b, const void *page, size_t from)
{
	uint64_t seen = 0;

	for (size_t at = from; at < (size_t)b->page_size; at += sizeof(seen))
		seen |= *(const volatile uint64_t *)((const char *)page + at);
	return !seen;
}

void pages_touch(struct bench *b, void *start, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += b->page_size)
		*((volatile char *)start + at) = 1;
}
