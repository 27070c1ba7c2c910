// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linked into a workload with ld's --wrap: calls that return success and do nothing. What is
 * prevented is the one call by which each of these workloads makes its mechanism run; its evidence
 * has to notice. They run in guests, where no tool can stand between a workload and its kernel.
 */
#include <linux/mman.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

extern const char workload_name[];

static pid_t parent;

static void __attribute__((constructor)) note_parent(void)
{
	parent = getpid();
}

static bool is(const char *name)
{
	return !strcmp(workload_name, name);
}

long __real_pages_move(pid_t pid, unsigned long count, void **pages, const int *nodes, int *status,
		       int flags);
long __wrap_pages_move(pid_t pid, unsigned long count, void **pages, const int *nodes, int *status,
		       int flags);
long __wrap_pages_move(pid_t pid, unsigned long count, void **pages, const int *nodes, int *status,
		       int flags)
{
	if (!nodes)
		return __real_pages_move(pid, count, pages, nodes, status, flags);
	/* All arrived, it says. */
	memcpy(status, nodes, count * sizeof(*status));
	return 0;
}

long __wrap_node_migrate(pid_t pid, int from, int to);
long __wrap_node_migrate(pid_t pid, int from, int to)
{
	(void)pid;
	(void)from;
	(void)to;
	return 0;
}

int __real_madvise(void *start, size_t bytes, int advice);
int __wrap_madvise(void *start, size_t bytes, int advice);
int __wrap_madvise(void *start, size_t bytes, int advice)
{
	if (advice == MADV_SOFT_OFFLINE || advice == MADV_HWPOISON)
		return 0;
	return __real_madvise(start, bytes, advice);
}

int __wrap_swap_off(void);
int __wrap_swap_off(void)
{
	return 0;
}

/* Switches in files that stay as they are. */
int __real_file_write(const char *path, const char *text);
int __wrap_file_write(const char *path, const char *text);
int __wrap_file_write(const char *path, const char *text)
{
	static int mems;

	/* The first puts the pages where they begin. */
	if (is("migrate/cpuset") && strstr(path, "cpuset.mems") && mems++)
		return 0;
	if ((is("walk/damon") && strstr(path, "kdamonds/0/state")) ||
	    (is("migrate/offline") && strstr(path, "/system/memory/")) ||
	    (is("migrate/balancing") && strstr(path, "/numa_balancing")))
		return 0;
	return __real_file_write(path, text);
}

/* What thp/split writes to debugfs: "PID,0xSTART,0xEND". */
ssize_t __real_write(int fd, const void *text, size_t length);
ssize_t __wrap_write(int fd, const void *text, size_t length);
ssize_t __wrap_write(int fd, const void *text, size_t length)
{
	if (is("thp/split") && memmem(text, length, ",0x", 3))
		return length;
	return __real_write(fd, text, length);
}

/* The bits that walk/page-idle sets. */
ssize_t __real_pwrite(int fd, const void *data, size_t length, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t length, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t length, off_t at)
{
	if (is("walk/page-idle"))
		return length;
	return __real_pwrite(fd, data, length, at);
}

/* Pages that were written; the holes between VMAs, which never were, do go. */
int __real_munmap(void *start, size_t bytes);
int __wrap_munmap(void *start, size_t bytes);
int __wrap_munmap(void *start, size_t bytes)
{
	bool ours = is("vma/unmap-middle") || is("contention/family");

	/* Here it is the children alone that unmap. */
	if (is("fork/sparse") && getpid() != parent)
		return 0;
	if (ours && bytes == (size_t)sysconf(_SC_PAGESIZE) && *(volatile long *)start)
		return 0;
	return __real_munmap(start, bytes);
}
