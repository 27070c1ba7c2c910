// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A memory block goes offline and comes back: offline_pages() moves every page in it, whoever has
 * it. Which block: the one that holds most of our pages and lets itself be taken. Dangerous: if the
 * host is short of memory, what was in the block has nowhere to go.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workloads/machine.h"

#define MEMORY "/sys/devices/system/memory/"

enum { SIZE, CHILDREN };
enum { OFFLINE, ONLINE };
enum { IN_BLOCK, MOVED, MIGRATED, BLOCKS, FORKED, REAPED };

static struct sharers sharers;
static uint64_t *before, *after;
static uint64_t block_pages;
static char state[64]; /* of the block that is offline, or "" */

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[SIZE] << 20, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void bring_back(void *arg)
{
	(void)arg;
	if (state[0])
		file_write(state, "online");
	state[0] = '\0';
}

static uint64_t read_block_pages(struct bench *b)
{
	char text[32] = "";
	int fd = open(MEMORY "block_size_bytes", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		bench_fail(b, MEMORY "block_size_bytes: %m");
	close(fd);
	return strtoul(text, NULL, 16) / b->page_size;
}

static long in_block(const uint64_t *frame, long pages, uint64_t block)
{
	long n = 0;

	for (long i = 0; i < pages; i++)
		n += frame[i] && frame[i] / block_pages == block;
	return n;
}

/* The block with most of our pages of those not tried yet; returns their number. */
static long next_block(long pages, const uint64_t *tried, int tries, uint64_t *block)
{
	long most = 0;

	for (long i = 0; i < pages; i += 64) {
		uint64_t candidate = before[i] / block_pages;
		bool again = !before[i] || candidate == *block;
		long n;

		for (int t = 0; t < tries && !again; t++)
			again = tried[t] == candidate;
		if (again)
			continue;
		n = in_block(before, pages, candidate);
		if (n > most) {
			most = n;
			*block = candidate;
		}
	}
	return most;
}

static void take_offline(struct bench *b)
{
	enum { MOST_TRIES = 16 };
	long pages = sharers.region.bytes / b->page_size, ours, moved = 0, migrated;
	uint64_t tried[MOST_TRIES], start, ns;
	int error = 0;

	for (int tries = 0; tries < MOST_TRIES; tries++) {
		uint64_t block = UINT64_MAX;
		char path[64];

		frames_read(getpid(), sharers.region.base, pages, before);
		ours = next_block(pages, tried, tries, &block);
		if (!ours)
			break;
		snprintf(path, sizeof(path), MEMORY "memory%lu/state", (unsigned long)block);
		migrated = vmstat_read("pgmigrate_success");
		start = bench_now(b);
		if (file_write(path, "offline")) {
			error = errno;
			tried[tries] = block;
			continue;
		}
		ns = bench_now(b) - start;
		migrated = vmstat_read("pgmigrate_success") - migrated;
		memcpy(state, path, sizeof(state));
		frames_read(getpid(), sharers.region.base, pages, after);
		for (long i = 0; i < pages; i++)
			moved += before[i] / block_pages == block && after[i] &&
				 after[i] / block_pages != block;
		bench_work(b, BLOCKS, 1);
		bench_work(b, IN_BLOCK, ours);
		bench_work(b, MOVED, moved);
		bench_work(b, MIGRATED, migrated);
		bench_rate(b, OFFLINE, migrated, ns);
		return;
	}
	errno = error;
	bench_skip(b, "no memory block with our pages can be taken offline (%m): boot with "
		      "kernelcore= or movablecore=, so that there is a movable zone");
}

static void come_back(struct bench *b)
{
	uint64_t start = bench_now(b);

	if (file_write(state, "online"))
		bench_fail(b, "%s = online: %m", state);
	bench_sample(b, ONLINE, bench_now(b) - start);
	state[0] = '\0';
}

/* Half on each node, if there are two: the last block of a node often ends in a hole and stays. */
static void map_on_nodes(struct bench *b, long pages)
{
	long half = pages / 2;
	int node[2];
	char *middle;

	if (nodes_with_memory(node) < 2)
		node[1] = node[0];
	sharers.region = region_map(b, 1, pages * b->page_size);
	middle = sharers.region.base + half * b->page_size;
	pages_small(sharers.region.base, sharers.region.bytes);
	node_prefer(b, node[0]);
	pages_fill(b, sharers.region.base, half * b->page_size, 1, 0);
	node_prefer(b, node[1]);
	pages_fill(b, middle, (pages - half) * b->page_size, 1, half);
	node_prefer(b, -1);
}

static void run(struct bench *b)
{
	long pages = (b->param[SIZE] << 20) / b->page_size, rounds = bench_rounds(b, 1);

	block_pages = read_block_pages(b);
	before = bench_memory(b, pages * sizeof(*before));
	after = bench_memory(b, pages * sizeof(*after));
	bench_undo(b, bring_back, NULL);
	sharers_new(b, &sharers, b->param[CHILDREN]);
	map_on_nodes(b, pages);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++) {
		take_offline(b);
		sharers_check(b, &sharers);
		come_back(b);
	}
	bench_work(b, REAPED, sharers_release(b, &sharers));
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "a memory block taken offline and brought back: all pages in it move",
	.drives = "offline_pages, do_migrate_range, migrate_pages, try_to_migrate, rmap_walk_anon, "
		  "remove_migration_ptes",
	.params = {
		[SIZE] = { "size", "MiB", 256, 1, 1 << 20,
			   "filled, half on each node, to have pages in several blocks" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
	},
	.metrics = {
		[OFFLINE] = { "offline", "pages/s", THROUGHPUT, HIGHER,
			      "pages that moved while the block went offline, others' among them" },
		[ONLINE] = { "online", "ns", LATENCY, LOWER, "until the block is back" },
	},
	.works = { [IN_BLOCK] = "in_block", [MOVED] = "moved", [MIGRATED] = "migrated",
		   [BLOCKS] = "blocks", [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:moved", EXACTLY, IN_BLOCK,
		  .why = "each page of ours in the block is in a frame outside of it" },
		{ "vmstat:pgmigrate_success", AT_LEAST, MOVED, .why = "the kernel migrated them" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_MEMORY_HOTPLUG | NEED_PAGEMAP_PFN | NEED_ROOT | NEED_DANGEROUS,
	.samples = 4,
	.footprint = footprint,
	.run = run,
};
