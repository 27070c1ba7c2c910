/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many objects of a slab cache are live, to the object?
 *
 * SLUB's own figures count free objects that sit on per-CPU slabs, per-CPU partial lists and (6.18
 * and later) sheaves as live. Shrinking the cache flushes them; what is left after two shrinks that
 * agree is exact. docs/method.md tells what was measured.
 */
#ifndef RMAPBENCH_SLAB_H
#define RMAPBENCH_SLAB_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_CACHES = 16 };

struct slab_cache {
	char name[64];
	char *aliases;	/* other names of a merged cache, separated by blanks; NULL if not merged */
	bool sysfs;	/* false: /proc/slabinfo has to do */
	bool present;	/* false: neither shows it */
	int min_rounds; /* shrinks before two equal readings are believed */
	long object_size; /* bytes, without what SLUB adds */
	long slab_size;	  /* bytes of a slot */
	long bytes_a_slab;
};

struct slab_count {
	long objects;
	long slabs;
	bool settled; /* two readings agreed */
};

/* Finds out what kind of cache it is. Needs no root. */
void slab_open(struct slab_cache *cache, const char *name);
void slab_close(struct slab_cache *cache);

/* Why a count of this cache cannot be exact whatever happens, or NULL. A string of
 * docs/record-format.md. */
const char *slab_inexact(const struct slab_cache *cache);

/*
 * Counts `n` caches: waits for RCU, shrinks and reads each until two readings agree, up to a cap;
 * past it `settled` is false. Touches no new memory. Returns 0, or -1 with a reason when a cache
 * cannot be shrunk or read. Disturbs timing: never call it while something is timed.
 */
int slab_count(struct slab_cache *caches, size_t n, struct slab_count *counts, const char **reason);

/* Path of the file with the raw number of objects, for time lines; false without sysfs. */
bool slab_objects_path(const struct slab_cache *cache, char *path, size_t size);

#endif
