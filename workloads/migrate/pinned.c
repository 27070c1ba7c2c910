// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Half of the pages are pinned as buffers registered with io_uring, half are not, and all are told
 * to move. The pinned stay: what is timed is the rmap walk that finds that out and puts the
 * mappings back, and the rest that move.
 *
 * With pages that stayed move_pages(2) returns their number and does not write their status, so
 * where each is is asked afterwards.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "workloads/machine.h"

enum { PAGES, PIN };
enum { FREE_PAGES, PINNED };
enum { TO_MOVE, MOVED, TO_STAY, STAYED };

static void **page;
static int *target, *status;
static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = 2 * b->param[PAGES] * b->page_size;
	f->processes = 1;
}

/* Pins [start, start + bytes) until the descriptor is closed. One call each: no liburing. */
static int pin(struct bench *b, void *start, size_t bytes)
{
	struct io_uring_params params = { .flags = 0 };
	struct iovec buffer = { start, bytes };
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	if (ring < 0)
		bench_fail(b, "io_uring_setup: %m");
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1))
		bench_fail(b, "registering a buffer of %zu bytes: %m; is RLIMIT_MEMLOCK too low?",
			   bytes);
	return ring;
}

/* Half of all pages, from `first`; returns how many are now on `to`. */
static long move_half(struct bench *b, int metric, long first, int to)
{
	long n = b->param[PAGES], there;
	uint64_t start, ns;

	for (long i = 0; i < n; i++)
		target[i] = to;
	start = bench_now(b);
	if (pages_move(0, n, page + first, target, status, MPOL_MF_MOVE) < 0)
		bench_fail(b, "move_pages of %ld pages to node %d: %m", n, to);
	ns = bench_now(b) - start;
	there = pages_on_node(b, page[first], n, to);
	if (metric == FREE_PAGES)
		bench_rate(b, metric, there, ns);
	else
		bench_rate(b, metric, n - there, ns);
	return there;
}

static void one_way(struct bench *b, int to)
{
	long n = b->param[PAGES];

	bench_work(b, TO_MOVE, n);
	bench_work(b, MOVED, move_half(b, FREE_PAGES, 0, to));
	bench_work(b, TO_STAY, n);
	bench_work(b, STAYED, n - move_half(b, PINNED, n, to));
	sharers_check(b, &sharers);
}

static void run(struct bench *b)
{
	long n = b->param[PAGES], rounds = bench_rounds(b, 1);
	int node[2], ring = -1;

	nodes_with_memory(node);
	page = bench_memory(b, 2 * n * sizeof(*page));
	target = bench_memory(b, n * sizeof(*target));
	status = bench_memory(b, n * sizeof(*status));
	sharers_new(b, &sharers, 0);
	sharers_map(b, &sharers, 2 * n, node[0]);
	for (long i = 0; i < 2 * n; i++)
		page[i] = sharers.region.base + i * b->page_size;
	if (b->param[PIN])
		ring = pin(b, page[n], n * b->page_size);
	bench_hold(b, POPULATED);
	bench_hold(b, HELD);
	/* The pinned stay on the first node, so each round asks anew; the others go home between.
	 */
	for (long i = 0; i < rounds; i++) {
		one_way(b, node[1]);
		for (long k = 0; k < n; k++)
			target[k] = node[0];
		if (pages_move(0, n, page, target, status, MPOL_MF_MOVE) < 0)
			bench_fail(b, "move_pages back to node %d: %m", node[0]);
	}
	if (ring >= 0)
		close(ring);
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "pages pinned as io_uring buffers, which cannot move, beside pages that can",
	.drives = "migrate_pages, try_to_migrate, folio_maybe_dma_pinned, rmap_walk_anon, "
		  "remove_migration_ptes",
	.params = {
		[PAGES] = { "pages", "pages", 1024, 1, 1 << 19, "pinned, and as many that are not" },
		[PIN] = { "pin", "0 or 1", 1, 0, 1,
			  "0: nothing is pinned, all moves, and the evidence says so" },
	},
	.metrics = {
		[FREE_PAGES] = { "unpinned", "pages/s", THROUGHPUT, HIGHER, "pages that moved" },
		[PINNED] = { "pinned", "pages/s", THROUGHPUT, HIGHER,
			     "pinned pages that were tried and stayed" },
	},
	.works = { [TO_MOVE] = "to_move", [MOVED] = "moved", [TO_STAY] = "to_stay",
		   [STAYED] = "stayed" },
	.evidence = {
		{ "work:moved", AT_LEAST, TO_MOVE, .factor = 0.9, .why = "unpinned pages moved" },
		{ "vmstat:pgmigrate_success", AT_LEAST, MOVED, .why = "the kernel migrated them" },
		{ "work:stayed", EXACTLY, TO_STAY, .why = "no pinned page moved" },
		{ "vmstat:pgmigrate_fail", AT_LEAST, STAYED, .why = "and the kernel had tried" },
	},
	.needs = NEED_TWO_NODES | NEED_IO_URING,
	.samples = 16,
	.footprint = footprint,
	.run = run,
};
