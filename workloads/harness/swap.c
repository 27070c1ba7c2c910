// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Swap for workloads that page out: what the host has, or a zram device of our own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "workloads/machine.h"

static char device[48]; /* its node, made by us */
static long number = -1;

static void remove_swap(void *arg)
{
	char text[24];

	(void)arg;
	if (number < 0)
		return;
	if (device[0]) {
		swapoff(device);
		unlink(device);
	}
	snprintf(text, sizeof(text), "%ld", number);
	file_write("/sys/class/zram-control/hot_remove", text);
	device[0] = '\0';
	number = -1;
}

/* The header that swapon() looks for: union swap_header of linux/swap.h, version 1. */
static bool write_header(size_t bytes, long page_size)
{
	struct {
		char boot[1024];
		uint32_t version, last_page, bad_pages;
	} info = { .version = 1, .last_page = bytes / page_size - 1 };
	int fd = open(device, O_RDWR | O_CLOEXEC);
	bool ok = fd >= 0 && pwrite(fd, &info, sizeof(info), 0) == sizeof(info) &&
		  pwrite(fd, "SWAPSPACE2", 10, page_size - 10) == 10 && !fsync(fd);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Without udev nobody makes the node. */
static bool make_node(void)
{
	unsigned int major, minor;
	char path[96], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/block/zram%ld/dev", number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) <= 0 || sscanf(text, "%u:%u", &major, &minor) != 2) {
		close(fd);
		return false;
	}
	close(fd);
	snprintf(device, sizeof(device), "/dev/rmapbench-%d-swap", (int)getpid());
	return !mknod(device, S_IFBLK | 0600, makedev(major, minor));
}

static long swap_free_bytes(void)
{
	char line[128];
	long kib = 0;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "SwapFree: %ld", &kib) == 1)
			break;
	}
	if (f)
		fclose(f);
	return kib * 1024;
}

/* A zram device of our own, ahead of all other swap. */
static bool add(struct bench *b, size_t bytes)
{
	static bool registered;
	char path[96], text[32];

	/* Reading hot_add makes a device and gives its number. */
	number = file_read_long("/sys/class/zram-control/hot_add");
	if (number < 0)
		return false;
	if (!registered)
		bench_undo(b, remove_swap, NULL);
	registered = true;
	snprintf(path, sizeof(path), "/sys/block/zram%ld/disksize", number);
	snprintf(text, sizeof(text), "%zu", bytes + (1 << 20));
	if (file_write(path, text))
		bench_skip(b, "a zram device refuses a size of %s bytes: %m", text);
	if (!make_node() || !write_header(bytes, b->page_size) ||
	    swapon(device, SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK))
		bench_fail(b, "making swap of a zram device: %m");
	return true;
}

void swap_add(struct bench *b, size_t bytes)
{
	if (!add(b, bytes))
		bench_skip(b, "zram gives no device: %m");
}

int swap_off(void)
{
	return swapoff(device);
}

void swap_remove(void)
{
	remove_swap(NULL);
}

void swap_ensure(struct bench *b, size_t bytes)
{
	if (swap_free_bytes() < (long)bytes && !add(b, bytes))
		bench_skip(b, "%zu MiB of swap needed, and no zram to make it of", bytes >> 20);
}
