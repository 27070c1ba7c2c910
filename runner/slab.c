// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/slab.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc.h"
#include "runner/files.h"

#define SLAB "/sys/kernel/slab"

/* More rounds than any kernel needed; a cache that still moves then belongs to a busy system. */
enum { MOST_ROUNDS = 40 };

static long attribute(const char *cache, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), SLAB "/%s/%s", cache, name);
	return read_number(path, -1);
}

/* Names whose link points where this cache's does: the caches that SLUB merged it with. */
static char *find_aliases(const char *name)
{
	char target[256] = "", path[PATH_MAX], other[256];
	char *aliases = NULL;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), SLAB "/%s", name);
	if (readlink(path, target, sizeof(target) - 1) <= 0)
		return NULL;
	dir = opendir(SLAB);
	while (dir && (entry = readdir(dir))) {
		ssize_t n;
		char *longer;

		snprintf(path, sizeof(path), SLAB "/%s", entry->d_name);
		n = readlink(path, other, sizeof(other) - 1);
		other[n > 0 ? n : 0] = '\0';
		if (strcmp(other, target) || !strcmp(entry->d_name, name))
			continue;
		longer = xasprintf("%s%s%s", aliases ? aliases : "", aliases ? " " : "",
				   entry->d_name);
		free(aliases);
		aliases = longer;
	}
	if (dir)
		closedir(dir);
	/* One name alone behind a ":" link is possible after the others were destroyed; then nobody
	 * else's objects are in it. */
	return aliases;
}

/* The row of /proc/slabinfo: "name <active> <num> <objsize> <objperslab> <pagesperslab> : ...
 * <slabs>". */
static bool slabinfo_row(const char *name, long *active, long *size, long *pages, long *slabs)
{
	static char text[262144];
	size_t n = strlen(name);

	if (read_text("/proc/slabinfo", text, sizeof(text)) < 0)
		return false;
	for (char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
		if (strncmp(line, name, n) || line[n] != ' ')
			continue;
		return sscanf(line + n,
			      "%ld %*d %ld %*d %ld : tunables %*d %*d %*d : slabdata %*d %ld",
			      active, size, pages, slabs) == 4;
	}
	return false;
}

void slab_open(struct slab_cache *cache, const char *name)
{
	long page = sysconf(_SC_PAGESIZE), active, pages = 0, slabs;

	*cache = (struct slab_cache){ 0 };
	snprintf(cache->name, sizeof(cache->name), "%s", name);
	cache->object_size = attribute(name, "object_size");
	if (cache->object_size > 0) {
		cache->present = cache->sysfs = true;
		cache->slab_size = attribute(name, "slab_size");
		cache->bytes_a_slab = page << attribute(name, "order");
		cache->aliases = find_aliases(name);
		/* With sheaves the first shrink can still leave objects that wait for RCU. */
		cache->min_rounds = attribute(name, "sheaf_capacity") >= 0 ? 3 : 2;
		return;
	}
	cache->present = slabinfo_row(name, &active, &cache->object_size, &pages, &slabs);
	cache->slab_size = cache->object_size;
	cache->bytes_a_slab = pages * page;
	cache->min_rounds = 2;
}

void slab_close(struct slab_cache *cache)
{
	free(cache->aliases);
	cache->aliases = NULL;
}

const char *slab_inexact(const struct slab_cache *cache)
{
	if (!cache->sysfs)
		return "no sysfs";
	return cache->aliases ? "merged" : NULL;
}

bool slab_objects_path(const struct slab_cache *cache, char *path, size_t size)
{
	snprintf(path, size, SLAB "/%s/objects", cache->name);
	return cache->sysfs;
}

static int shrink(const struct slab_cache *cache)
{
	char path[PATH_MAX];

	if (!cache->sysfs)
		return 0;
	snprintf(path, sizeof(path), SLAB "/%s/shrink", cache->name);
	return write_text(path, "1");
}

static long read_objects(const struct slab_cache *cache)
{
	long active = -1, size, pages, slabs;

	if (cache->sysfs)
		return attribute(cache->name, "objects");
	slabinfo_row(cache->name, &active, &size, &pages, &slabs);
	return active;
}

static long read_slabs(const struct slab_cache *cache)
{
	long active, size, pages, slabs = -1;

	if (cache->sysfs)
		return attribute(cache->name, "slabs");
	slabinfo_row(cache->name, &active, &size, &pages, &slabs);
	return slabs;
}

/*
 * Objects freed by RCU before now are on their way back when this returns. membarrier() is
 * synchronize_rcu(), but not with one CPU online, where it does nothing
 * (kernel/sched/membarrier.c), nor with nohz_full, where it fails: there we wait for longer than a
 * grace period takes.
 */
static void wait_for_rcu(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) == 1 ||
	    syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(100000);
}

/* One shrink and reading; 0, or -1 with a reason. */
static int one_round(struct slab_cache *cache, int round, struct slab_count *count,
		     const char **reason)
{
	long objects;

	if (shrink(cache)) {
		*reason = "the slab caches cannot be shrunk (root needed)";
		return -1;
	}
	objects = read_objects(cache);
	if (objects < 0) {
		*reason = "the number of slab objects cannot be read (root needed)";
		return -1;
	}
	count->settled = round >= cache->min_rounds && objects == count->objects;
	count->objects = objects;
	return 0;
}

int slab_count(struct slab_cache *caches, size_t n, struct slab_count *counts, const char **reason)
{
	bool all = false;

	for (size_t i = 0; i < n; i++)
		counts[i] = (struct slab_count){ .objects = -1,
						 .slabs = -1,
						 .settled = !caches[i].present };
	for (int round = 1; round <= MOST_ROUNDS && !all; round++) {
		wait_for_rcu();
		all = true;
		for (size_t i = 0; i < n; i++) {
			if (!counts[i].settled && one_round(&caches[i], round, &counts[i], reason))
				return -1;
			all = all && counts[i].settled;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (caches[i].present)
			counts[i].slabs = read_slabs(&caches[i]);
	}
	return 0;
}
