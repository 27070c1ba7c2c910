// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Migration while the family that shares the pages lives: its children fork, unmap and remap at the
 * same time, so that rmap walks meet trees that change under them. Walks and tree changes contend
 * for one anon_vma root lock.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/machine.h"

enum { PAGES, CHILDREN };
enum { MOVE };
enum { ASKED, MOVED, FORKS, REMAPS, UNMAPS, CHURNED, STARTED, REAPED };

static struct sharers sharers;
static void **page;
static int *target, *status;
static int *stop; /* shared */

static void footprint(const struct bench *b, struct footprint *f)
{
	/* A grandchild each, and a child's copy of what it has remapped. */
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, 2 * b->param[CHILDREN]);
	f->processes = 2 * b->param[CHILDREN] + 1;
}

static void verify(struct bench *b, const char *at, long first, long pages, const char *when)
{
	if (pages_verify(b, at, pages * b->page_size, 1, first) != pages)
		bench_corrupted(b, "pages changed while they moved, seen after %s", when);
}

static void fork_once(struct bench *b)
{
	long pages = b->param[PAGES];
	pid_t pid = fork();

	if (!pid) {
		verify(b, sharers.region.base, 0, pages / 2, "a fork in a child");
		_exit(0);
	}
	if (pid < 0)
		bench_fail(b, "fork in a child: %m");
	child_reap(b, pid);
	bench_work(b, FORKS, 1);
}

/* The second half of the child's pages goes elsewhere and comes back. */
static void remap_once(struct bench *b, char *elsewhere)
{
	long half = b->param[PAGES] / 2;
	size_t bytes = (b->param[PAGES] - half) * b->page_size;
	char *home = sharers.region.base + half * b->page_size;

	if (mremap(home, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) != elsewhere)
		bench_fail(b, "mremap in a child: %m");
	verify(b, elsewhere, half, b->param[PAGES] - half, "an mremap in a child");
	if (mremap(elsewhere, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, home) != home)
		bench_fail(b, "mremap back in a child: %m");
	bench_work(b, REMAPS, 2);
}

/* A grandchild unmaps half and lives on a moment: its entries leave the trees. */
static void unmap_once(struct bench *b)
{
	long half = b->param[PAGES] / 2;
	pid_t pid = fork();

	if (!pid) {
		if (munmap(sharers.region.base, half * b->page_size))
			_exit(1);
		verify(b, sharers.region.base + half * b->page_size, half, b->param[PAGES] - half,
		       "munmap in a grandchild");
		_exit(0);
	}
	if (pid < 0)
		bench_fail(b, "fork in a child: %m");
	child_reap(b, pid);
	bench_work(b, UNMAPS, 1);
}

static void churn(struct bench *b, void *arg, long k)
{
	size_t bytes = (b->param[PAGES] + 1) * b->page_size;
	char *elsewhere = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	if (elsewhere == MAP_FAILED)
		bench_fail(b, "mmap in child %ld: %m", k + 1);
	for (long i = k; !__atomic_load_n(stop, __ATOMIC_ACQUIRE); i++) {
		if (i % 3 == 0)
			fork_once(b);
		else if (i % 3 == 1)
			remap_once(b, elsewhere);
		else
			unmap_once(b);
		bench_work(b, CHURNED, 1);
	}
}

static void move(struct bench *b, int from, int to)
{
	long pages = b->param[PAGES], moved;
	uint64_t start, ns;

	moved = pages_on_node(b, sharers.region.base, pages, to);
	for (long i = 0; i < pages; i++)
		target[i] = to;
	start = bench_now(b);
	if (pages_move(0, pages, page, target, status, MPOL_MF_MOVE_ALL) < 0) {
		if (errno == EPERM)
			bench_skip(b, "MPOL_MF_MOVE_ALL is refused: needs root");
		bench_fail(b, "move_pages from node %d to node %d: %m", from, to);
	}
	ns = bench_now(b) - start;
	moved = pages_on_node(b, sharers.region.base, pages, to) - moved;
	moved = moved < 0 ? 0 : moved;
	bench_work(b, ASKED, pages);
	bench_work(b, MOVED, moved);
	bench_rate(b, MOVE, moved, ns);
	verify(b, sharers.region.base, 0, pages, "a move");
}

/* Children of the family churn before they report ready, so this one does not wait for them. */
static void wait_for_churn(struct bench *b)
{
	while (!__atomic_load_n(&b->area->work[CHURNED], __ATOMIC_RELAXED)) {
		siginfo_t info = { 0 };

		if (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid)
			bench_fail(b, "a child died before it did anything");
		usleep(1000);
	}
}

static void run(struct bench *b)
{
	long pages = b->param[PAGES], rounds = bench_rounds(b, 2);
	int node[2];

	nodes_with_memory(node);
	page = bench_memory(b, pages * sizeof(*page));
	target = bench_memory(b, pages * sizeof(*target));
	status = bench_memory(b, pages * sizeof(*status));
	stop = bench_memory(b, sizeof(*stop));
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, pages, node[0]);
	for (long i = 0; i < pages; i++)
		page[i] = sharers.region.base + i * b->page_size;
	bench_hold(b, POPULATED);
	for (long k = 0; k < b->param[CHILDREN]; k++)
		family_fork(b, &sharers.family, churn, &sharers);
	bench_work(b, STARTED, b->param[CHILDREN]);
	wait_for_churn(b);
	for (long i = 0; i < rounds; i++) {
		move(b, node[0], node[1]);
		move(b, node[1], node[0]);
	}
	__atomic_store_n(stop, 1, __ATOMIC_RELEASE);
	family_ready(b, &sharers.family);
	bench_hold(b, HELD);
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "pages that move while the processes that share them fork, unmap and remap",
	.drives = "migrate_pages, rmap_walk_anon against anon_vma_fork, anon_vma_clone, "
		  "unlink_anon_vmas, move_page_tables, vma_merge",
	.params = {
		[PAGES] = { "pages", "pages", 1024, 16, 1 << 18, "base pages that move" },
		[CHILDREN] = { "children", "processes", 4, 1, 256, "that share them and churn" },
	},
	.metrics = {
		[MOVE] = { "move", "pages/s", THROUGHPUT, HIGHER,
			   "pages that moved, there or back, under churn" },
	},
	.works = { [ASKED] = "asked", [MOVED] = "moved", [FORKS] = "forks", [REMAPS] = "remaps",
		   [UNMAPS] = "unmaps", [CHURNED] = "churned", [STARTED] = "started",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:moved", AT_LEAST, ASKED, .factor = 0.5,
		  .why = "most pages moved; one that is in use at that moment may stay" },
		{ "vmstat:pgmigrate_success", AT_LEAST, MOVED, .why = "the kernel migrated them" },
		{ "work:churned", AT_LEAST, STARTED, .why = "the children were at work meanwhile" },
		{ "work:reaped", EXACTLY, STARTED, .why = "every child found its pages intact" },
	},
	.needs = NEED_TWO_NODES | NEED_ROOT,
	.cpus = ALL_CPUS,
	.children_report = true,
	.samples = 8,
	.footprint = footprint,
	.run = run,
};
