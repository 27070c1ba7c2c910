// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the system says: small files of proc and sysfs, and this process's own map. Nothing here
 * allocates, so that reading does not change what is counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "workloads/harness/harness.h"

long file_read_long(const char *path)
{
	char buf[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	char *end;
	long value;

	if (fd < 0)
		return -1;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	value = strtol(buf, &end, 10);
	return end == buf ? (errno = EINVAL, -1) : value;
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	if (n < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	close(fd);
	return 0;
}

char *scratch_map(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void scratch_unmap(char *scratch, size_t size)
{
	if (scratch)
		munmap(scratch, size);
}

/* Calls line() for each line of a file until it returns false. */
static void each_line(const char *path, bool (*line)(char *, void *), void *arg)
{
	enum { SIZE = 16384 };
	char *buf = scratch_map(SIZE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t got;
	bool more = buf && fd >= 0;

	while (more && (got = read(fd, buf + have, SIZE - 1 - have)) > 0) {
		char *start = buf, *end;

		have += got;
		buf[have] = '\0';
		while (more && (end = strchr(start, '\n'))) {
			*end = '\0';
			more = line(start, arg);
			start = end + 1;
		}
		have -= start - buf;
		memmove(buf, start, have);
	}
	if (fd >= 0)
		close(fd);
	scratch_unmap(buf, SIZE);
}

static bool count_line(char *line, void *arg)
{
	if (!strstr(line, "[vsyscall]"))
		++*(long *)arg;
	return true;
}

long maps_count(void)
{
	long n = 0;

	each_line("/proc/self/maps", count_line, &n);
	return n - 1; /* without the scratch memory that it was read into */
}

struct field {
	const char *name;
	unsigned long start, end;
	bool overlaps;
	long kib, vmas;
};

static bool smaps_line(char *line, void *arg)
{
	struct field *f = arg;
	unsigned long start, end;
	size_t n = strlen(f->name);

	/* A header has its range before the first blank; a field has a colon there. */
	if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
		f->overlaps = start < f->end && end > f->start;
		return true;
	}
	if (f->overlaps && !strncmp(line, f->name, n) && line[n] == ':') {
		long kib = strtol(line + n + 1, NULL, 10);

		f->kib += kib;
		f->vmas += kib > 0;
	}
	return true;
}

long smaps_field(const void *start, size_t bytes, const char *name)
{
	struct field f = { .name = name,
			   .start = (unsigned long)start,
			   .end = (unsigned long)start + bytes };

	each_line("/proc/self/smaps", smaps_line, &f);
	return f.kib;
}

long maps_anonymous(void)
{
	struct field f = { .name = "Anonymous", .start = 0, .end = ~0UL };

	each_line("/proc/self/smaps", smaps_line, &f);
	return f.vmas;
}

long faults_taken(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? -1 : usage.ru_minflt;
}

long pages_mapped(void)
{
	/* The first number is the size (proc(5)). */
	return file_read_long("/proc/self/statm");
}

bool is_mapped(const void *address)
{
	unsigned char vec;
	long page = sysconf(_SC_PAGESIZE);
	void *start = (void *)((unsigned long)address & -page);

	return mincore(start, page, &vec) == 0; /* ENOMEM where nothing is mapped */
}

uint64_t page_frame(const void *address)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, 8, (unsigned long)address / sysconf(_SC_PAGESIZE) * 8) != 8)
		entry = 0;
	close(fd);
	/* Bit 63: present; bits 0-54: frame (Documentation/admin-guide/mm/pagemap.rst). */
	return entry >> 63 ? entry & ((UINT64_C(1) << 55) - 1) : 0;
}

size_t thp_size(void)
{
	long n = file_read_long("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");

	return n > 0 ? n : 0;
}

int nodes_with_memory(int node[2])
{
	int found = 0;

	for (int i = 0; i < 1024; i++) {
		char path[96], buf[64] = "";
		long kib = 0;
		int fd;

		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		/* "Node 0 MemTotal:  1012345 kB" */
		if (read(fd, buf, sizeof(buf) - 1) > 0)
			sscanf(buf, "Node %*d MemTotal: %ld", &kib);
		close(fd);
		if (kib <= 0)
			continue;
		if (found < 2)
			node[found] = i;
		found++;
	}
	return found;
}
