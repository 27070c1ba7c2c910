// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A cpuset gets another memory node, and the pages of all its processes follow. Version 2 always
 * moves them; version 1 does if memory_migrate is 1.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workloads/machine.h"

enum { PAGES, CHILDREN, FOLLOW };
enum { THERE, BACK };
enum { ASKED, MOVED, FORKED, REAPED };

static struct group group;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void move(struct bench *b, struct sharers *s, int from, int to)
{
	char text[16];

	(void)s;
	(void)from;
	snprintf(text, sizeof(text), "%d", to);
	if (group_write(&group, "cpuset.mems", text))
		bench_fail(b, "cpuset.mems = %d: %m", to);
}

/* A version 1 cpuset takes nobody in before it has CPUs and nodes. */
static void join(struct bench *b, int node)
{
	char cpus[512] = "", mems[16];
	int fd;

	if (!group_create(b, &group, "cpuset"))
		bench_skip(b, "no cpuset can be made in /sys/fs/cgroup: %m");
	if (!group.v2) {
		fd = open("/sys/fs/cgroup/cpuset/cpuset.cpus", O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, cpus, sizeof(cpus) - 1) <= 0 ||
		    group_write(&group, "cpuset.cpus", cpus))
			bench_fail(b, "cpuset.cpus: %m");
		close(fd);
		if (group_write(&group, "cpuset.memory_migrate", b->param[FOLLOW] ? "1" : "0"))
			bench_fail(b, "cpuset.memory_migrate: %m");
	} else if (!b->param[FOLLOW]) {
		bench_skip(b, "follow=0 needs a cpuset of cgroup v1: in v2 memory always follows");
	}
	snprintf(mems, sizeof(mems), "%d", node);
	if (group_write(&group, "cpuset.mems", mems))
		bench_fail(b, "cpuset.mems = %d: %m", node);
	if (!group_enter(b, &group))
		bench_fail(b, "entering the cpuset: %m");
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);
	struct sharers sharers;
	int node[2];

	nodes_with_memory(node);
	sharers_new(b, &sharers, b->param[CHILDREN]);
	join(b, node[0]);
	sharers_map(b, &sharers, b->param[PAGES], node[0]);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++) {
		bench_work(b, ASKED, 2 * b->param[PAGES]);
		bench_work(b, MOVED,
			   sharers_travel(b, &sharers, THERE, node[0], node[1], move) +
				   sharers_travel(b, &sharers, BACK, node[1], node[0], move));
	}
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
	group_leave(b, &group);
}

const struct workload workload = {
	.summary = "pages that follow their cpuset to another node",
	.drives = "cpuset_migrate_mm, do_migrate_pages, migrate_pages, try_to_migrate, "
		  "rmap_walk_anon, remove_migration_ptes",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 1, 1 << 20, "base pages that move" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000,
			       "children in the same cpuset that share them" },
		[FOLLOW] = { "follow", "0 or 1", 1, 0, 1,
			     "memory_migrate of a version 1 cpuset; with 0 nothing moves" },
	},
	.metrics = {
		[THERE] = { "there", "pages/s", THROUGHPUT, HIGHER,
			    "pages of ours that moved from the first node to the second" },
		[BACK] = { "back", "pages/s", THROUGHPUT, HIGHER, "and back to the first" },
	},
	.works = { [ASKED] = "asked", [MOVED] = "moved", [FORKED] = "forked",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:moved", AT_LEAST, ASKED, .factor = 0.9,
		  .why = "they left one node and are on the other" },
		{ "vmstat:pgmigrate_success", AT_LEAST, MOVED, .why = "the kernel migrated them" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_TWO_NODES | NEED_CPUSET | NEED_ROOT,
	.samples = 8,
	.footprint = footprint,
	.run = run,
};
