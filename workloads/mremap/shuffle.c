// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many small moves, grows and shrinks in random order, as a heap of big chunks does with
 * realloc(). After a while no VMA's address agrees with its offset any more.
 */
#include <sys/mman.h>

#include "workloads/workload.h"

enum { VMAS, OPERATIONS };
enum { MOVE, GROW, SHRINK };
enum { CALLS, EFFECTIVE, PAGES, INTACT, SIZE_WANTED, SIZE_SEEN };

enum { MOST_VMAS = 16384, MOST_PAGES = 8, FIRST_PAGES = 4 };
enum { PROTECTION = PROT_READ | PROT_WRITE, FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };

/* A window of addresses has room for the largest chunk and a page between neighbours. */
static struct chunk {
	long window;
	long pages;
} chunks[MOST_VMAS];

static long windows_free[MOST_VMAS]; /* as many as there are chunks */
static char *windows;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[VMAS] * (MOST_PAGES + 1) * b->page_size +
		   family_bytes(b, b->param[VMAS] * (MOST_PAGES + 1), 1);
	f->processes = 1;
}

static char *window(const struct bench *b, long w)
{
	return windows + w * (MOST_PAGES + 1) * b->page_size;
}

static char *end_of(const struct bench *b, const struct chunk *c)
{
	return window(b, c->window) + c->pages * b->page_size;
}

static uint64_t tag(const struct chunk *c)
{
	return c - chunks + 1;
}

static void settle(struct bench *b)
{
	long vmas = b->param[VMAS];
	size_t bytes = (2 * vmas + 1) * (MOST_PAGES + 1) * b->page_size;

	windows = mmap(NULL, bytes, PROT_NONE, FLAGS, -1, 0);
	if (windows == MAP_FAILED || munmap(windows, bytes))
		bench_fail(b, "reserving %zu bytes: %m", bytes);
	windows += b->page_size;
	for (long i = 0; i < vmas; i++) {
		struct chunk *c = &chunks[i];
		size_t size = FIRST_PAGES * b->page_size;
		void *place;

		*c = (struct chunk){ .window = 2 * i, .pages = FIRST_PAGES };
		windows_free[i] = 2 * i + 1;
		place = mmap(window(b, c->window), size, PROTECTION, FLAGS | MAP_FIXED, -1, 0);
		if (place == MAP_FAILED)
			bench_fail(b, "mmap of chunk %ld of %ld: %m", i + 1, vmas);
		pages_small(place, size);
		pages_fill(b, place, size, tag(c), 0);
	}
}

/* One mremap(), timed. */
static void *remap(struct bench *b, const struct chunk *c, long pages, char *to, int metric)
{
	size_t old = c->pages * b->page_size, new = pages * b->page_size;
	char *from = window(b, c->window), *got;
	int flags = to == from ? 0 : MREMAP_MAYMOVE | MREMAP_FIXED;
	uint64_t start = bench_now(b);

	got = mremap(from, old, new, flags, to);
	bench_sample(b, metric, bench_now(b) - start);
	if (got == MAP_FAILED)
		bench_fail(b, "mremap of %zu to %zu bytes: %m", old, new);
	bench_work(b, CALLS, 1);
	return got;
}

static void move(struct bench *b, struct chunk *c)
{
	long *target = &windows_free[bench_random(b) % b->param[VMAS]], left = c->window;

	if (remap(b, c, c->pages, window(b, *target), MOVE) != window(b, *target))
		return;
	c->window = *target;
	*target = left;
	bench_work(b, EFFECTIVE, is_mapped(window(b, c->window)) && !is_mapped(window(b, left)));
}

static void grow(struct bench *b, struct chunk *c)
{
	long pages = c->pages + 1 + bench_random(b) % (MOST_PAGES - c->pages);

	remap(b, c, pages, window(b, c->window), GROW);
	if (!is_mapped(window(b, c->window) + (pages - 1) * b->page_size))
		return;
	bench_work(b, EFFECTIVE, 1);
	for (; c->pages < pages; c->pages++) {
		if (!page_is_zero(b, end_of(b, c), 0))
			bench_corrupted(b, "a page that mremap() added is not zero");
		pages_fill(b, end_of(b, c), b->page_size, tag(c), c->pages);
	}
}

static void shrink(struct bench *b, struct chunk *c)
{
	long pages = 1 + bench_random(b) % (c->pages - 1);

	remap(b, c, pages, window(b, c->window), SHRINK);
	if (is_mapped(window(b, c->window) + pages * b->page_size))
		return;
	bench_work(b, EFFECTIVE, 1);
	c->pages = pages;
}

static void shuffle(struct bench *b)
{
	struct chunk *c = &chunks[bench_random(b) % b->param[VMAS]];

	switch (bench_random(b) % 3) {
	case MOVE:
		move(b, c);
		break;
	case GROW:
		if (c->pages < MOST_PAGES)
			grow(b, c);
		break;
	case SHRINK:
		if (c->pages > 1)
			shrink(b, c);
		break;
	}
}

static void verify(struct bench *b)
{
	long pages = 0, good = 0;

	for (struct chunk *c = chunks; c < chunks + b->param[VMAS]; c++) {
		pages += c->pages;
		good += pages_verify(b, window(b, c->window), c->pages * b->page_size, tag(c), 0);
	}
	if (good != pages)
		bench_corrupted(b, "%ld of %ld shuffled pages do not hold what was written",
				pages - good, pages);
	bench_work(b, PAGES, pages);
	bench_work(b, INTACT, good);
}

static void clean_up(struct bench *b)
{
	for (struct chunk *c = chunks; c < chunks + b->param[VMAS]; c++) {
		if (munmap(window(b, c->window), c->pages * b->page_size))
			bench_fail(b, "munmap: %m");
	}
}

static void model(struct bench *b, enum hold_point point)
{
	/* A VMA that is moved takes its anon_vma along (anon_vma_clone() in copy_vma()). */
	bench_model(b, point, "anon_vma", b->param[VMAS]);
	bench_model(b, point, "anon_vma_chain", b->param[VMAS]);
	bench_model(b, point, "vm_area_struct", b->param[VMAS]);
}

static void run(struct bench *b)
{
	long size = pages_mapped();

	settle(b);
	model(b, POPULATED);
	bench_hold(b, POPULATED);
	for (long i = 0; i < b->param[OPERATIONS]; i++)
		shuffle(b);
	model(b, HELD);
	bench_hold(b, HELD);
	verify(b);
	bench_work(b, SIZE_WANTED, b->area->work[PAGES]);
	bench_work(b, SIZE_SEEN, pages_mapped() - size);
	clean_up(b);
}

const struct workload workload = {
	.summary = "mremap() of V touched VMAs in random order: moves, grows and shrinks",
	.drives = "move_vma, copy_vma, anon_vma_clone, move_page_tables, vma_expand, do_vmi_munmap",
	.params = {
		[VMAS] = { "vmas", "VMAs", 256, 1, MOST_VMAS, "touched chunks of 1 to 8 pages" },
		[OPERATIONS] = { "operations", "calls", 3000, 1, 1000000,
				 "drawn from --seed; those that find no room to grow or shrink "
				 "are left out" },
	},
	.metrics = {
		[MOVE] = { "move", "ns", LATENCY, LOWER, "mremap() to another address" },
		[GROW] = { "grow", "ns", LATENCY, LOWER, "mremap() to a larger size in place" },
		[SHRINK] = { "shrink", "ns", LATENCY, LOWER, "mremap() to a smaller size" },
	},
	.works = {
		[CALLS] = "calls",
		[EFFECTIVE] = "effective",
		[PAGES] = "pages",
		[INTACT] = "intact",
		[SIZE_WANTED] = "size_wanted",
		[SIZE_SEEN] = "size_seen",
	},
	.evidence = {
		{ "work:effective", EXACTLY, CALLS,
		  .why = "after each call the addresses it was to map or unmap are so" },
		{ "work:intact", EXACTLY, PAGES, .why = "each page holds what was written to it" },
		{ "work:size_seen", EXACTLY, SIZE_WANTED,
		  .why = "/proc/self/statm has grown by the pages of all chunks" },
	},
	.samples = 2000,
	.footprint = footprint,
	.run = run,
};
