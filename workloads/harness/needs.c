// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Can it run here? One check for each need; each says in a sentence what is missing and what helps.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workloads/harness/harness.h"

#define THP    "/sys/kernel/mm/transparent_hugepage/"
#define GUESTS "; 'rmapbench lab' boots guests that have it"

static bool accessible(const char *path, int mode)
{
	return !access(path, mode);
}

/* The text of a small file, static; "" if it cannot be read. */
static const char *text_of(const char *path)
{
	static char buf[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static const char *root(void)
{
	return geteuid() ? "needs root; run it as root" : NULL;
}

static const char *two_nodes(void)
{
	static char reason[128];
	int node[2], n = nodes_with_memory(node);

	if (n >= 2)
		return NULL;
	snprintf(reason, sizeof(reason), "%d NUMA node%s with memory here, 2 needed" GUESTS, n,
		 n == 1 ? "" : "s");
	return reason;
}

static const char *thp(void)
{
	if (!thp_size())
		return "this kernel has no transparent huge pages "
		       "(CONFIG_TRANSPARENT_HUGEPAGE)" GUESTS;
	if (strstr(text_of(THP "enabled"), "[never]"))
		return "transparent huge pages are off: write madvise to " THP "enabled";
	return NULL;
}

static const char *compaction(void)
{
	return accessible("/proc/sys/vm/compact_memory", W_OK)
		       ? NULL
		       : "/proc/sys/vm/compact_memory cannot be written (CONFIG_COMPACTION, "
			 "root)" GUESTS;
}

static const char *split_debugfs(void)
{
	static char reason[192];
	const char *path = "/sys/kernel/debug/split_huge_pages";

	if (!accessible("/sys/kernel/debug", X_OK) || !accessible(path, F_OK))
		return "debugfs has no split_huge_pages (not mounted, or locked down)" GUESTS;
	/* An address range of our own with nothing in it: asks for leave, splits nothing. */
	snprintf(reason, sizeof(reason), "%d,0x10000,0x11000", (int)getpid());
	if (!file_write(path, reason) || errno == EINVAL)
		return NULL;
	snprintf(reason, sizeof(reason), "debugfs split_huge_pages refuses: %s" GUESTS,
		 strerror(errno));
	return reason;
}

static const char *memcg(void)
{
	if (accessible("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) ||
	    accessible("/sys/fs/cgroup/memory/cgroup.procs", W_OK))
		return NULL;
	if (strstr(text_of("/sys/fs/cgroup/cgroup.controllers"), "memory"))
		return NULL;
	if (strstr(text_of("/sys/fs/cgroup/unified/cgroup.controllers"), "memory"))
		return NULL;
	return "no memory cgroup is mounted in /sys/fs/cgroup" GUESTS;
}

static const char *swap(void)
{
	const char *text = text_of("/proc/meminfo");
	const char *row = strstr(text, "SwapFree:");
	long kib = 0;

	if (row)
		sscanf(row, "SwapFree: %ld", &kib);
	/* swap_ensure() makes swap where there is zram. */
	return kib > 0 || accessible("/sys/class/zram-control", X_OK)
		       ? NULL
		       : "no swap with free space, and no zram to make it of: swapon "
			 "something" GUESTS;
}

static const char *pagemap_pfn(void)
{
	static char probe;

	*(volatile char *)&probe = 1;
	return page_frame(&probe) ? NULL : "/proc/self/pagemap hides frame numbers (root needed)";
}

static const char *ksm(void)
{
	return accessible("/sys/kernel/mm/ksm/run", W_OK)
		       ? NULL
		       : "/sys/kernel/mm/ksm/run cannot be written (CONFIG_KSM, root)" GUESTS;
}

static const char *userfaultfd(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return "userfaultfd() refuses (CONFIG_USERFAULTFD, root)" GUESTS;
	close(fd);
	return NULL;
}

static const char *page_idle(void)
{
	return accessible("/sys/kernel/mm/page_idle/bitmap", R_OK | W_OK)
		       ? NULL
		       : "no /sys/kernel/mm/page_idle/bitmap (CONFIG_IDLE_PAGE_TRACKING; not in "
			 "Debian's "
			 "kernels: see 'make kernel')";
}

static const char *zram(void)
{
	return accessible("/sys/class/zram-control", X_OK)
		       ? NULL
		       : "no zram (CONFIG_ZRAM, or its module is not loaded)" GUESTS;
}

static const char *numa_balancing(void)
{
	return accessible("/proc/sys/kernel/numa_balancing", W_OK)
		       ? NULL
		       : "no /proc/sys/kernel/numa_balancing (CONFIG_NUMA_BALANCING, root)" GUESTS;
}

static const char *cpuset(void)
{
	if (accessible("/sys/fs/cgroup/cpuset/cpuset.mems", F_OK) ||
	    accessible("/sys/fs/cgroup/cpuset/cgroup.procs", W_OK) ||
	    strstr(text_of("/sys/fs/cgroup/cgroup.controllers"), "cpuset") ||
	    strstr(text_of("/sys/fs/cgroup/unified/cgroup.controllers"), "cpuset"))
		return NULL;
	return "no cpuset cgroup is mounted in /sys/fs/cgroup" GUESTS;
}

static const char *damon_paddr(void)
{
	return accessible("/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", W_OK)
		       ? NULL
		       : "no DAMON sysfs interface (CONFIG_DAMON_SYSFS, root)" GUESTS;
}

static const char *memory_failure(void)
{
	return strstr(text_of("/proc/meminfo"), "HardwareCorrupted")
		       ? NULL
		       : "this kernel has no memory failure handling "
			 "(CONFIG_MEMORY_FAILURE)" GUESTS;
}

static const char *two_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) >= 2 ? NULL : "one CPU here, 2 needed";
}

static const char *dangerous(void)
{
	return "harms the host it runs on: only in guests ('rmapbench lab'), or with "
	       "--allow-dangerous";
}

static const char *io_uring(void)
{
	/* With no parameters the call fails with EFAULT where io_uring exists. */
	return syscall(SYS_io_uring_setup, 1, NULL) < 0 && (errno == ENOSYS || errno == EPERM)
		       ? "io_uring is not available (CONFIG_IO_URING, sysctl "
			 "kernel.io_uring_disabled)"
		       : NULL;
}

static const char *mthp(void)
{
	glob_t g = { 0 };
	size_t n = glob(THP "hugepages-*kB", 0, NULL, &g) ? 0 : g.gl_pathc;

	globfree(&g);
	return n > 1 ? NULL : "this kernel has no multi-size THP (Linux 6.8 and later)" GUESTS;
}

static const char *memory_hotplug(void)
{
	return accessible("/sys/devices/system/memory/block_size_bytes", R_OK)
		       ? NULL
		       : "memory blocks cannot be taken offline (CONFIG_MEMORY_HOTREMOVE)" GUESTS;
}

static const char *lock_events(void)
{
	return accessible("/sys/kernel/tracing/events/lock/contention_begin", F_OK) ||
			       accessible("/sys/kernel/debug/tracing/events/lock/contention_begin",
					  F_OK)
		       ? NULL
		       : "no lock:contention_begin tracepoint (Linux 5.19 and later, tracefs "
			 "mounted, root)";
}

static const char *clear_refs(void)
{
	return accessible("/proc/self/clear_refs", W_OK)
		       ? NULL
		       : "/proc/self/clear_refs cannot be written";
}

/* In the order of enum need. */
static const struct {
	const char *name;
	const char *(*missing)(void);
} checks[] = {
	{ "root", root },
	{ "two nodes", two_nodes },
	{ "THP", thp },
	{ "compaction", compaction },
	{ "split_huge_pages", split_debugfs },
	{ "memory cgroup", memcg },
	{ "swap", swap },
	{ "pagemap", pagemap_pfn },
	{ "KSM", ksm },
	{ "userfaultfd", userfaultfd },
	{ "page_idle", page_idle },
	{ "zram", zram },
	{ "NUMA balancing", numa_balancing },
	{ "cpuset", cpuset },
	{ "DAMON", damon_paddr },
	{ "memory failure", memory_failure },
	{ "two CPUs", two_cpus },
	{ "dangerous", dangerous },
	{ "io_uring", io_uring },
	{ "mTHP", mthp },
	{ "memory hotplug", memory_hotplug },
	{ "lock events", lock_events },
	{ "clear_refs", clear_refs },
};

enum { CHECKS = sizeof(checks) / sizeof(*checks) };

const char *need_name(int bit)
{
	return bit < CHECKS ? checks[bit].name : NULL;
}

int need_missing(unsigned int needs, bool allow_dangerous, const char **reason)
{
	if (allow_dangerous)
		needs &= ~NEED_DANGEROUS;
	for (int bit = 0; bit < CHECKS; bit++) {
		if (!(needs & 1u << bit))
			continue;
		*reason = checks[bit].missing();
		if (*reason)
			return bit;
	}
	return -1;
}
