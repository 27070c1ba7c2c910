// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/kpageflags over our own frames: the kernel says of each folio what it is from
 * folio->mapping alone. Designs that keep something new there must still be told apart: a page that
 * never saw KSM must not be called one.
 */
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <unistd.h>

#include "workloads/machine.h"

enum { PAGES, CHILDREN };
enum { READ, KSM };
enum { LOOKED_AT, ANONYMOUS, MAPPED, FORKED, REAPED };

static struct sharers sharers;
static uint64_t *frame, *flags;
static int file;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

/* Frames that follow each other are read in one call, as tools do. */
static void read_flags(struct bench *b)
{
	long pages = b->param[PAGES];
	uint64_t start = bench_now(b);

	for (long i = 0, n; i < pages; i += n) {
		for (n = 1; i + n < pages && frame[i + n] == frame[i] + n;)
			n++;
		if (pread(file, &flags[i], n * 8, frame[i] * 8) != n * 8)
			bench_fail(b, "reading /proc/kpageflags: %m");
	}
	bench_rate(b, READ, pages, bench_now(b) - start);
}

static void look(struct bench *b)
{
	long pages = b->param[PAGES];
	long anonymous = 0, mapped = 0, ksm = 0;

	frames_read(getpid(), sharers.region.base, pages, frame);
	read_flags(b);
	for (long i = 0; i < pages; i++) {
		anonymous += flags[i] >> KPF_ANON & 1;
		mapped += flags[i] >> KPF_MMAP & 1;
		ksm += flags[i] >> KPF_KSM & 1;
	}
	bench_work(b, LOOKED_AT, pages);
	bench_work(b, ANONYMOUS, anonymous);
	bench_work(b, MAPPED, mapped);
	bench_sample(b, KSM, ksm);
}

static void run(struct bench *b)
{
	long pages = b->param[PAGES], rounds = bench_rounds(b, 1);

	file = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		bench_skip(b, "/proc/kpageflags: %m (CONFIG_PROC_PAGE_MONITOR, root)");
	frame = bench_memory(b, pages * sizeof(*frame));
	flags = bench_memory(b, pages * sizeof(*flags));
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, pages, -1);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++)
		look(b);
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
	close(file);
}

const struct workload workload = {
	.summary = "what /proc/kpageflags says of our pages, and how fast",
	.drives = "kpageflags_read, stable_page_flags, folio_test_anon, folio_test_ksm",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 1, 1 << 18, "base pages that are looked at" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000,
			       "children that share them; 0: pages that were never shared" },
	},
	.metrics = {
		[READ] = { "read", "pages/s", THROUGHPUT, HIGHER, "flags of our frames" },
		[KSM] = { "called-ksm", "pages", COUNT, LOWER,
			  "pages called KSM pages, which none is (Linux 6.12 calls all of them so)" },
	},
	.works = { [LOOKED_AT] = "looked_at", [ANONYMOUS] = "anonymous", [MAPPED] = "mapped",
		   [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:anonymous", AT_LEAST, LOOKED_AT, .factor = 0.99,
		  .why = "our pages are called anonymous" },
		{ "work:mapped", AT_LEAST, LOOKED_AT, .factor = 0.99, .why = "and mapped" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_PAGEMAP_PFN | NEED_ROOT,
	.samples = 32,
	.footprint = footprint,
	.run = run,
};
