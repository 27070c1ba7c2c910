// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Splitting huge pages that stay mapped, through debugfs: split_huge_page_to_list() with the rmap
 * write lock held, a walk that turns each sharer's PMD into PTEs, and one that restores the PTEs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workloads/machine.h"

enum { FOLIOS, CHILDREN };
enum { SPLIT };
enum { WANTED, HUGE, SPLITS, PMDS, FORKED, REAPED };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[FOLIOS] * thp_size(), b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void split_one(struct bench *b, int fd, char *folio)
{
	bool huge = thp_mapped(folio, sharers.region.bytes) == 1;
	char command[96];
	uint64_t start, ns;
	ssize_t wrote;
	int length;

	/* One address is enough for the folio around it; more would only be looked up in vain. */
	length = snprintf(command, sizeof(command), "%d,0x%lx,0x%lx", (int)getpid(),
			  (unsigned long)folio, (unsigned long)folio + b->page_size);
	start = bench_now(b);
	wrote = write(fd, command, length);
	ns = bench_now(b) - start;
	if (wrote != length)
		bench_fail(b, "split_huge_pages, '%s': %m", command);
	bench_work(b, HUGE, huge);
	if (!huge || thp_mapped(folio, sharers.region.bytes))
		return;
	bench_work(b, SPLITS, 1);
	bench_sample(b, SPLIT, ns);
}

static void round_of(struct bench *b, int fd)
{
	sharers.region = thp_map(b, b->param[FOLIOS]);
	region_fill(b, &sharers.region, 1);
	bench_work(b, WANTED, sharers.region.count);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < sharers.region.count; i++)
		split_one(b, fd, region_vma(&sharers.region, i));
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	region_unmap(b, &sharers.region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[FOLIOS]);
	int fd = open("/sys/kernel/debug/split_huge_pages", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		bench_fail(b, "/sys/kernel/debug/split_huge_pages: %m");
	sharers_new(b, &sharers, b->param[CHILDREN]);
	for (long i = 0; i < rounds; i++)
		round_of(b, fd);
	/* A split takes the PMD from each process that maps the folio. */
	bench_work(b, PMDS, b->area->work[SPLITS] * (1 + b->param[CHILDREN]));
	close(fd);
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "huge pages split through debugfs, private or shared with children",
	.drives = "split_huge_page_to_list, unmap_folio, try_to_migrate, __split_huge_pmd, "
		  "rmap_walk_anon_locked, remap_page, remove_migration_ptes",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "split in one round" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
	},
	.metrics = {
		[SPLIT] = { "split", "ns", LATENCY, LOWER,
			    "one huge page, with the look-up of its address by the debugfs file" },
	},
	.works = { [WANTED] = "wanted", [HUGE] = "huge", [SPLITS] = "split", [PMDS] = "pmds",
		   [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:huge", AT_LEAST, WANTED, .factor = 0.5,
		  .why = "there were huge pages to split (AnonHugePages)" },
		{ "work:split", AT_LEAST, HUGE, .factor = 0.9,
		  .why = "they no longer are (AnonHugePages)" },
		{ "vmstat:thp_split_page", AT_LEAST, SPLITS, .why = "the folios were split" },
		{ "vmstat:thp_split_pmd", AT_LEAST, PMDS, .why = "in each process that maps them" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_THP | NEED_SPLIT_DEBUGFS | NEED_ROOT,
	.samples = 64,
	.footprint = footprint,
	.run = run,
};
