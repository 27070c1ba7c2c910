// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UFFDIO_MOVE (Linux 6.8): pages go from one place of a process to another without a copy. The
 * folio gets another address, hence another place in its anon_vma (folio_move_anon_rmap()), under
 * the rmap write lock. No counter moves: frames and contents tell. Shared pages are refused
 * (EBUSY).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workloads/machine.h"

#ifndef UFFDIO_MOVE
/* include/uapi/linux/userfaultfd.h of Linux 6.8 */
struct uffdio_move {
	uint64_t dst, src, len, mode;
	int64_t move;
};
#define UFFDIO_MOVE	  _IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFD_FEATURE_MOVE (1 << 16)
#endif

enum { PAGES, BATCH, CHILDREN };
enum { MOVE };
enum { ASKED, MOVED, SAME_FRAMES, GONE, FORKED, REAPED };

static struct sharers sharers; /* where the pages are */
static struct region other;    /* where they go */
static uint64_t *before, *after;
static int uffd;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[PAGES] * b->page_size, b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void open_uffd(struct bench *b)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_MOVE };

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0)
		bench_fail(b, "userfaultfd: %m");
	if (ioctl(uffd, UFFDIO_API, &api))
		bench_skip(b, "this kernel has no UFFDIO_MOVE (Linux 6.8 and later)");
}

static void await(struct bench *b, const struct region *r, bool on)
{
	struct uffdio_range range = { (uintptr_t)r->base, r->bytes };
	struct uffdio_register reg = { .range = range, .mode = UFFDIO_REGISTER_MODE_MISSING };

	if (on ? ioctl(uffd, UFFDIO_REGISTER, &reg) : ioctl(uffd, UFFDIO_UNREGISTER, &range))
		bench_fail(b, "registering %zu bytes with userfaultfd: %m", r->bytes);
}

static void move_batch(struct bench *b, const struct region *from, const struct region *to,
		       size_t at, size_t bytes)
{
	struct uffdio_move move = { .dst = (uintptr_t)to->base + at,
				    .src = (uintptr_t)from->base + at,
				    .len = bytes };
	uint64_t start, ns;
	int rc;

	start = bench_now(b);
	do {
		move.move = 0;
		rc = ioctl(uffd, UFFDIO_MOVE, &move);
		/* Part of it is done, the rest is to be asked for again. */
		if (rc && errno == EAGAIN && move.move > 0) {
			move.dst += move.move;
			move.src += move.move;
			move.len -= move.move;
		}
	} while (rc && errno == EAGAIN);
	ns = bench_now(b) - start;
	if (rc && errno != EBUSY)
		bench_fail(b, "UFFDIO_MOVE of %zu bytes: %m", bytes);
	if (!rc)
		bench_rate(b, MOVE, bytes / b->page_size, ns);
}

static void move_all(struct bench *b, const struct region *from, const struct region *to)
{
	size_t batch = b->param[BATCH] * b->page_size;
	long pages = b->param[PAGES], moved = 0, same = 0, gone = 0;

	frames_read(getpid(), from->base, pages, before);
	await(b, to, true);
	for (size_t at = 0; at < from->bytes; at += batch)
		move_batch(b, from, to, at, from->bytes - at < batch ? from->bytes - at : batch);
	await(b, to, false);
	frames_read(getpid(), to->base, pages, after);
	for (long i = 0; i < pages; i++) {
		moved += after[i] != 0;
		same += after[i] && after[i] == before[i];
	}
	frames_read(getpid(), from->base, pages, after);
	for (long i = 0; i < pages; i++)
		gone += after[i] == 0;
	bench_work(b, ASKED, pages);
	bench_work(b, MOVED, moved);
	bench_work(b, SAME_FRAMES, same);
	bench_work(b, GONE, gone);
	if (moved == pages && region_verify(b, to, 1) != pages)
		bench_corrupted(b, "pages changed when they were moved");
}

static void run(struct bench *b)
{
	long pages = b->param[PAGES];
	long rounds = bench_rounds(b, 2 * ((pages + b->param[BATCH] - 1) / b->param[BATCH]));

	open_uffd(b);
	before = bench_memory(b, pages * sizeof(*before));
	after = bench_memory(b, pages * sizeof(*after));
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers_map(b, &sharers, pages, -1);
	other = region_map(b, 1, pages * b->page_size);
	pages_small(other.base, other.bytes);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < rounds; i++) {
		move_all(b, &sharers.region, &other);
		if (b->area->work[MOVED] < b->area->work[ASKED])
			break; /* nothing to bring back; the evidence says so */
		move_all(b, &other, &sharers.region);
	}
	sharers_verify(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	region_unmap(b, &other);
	sharers_free(b, &sharers);
	close(uffd);
}

const struct workload workload = {
	.summary = "pages moved from address to address by UFFDIO_MOVE, there and back",
	.drives = "move_pages (mm/userfaultfd.c), folio_get_anon_vma, anon_vma_lock_write, "
		  "folio_move_anon_rmap",
	.params = {
		[PAGES] = { "pages", "pages", 4096, 1, 1 << 18, "base pages that move" },
		[BATCH] = { "batch", "pages", 64, 1, 1 << 18, "in one call" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000,
			       "children that share them; with any the call refuses, and the "
			       "evidence says so" },
	},
	.metrics = {
		[MOVE] = { "move", "pages/s", THROUGHPUT, HIGHER, "pages that moved" },
	},
	.works = { [ASKED] = "asked", [MOVED] = "moved", [SAME_FRAMES] = "same_frames",
		   [GONE] = "gone", [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:moved", EXACTLY, ASKED, .why = "they are at their new addresses" },
		{ "work:same_frames", AT_LEAST, MOVED, .factor = 0.95,
		  .why = "in the frames they had: moved, not copied" },
		{ "work:gone", EXACTLY, MOVED, .why = "and no longer at their old addresses" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_USERFAULTFD | NEED_PAGEMAP_PFN | NEED_ROOT,
	.samples = 256,
	.footprint = footprint,
	.run = run,
};
