// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_HWPOISON: a frame is declared broken. The kernel finds all who map it (collect_procs()),
 * takes it from each (try_to_unmap() with hwpoison entries), and who touches the page gets SIGBUS.
 * Dangerous: each costs a page until the next boot.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

#include "workloads/machine.h"

enum { PAGES, CHILDREN };
enum { POISON };
enum { ASKED, POISONED, CORRUPTED_KIB, TOUCHES, BUSES, FORKED, REAPED };

static struct sharers sharers;
static bool *poisoned; /* shared with children */
static sigjmp_buf back;
static volatile sig_atomic_t code;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void on_bus(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	code = info->si_code;
	siglongjmp(back, 1);
}

/* True if reading the page raises SIGBUS for a memory failure. */
static bool dies(const volatile char *page)
{
	code = 0;
	if (!sigsetjmp(back, 1))
		(void)*page;
	return code == BUS_MCEERR_AR || code == BUS_MCEERR_AO;
}

/* Every page is either poisoned, and dies, or is as it was. */
static void look(struct bench *b, void *arg, long k)
{
	(void)arg;
	for (long i = 0; i < b->param[PAGES]; i++) {
		char *page = sharers.region.base + i * b->page_size;

		if (poisoned[i]) {
			bench_work(b, TOUCHES, 1);
			bench_work(b, BUSES, dies(page));
		} else if (pages_verify(b, page, b->page_size, 1, i) != 1) {
			bench_corrupted(b, "page %ld, not poisoned, changed in child %ld", i,
					k + 1);
		}
	}
}

static long corrupted_kib(void)
{
	char line[128];
	long kib = 0;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "HardwareCorrupted: %ld", &kib) == 1)
			break;
	}
	if (f)
		fclose(f);
	return kib;
}

static void poison(struct bench *b, long i)
{
	char *page = sharers.region.base + i * b->page_size;
	volatile int rc = -1;
	uint64_t start, ns;

	start = bench_now(b);
	/* The signal may come already here. */
	if (!sigsetjmp(back, 1))
		rc = madvise(page, b->page_size, MADV_HWPOISON);
	else
		rc = 0;
	ns = bench_now(b) - start;
	if (rc && errno != EBUSY)
		bench_fail(b, "MADV_HWPOISON of page %ld: %m", i);
	bench_work(b, ASKED, 1);
	if (rc)
		return;
	poisoned[i] = true;
	bench_work(b, POISONED, 1);
	bench_sample(b, POISON, ns);
}

static void run(struct bench *b)
{
	struct sigaction action = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };
	long pages = b->param[PAGES], kib;

	poisoned = bench_memory(b, pages * sizeof(*poisoned));
	sigaction(SIGBUS, &action, NULL);
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers.family.on_release = look;
	sharers_map(b, &sharers, pages, -1);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	kib = corrupted_kib();
	/* Every other page, so that some are left that must be as they were. */
	for (long i = 0; i < pages && i < 2 * b->samples; i += 2)
		poison(b, i);
	bench_work(b, CORRUPTED_KIB, corrupted_kib() - kib);
	look(b, NULL, -1);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "frames declared broken (MADV_HWPOISON), as seen by all who map them",
	.drives = "memory_failure, collect_procs, page_mapped_in_vma, try_to_unmap, "
		  "rmap_walk_anon, kill_procs",
	.params = {
		[PAGES] = { "pages", "pages", 32, 2, 8192, "every other one is poisoned" },
		[CHILDREN] = { "children", "processes", 2, 0, 1000, "children that share them" },
	},
	.metrics = {
		[POISON] = { "poison", "ns", LATENCY, LOWER, "one frame, its signal included" },
	},
	.works = { [ASKED] = "asked", [POISONED] = "poisoned", [CORRUPTED_KIB] = "corrupted_kib",
		   [TOUCHES] = "touches", [BUSES] = "signals", [FORKED] = "forked",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:poisoned", AT_LEAST, ASKED, .factor = 0.9, .why = "the kernel took them" },
		{ "work:corrupted_kib", AT_LEAST, POISONED, .factor = 4,
		  .why = "HardwareCorrupted in /proc/meminfo grew by them" },
		{ "work:signals", EXACTLY, TOUCHES,
		  .why = "every process that touches one gets SIGBUS for it" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found all other pages intact" },
	},
	.needs = NEED_MEMORY_FAILURE | NEED_ROOT | NEED_DANGEROUS,
	.children_report = true,
	.samples = 16,
	.footprint = footprint,
	.run = run,
};
