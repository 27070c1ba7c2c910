// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a just-in-time compiler and its garbage collector do to an arena: open a chunk for writing,
 * write code, seal it, and now and then discard a chunk and fill it afresh. Each opening splits a
 * VMA that has an anon_vma, each sealing merges it.
 */
#include <sys/mman.h>

#include "workloads/workload.h"

enum { CHUNKS, PAGES };
enum { OPEN, SEAL, REFILL };
enum { OPENED, SPLIT, MERGED, DISCARDED, ZEROED, CHECKED, INTACT };

enum { SEALED = PROT_READ, OPENED_UP = PROT_READ | PROT_WRITE };

static struct region arena;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[CHUNKS] * b->param[PAGES] * b->page_size +
		   family_bytes(b, b->param[CHUNKS], 1);
	f->processes = 1;
}

static size_t chunk_bytes(const struct bench *b)
{
	return b->param[PAGES] * b->page_size;
}

static char *chunk(const struct bench *b, long i)
{
	return arena.base + i * chunk_bytes(b);
}

static void protect(struct bench *b, long i, int protection, int metric)
{
	uint64_t start = bench_now(b);
	int failed = mprotect(chunk(b, i), chunk_bytes(b), protection);

	bench_sample(b, metric, bench_now(b) - start);
	if (failed)
		bench_fail(b, "mprotect of chunk %ld: %m", i);
}

/* New contents after the old were thrown away: they must be gone. */
static void refill(struct bench *b, long i, uint64_t tag)
{
	uint64_t start;

	if (madvise(chunk(b, i), chunk_bytes(b), MADV_DONTNEED))
		bench_fail(b, "madvise(MADV_DONTNEED) of chunk %ld: %m", i);
	bench_work(b, DISCARDED, 1);
	bench_work(b, ZEROED, !*(volatile uint64_t *)chunk(b, i));
	start = bench_now(b);
	pages_fill(b, chunk(b, i), chunk_bytes(b), tag, 0);
	bench_sample(b, REFILL, bench_now(b) - start);
}

/* An inner chunk, so that each opening cuts one VMA in three; every fourth one is refilled. */
static void compile(struct bench *b, uint64_t tag)
{
	long i = 1 + bench_random(b) % (b->param[CHUNKS] - 2);
	long vmas = maps_count(), open;

	protect(b, i, OPENED_UP, OPEN);
	open = maps_count();
	if (tag % 4)
		pages_fill(b, chunk(b, i), chunk_bytes(b), tag, 0);
	else
		refill(b, i, tag);
	if (bench_counting(b))
		bench_hold(b, HELD);
	protect(b, i, SEALED, SEAL);
	bench_work(b, OPENED, 2);
	bench_work(b, SPLIT, open - vmas);
	bench_work(b, MERGED, open - maps_count());
	bench_work(b, CHECKED, b->param[PAGES]);
	bench_work(b, INTACT, pages_verify(b, chunk(b, i), chunk_bytes(b), tag, 0));
}

static void run(struct bench *b)
{
	long operations = bench_counting(b) ? 1 : b->samples;

	arena = region_map(b, 1, b->param[CHUNKS] * chunk_bytes(b));
	pages_small(arena.base, arena.bytes);
	for (long i = 0; i < b->param[CHUNKS]; i++)
		pages_fill(b, chunk(b, i), chunk_bytes(b), 1, 0);
	if (mprotect(arena.base, arena.bytes, SEALED))
		bench_fail(b, "mprotect of the arena: %m");
	family_model(b, POPULATED, 1, 0, 0);
	bench_hold(b, POPULATED);
	/* Three VMAs on one anon_vma while a chunk is open. */
	bench_model(b, HELD, "anon_vma", 1);
	bench_model(b, HELD, "anon_vma_chain", 3);
	bench_model(b, HELD, "vm_area_struct", 3);
	for (long i = 0; i < operations; i++)
		compile(b, 2 + i);
	if (b->area->work[INTACT] != b->area->work[CHECKED])
		bench_corrupted(b, "%ld pages of sealed chunks are not what was written",
				(long)(b->area->work[CHECKED] - b->area->work[INTACT]));
	region_unmap(b, &arena);
}

const struct workload workload = {
	.summary = "a JIT's arena: chunks opened for writing, sealed again, discarded and refilled",
	.drives = "mprotect_fixup, __split_vma, anon_vma_clone, vma_merge, zap_page_range, "
		  "do_anonymous_page",
	.params = {
		[CHUNKS] = { "chunks", "chunks", 256, 3, 65536, "of the arena, which is one VMA" },
		[PAGES] = { "pages", "pages", 4, 1, 512, "of each chunk" },
	},
	.metrics = {
		[OPEN] = { "open", "ns", LATENCY, LOWER,
			   "mprotect() of an inner chunk to writable: two splits" },
		[SEAL] = { "seal", "ns", LATENCY, LOWER,
			   "mprotect() back to read-only: merges three VMAs into one" },
		[REFILL] = { "refill", "ns", LATENCY, LOWER,
			     "writing a chunk whose pages MADV_DONTNEED took away" },
	},
	.works = {
		[OPENED] = "opened",
		[SPLIT] = "split",
		[MERGED] = "merged",
		[DISCARDED] = "discarded",
		[ZEROED] = "zeroed",
		[CHECKED] = "checked",
		[INTACT] = "intact",
	},
	.evidence = {
		{ "work:split", EXACTLY, OPENED,
		  .why = "/proc/self/maps gained two lines at each opening" },
		{ "work:merged", EXACTLY, OPENED, .why = "and lost them at each sealing" },
		{ "work:zeroed", EXACTLY, DISCARDED, .may_be_zero = true,
		  .why = "discarded chunks read as zero" },
		{ "work:intact", EXACTLY, CHECKED, .why = "sealed chunks hold what was written" },
	},
	.samples = 500,
	.footprint = footprint,
	.run = run,
};
