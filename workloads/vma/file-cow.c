// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Private mappings of a file, written: the page is copied from the page cache and becomes
 * anonymous, in a VMA that has both a file and an anon_vma. What every program's data section is.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/workload.h"

enum { VMAS };
enum { FIRST, SECOND, FORK };
enum { VMAS_WANTED, VMAS_SEEN, WRITES, FAULTS, INTACT, FORKS, REAPED };

enum { PAGES_EACH = 2 };

static struct region region;
static int file;

static void footprint(const struct bench *b, struct footprint *f)
{
	/* The file and its copy. */
	f->bytes =
		2 * PAGES_EACH * b->param[VMAS] * b->page_size + family_bytes(b, b->param[VMAS], 3);
	f->processes = 2;
}

static char *page(const struct bench *b, long i)
{
	return region_vma(&region, i / PAGES_EACH) + i % PAGES_EACH * b->page_size;
}

static size_t offset(const struct bench *b, long vma)
{
	return vma * PAGES_EACH * b->page_size;
}

/* A file whose pages carry pattern 1, written through a shared mapping that then goes. */
static void make_file(struct bench *b)
{
	size_t bytes = offset(b, b->param[VMAS]);
	char *p;

	file = memfd_create("file", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, bytes))
		bench_fail(b, "memfd of %zu bytes: %m", bytes);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (p == MAP_FAILED)
		bench_fail(b, "mmap of %zu bytes of file: %m", bytes);
	pages_fill(b, p, bytes, 1, 0);
	munmap(p, bytes);
}

/* The file in place of a region's VMAs: anonymous ones show where, holes and all. */
static void map_file(struct bench *b)
{
	region = region_map(b, b->param[VMAS], PAGES_EACH * b->page_size);
	for (long i = 0; i < region.count; i++) {
		if (mmap(region_vma(&region, i), region.bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED, file, offset(b, i)) == MAP_FAILED)
			bench_fail(b, "mmap of piece %ld of %ld: %m", i + 1, region.count);
	}
}

/* A word that the pattern leaves free. */
static volatile uint64_t *mark(const struct bench *b, long i)
{
	return (uint64_t *)page(b, i) + 1;
}

static void write_pages(struct bench *b, long first, int metric)
{
	for (long i = first; i < region.count * PAGES_EACH; i += PAGES_EACH) {
		volatile uint64_t *p = mark(b, i);
		uint64_t start = bench_now(b);

		*p = i + 1;
		bench_sample(b, metric, bench_now(b) - start);
	}
}

/* Each page is a copy of the file's with its own mark, and the file has none. */
static void verify(struct bench *b, void *arg, long k)
{
	long pages = region.count * PAGES_EACH, good = 0;

	(void)arg;
	for (long i = 0; i < pages; i++) {
		uint64_t in_file[2] = { 0, 1 };

		good += *mark(b, i) == (uint64_t)i + 1 &&
			pages_verify(b, page(b, i), b->page_size, 1, i) &&
			pread(file, in_file, sizeof(in_file), i * b->page_size) ==
				sizeof(in_file) &&
			!in_file[1] && in_file[0] == *(uint64_t *)page(b, i);
	}
	if (good != pages)
		bench_corrupted(b, "%ld of %ld private pages of %s, or the file's, are wrong",
				pages - good, pages, k < 0 ? "the parent" : "the child");
	if (k < 0)
		bench_work(b, INTACT, good);
}

static void model(struct bench *b, enum hold_point point, long own)
{
	long children = point == HELD;

	family_model(b, point, children * region.count, own, children);
}

static void one_round(struct bench *b, struct family *family, long own)
{
	long vmas = maps_count(), faults;

	map_file(b);
	bench_work(b, VMAS_WANTED, region.count);
	bench_work(b, VMAS_SEEN, maps_count() - vmas);
	model(b, POPULATED, own);
	bench_hold(b, POPULATED);
	faults = faults_taken();
	write_pages(b, 0, FIRST);
	write_pages(b, 1, SECOND);
	bench_work(b, FAULTS, faults_taken() - faults);
	bench_work(b, WRITES, region.count * PAGES_EACH);
	bench_sample(b, FORK, family_fork(b, family, NULL, NULL));
	family_ready(b, family);
	bench_work(b, FORKS, 1);
	model(b, HELD, own);
	bench_hold(b, HELD);
	bench_work(b, REAPED, family_release(b, family));
	verify(b, NULL, -1);
	region_unmap(b, &region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[VMAS]), own = maps_anonymous();
	struct family family = family_new(b, 1);

	make_file(b);
	family.on_release = verify;
	for (; rounds; rounds--)
		one_round(b, &family, own);
	close(file);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "first writes to private mappings of a file, and fork() with the copies",
	.drives = "do_cow_fault, __anon_vma_prepare, folio_add_new_anon_rmap, anon_vma_fork of "
		  "file VMAs",
	.params = {
		[VMAS] = { "vmas", "VMAs", 256, 1, 4096,
			   "private mappings of two pages, a hole after each" },
	},
	.metrics = {
		[FIRST] = { "first", "ns", LATENCY, LOWER,
			    "first write to the mapping: a copy, and birth of its anon_vma" },
		[SECOND] = { "second", "ns", LATENCY, LOWER,
			     "first write to its second page: a copy alone" },
		[FORK] = { "fork", "ns", LATENCY, LOWER, "fork() with all of them written" },
	},
	.works = {
		[VMAS_WANTED] = "vmas_wanted",
		[VMAS_SEEN] = "vmas_seen",
		[WRITES] = "writes",
		[FAULTS] = "faults",
		[INTACT] = "intact",
		[FORKS] = "forks",
		[REAPED] = "reaped",
	},
	.evidence = {
		{ "work:vmas_seen", EXACTLY, VMAS_WANTED,
		  .why = "/proc/self/maps has a line for each mapping" },
		{ "work:faults", AT_LEAST, WRITES, .why = "each page was copied by itself" },
		{ "vmstat:pgfault", AT_LEAST, WRITES, .why = "the kernel counted the faults" },
		{ "work:intact", EXACTLY, WRITES,
		  .why = "each page is the file's with a mark of its own, and the file has none" },
		{ "work:reaped", EXACTLY, FORKS,
		  .why = "every child saw the parent's copies and left with 0" },
	},
	.samples = 2048,
	.footprint = footprint,
	.run = run,
};
