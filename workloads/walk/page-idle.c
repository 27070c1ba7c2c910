// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The idle bitmap: to mark a page idle, and to ask whether it still is, the kernel walks the rmap
 * of the page and looks at the accessed bit of each mapping; it does nothing else. The purest walk
 * there is: its cost per page, against the number of sharers.
 */
#include <fcntl.h>
#include <unistd.h>

#include "workloads/machine.h"

enum { PAGES, CHILDREN };
enum { MARK, ASK };
enum { PAGES_WALKED, IDLE, TOUCHED, SEEN_TOUCHED, FORKED, REAPED };

/* A word of the bitmap covers 64 frames, and only whole words can be read or written. */
struct word {
	uint64_t index, ours;
};

static struct sharers sharers;
static struct region flushed;
static uint64_t *frame;
static struct word *words;
static long word_count;
static int bitmap;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

/* Frames of one VMA come in runs, so the last word is nearly always the one. */
static void find_words(struct bench *b)
{
	long pages = b->param[PAGES];

	frames_read(getpid(), sharers.region.base, pages, frame);
	word_count = 0;
	for (long i = 0; i < pages; i++) {
		uint64_t index = frame[i] / 64;
		long w = word_count - 1;

		while (w >= 0 && words[w].index != index)
			w--;
		if (w < 0) {
			w = word_count++;
			words[w] = (struct word){ .index = index };
		}
		words[w].ours |= UINT64_C(1) << frame[i] % 64;
	}
}

/* Bits that are 0 in what is written are left alone, so that nobody else's pages are marked. */
static void mark(struct bench *b)
{
	uint64_t start = bench_now(b);

	for (long w = 0; w < word_count; w++) {
		if (pwrite(bitmap, &words[w].ours, 8, words[w].index * 8) != 8)
			bench_fail(b, "writing the idle bitmap: %m");
	}
	bench_rate(b, MARK, b->param[PAGES], bench_now(b) - start);
}

/* Reading asks for all pages of a word, others' idle ones among them. */
static long ask(struct bench *b, bool timed)
{
	uint64_t start = bench_now(b), bits;
	long idle = 0;

	for (long w = 0; w < word_count; w++) {
		if (pread(bitmap, &bits, 8, words[w].index * 8) != 8)
			bench_fail(b, "reading the idle bitmap: %m");
		idle += __builtin_popcountl(bits & words[w].ours);
	}
	if (timed)
		bench_rate(b, ASK, b->param[PAGES], bench_now(b) - start);
	return idle;
}

static void walk(struct bench *b)
{
	long pages = b->param[PAGES], touched = pages / 2;
	uint64_t sum = 0;
	long idle;

	mark(b);
	idle = ask(b, true);
	bench_work(b, PAGES_WALKED, pages);
	bench_work(b, IDLE, idle);
	/* Marking does not. */
	tlb_flush(b, &flushed);
	/* A page that is read is idle no more: the walk saw its accessed bit. */
	for (long i = 0; i < touched; i++)
		sum += *(volatile char *)(sharers.region.base + 2 * i * b->page_size);
	__asm__ volatile("" ::"r"(sum));
	bench_work(b, TOUCHED, touched);
	bench_work(b, SEEN_TOUCHED, idle - ask(b, false));
}

static void run(struct bench *b)
{
	long pages = b->param[PAGES], rounds = bench_rounds(b, 1);

	bitmap = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR | O_CLOEXEC);
	if (bitmap < 0)
		bench_fail(b, "/sys/kernel/mm/page_idle/bitmap: %m");
	frame = bench_memory(b, pages * sizeof(*frame));
	words = bench_memory(b, pages * sizeof(*words));
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, pages, -1);
	flushed = tlb_region(b);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	find_words(b);
	for (long i = 0; i < rounds; i++)
		walk(b);
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
	region_unmap(b, &flushed);
	close(bitmap);
}

const struct workload workload = {
	.summary = "rmap walks and nothing else: the idle bitmap, page by page, against sharers",
	.drives = "page_idle_clear_pte_refs, rmap_walk_anon, folio_lock_anon_vma_read, "
		  "page_idle_clear_pte_refs_one",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 16, 1 << 18, "base pages that are walked" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
	},
	.metrics = {
		[MARK] = { "mark", "pages/s", THROUGHPUT, HIGHER, "pages marked idle" },
		[ASK] = { "ask", "pages/s", THROUGHPUT, HIGHER,
			  "idle pages asked whether they still are" },
	},
	.works = { [PAGES_WALKED] = "walked", [IDLE] = "idle", [TOUCHED] = "touched",
		   [SEEN_TOUCHED] = "seen_touched", [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:idle", AT_LEAST, PAGES_WALKED, .factor = 0.9,
		  .why = "their idle bits were set, read back" },
		{ "work:seen_touched", AT_LEAST, TOUCHED, .factor = 0.9,
		  .why = "walks found the accessed bits of pages that were read in between" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_PAGE_IDLE | NEED_PAGEMAP_PFN | NEED_ROOT,
	.samples = 16,
	.footprint = footprint,
	.run = run,
};
