// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where pages are: NUMA nodes, page frames, huge pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workloads/machine.h"

enum { MASK_BITS = 1024, WORD_BITS = 8 * sizeof(unsigned long), ASK = 256 };

struct mask {
	unsigned long word[MASK_BITS / WORD_BITS];
};

static struct mask mask_of(int node)
{
	struct mask m = { { 0 } };

	m.word[node / WORD_BITS] |= 1ul << node % WORD_BITS;
	return m;
}

void node_prefer(struct bench *b, int node)
{
	struct mask m = mask_of(node < 0 ? 0 : node);
	long rc = node < 0 ? syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0)
			   : syscall(SYS_set_mempolicy, MPOL_PREFERRED, &m, MASK_BITS);

	if (rc)
		bench_fail(b, "set_mempolicy for node %d: %m", node);
}

long pages_move(pid_t pid, unsigned long count, void **pages, const int *nodes, int *status,
		int flags)
{
	return syscall(SYS_move_pages, pid, count, pages, nodes, status, flags);
}

/* Nodes of up to ASK pages of a process; < 0 where a page has none. */
static bool nodes_of(pid_t pid, const char *start, long pages, int *node)
{
	static void *page[ASK];
	long size = sysconf(_SC_PAGESIZE);

	for (long i = 0; i < pages; i++)
		page[i] = (void *)(start + i * size);
	return !pages_move(pid, pages, page, NULL, node, 0);
}

long pages_on_node(struct bench *b, const void *start, long pages, int node)
{
	static int status[ASK];
	long there = 0;

	for (long done = 0; done < pages; done += ASK) {
		long n = pages - done < ASK ? pages - done : ASK;

		if (!nodes_of(0, (const char *)start + done * b->page_size, n, status))
			bench_fail(b, "move_pages, asking where pages are: %m");
		for (long i = 0; i < n; i++)
			there += status[i] == node;
	}
	return there;
}

long node_bind(void *start, size_t bytes, int node, unsigned int flags)
{
	struct mask m = mask_of(node);

	return syscall(SYS_mbind, start, bytes, MPOL_BIND, &m, MASK_BITS, flags);
}

long node_migrate(pid_t pid, int from, int to)
{
	struct mask old = mask_of(from), new = mask_of(to);

	return syscall(SYS_migrate_pages, pid, MASK_BITS, &old, &new);
}

void frames_read(pid_t pid, const void *start, long pages, uint64_t *frame)
{
	long size = sysconf(_SC_PAGESIZE);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, frame, pages * sizeof(*frame), (unsigned long)start / size * 8) !=
			      (ssize_t)(pages * sizeof(*frame))) {
		for (long i = 0; i < pages; i++)
			frame[i] = 0;
	}
	if (fd >= 0)
		close(fd);
	/* Bit 63: present; bits 0-54: frame (Documentation/admin-guide/mm/pagemap.rst). */
	for (long i = 0; i < pages; i++)
		frame[i] = frame[i] >> 63 ? frame[i] & ((UINT64_C(1) << 55) - 1) : 0;
}

/* One look at up to ASK pages. */
static bool agree_once(pid_t child, const void *start, long pages)
{
	static uint64_t ours[ASK], theirs[ASK];
	static int our_node[ASK], their_node[ASK];

	frames_read(getpid(), start, pages, ours);
	frames_read(child, start, pages, theirs);
	if (ours[0]) {
		for (long i = 0; i < pages; i++) {
			/* Who has a page in swap has no frame to compare. */
			if (ours[i] && theirs[i] && ours[i] != theirs[i])
				return false;
		}
		return true;
	}
	if (!nodes_of(0, start, pages, our_node) || !nodes_of(child, start, pages, their_node))
		return errno == EPERM || errno == EACCES || errno == ENOSYS;
	for (long i = 0; i < pages; i++) {
		if (our_node[i] != their_node[i])
			return false;
	}
	return true;
}

bool frames_agree(struct bench *b, const struct family *f, const void *start, long pages)
{
	enum { TRIES = 5 };

	for (long k = 0; k < f->count; k++) {
		for (long done = 0; done < pages; done += ASK) {
			const char *at = (const char *)start + done * b->page_size;
			long n = pages - done < ASK ? pages - done : ASK;
			int tries = 0;

			while (!agree_once(f->pids[k], at, n)) {
				if (++tries == TRIES)
					return false;
				usleep(1000);
			}
		}
	}
	return true;
}

uint64_t frame_flags(uint64_t frame)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t flags = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &flags, sizeof(flags), frame * sizeof(flags)) != sizeof(flags))
		flags = 0;
	close(fd);
	return flags;
}

struct region thp_map(struct bench *b, long folios)
{
	size_t size = thp_size();
	struct region r = region_map_aligned(b, folios, size, size);

	for (long i = 0; i < folios; i++) {
		if (madvise(region_vma(&r, i), size, MADV_HUGEPAGE))
			bench_fail(b, "MADV_HUGEPAGE: %m");
	}
	return r;
}

long thp_mapped(const void *start, size_t bytes)
{
	return smaps_field(start, bytes, "AnonHugePages") * 1024 / (long)thp_size();
}

long thp_in_region(const struct region *r)
{
	return thp_mapped(r->base, r->stride * r->count);
}
