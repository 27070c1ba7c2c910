// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/timeline.h"

#include <pthread.h>
#include <stdatomic.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "alloc.h"
#include "runner/snapshot.h"

enum { MOST = 100000 };

struct timeline {
	pthread_t thread;
	atomic_bool stop;
	int hz;
	size_t caches, count;
	struct snapshot *snapshot;
	const struct slab_cache *names[MAX_CACHES];
	long *objects; /* caches columns, MOST rows */
	double *ms;
	double cpu_seconds, seconds;
};

static double clock_seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void sample(struct timeline *t, double start)
{
	if (snapshot_read(t->snapshot) || t->count == MOST)
		return;
	t->ms[t->count] = (clock_seconds(CLOCK_MONOTONIC) - start) * 1e3;
	for (size_t i = 0; i < t->caches; i++)
		t->objects[t->count * t->caches + i] =
			strtol(snapshot_text(t->snapshot, i), NULL, 10);
	t->count++;
}

static void *sampler(void *arg)
{
	struct timeline *t = arg;
	long period = 1000000000 / t->hz;
	double start = clock_seconds(CLOCK_MONOTONIC);
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	while (!atomic_load(&t->stop)) {
		sample(t, start);
		next.tv_nsec += period;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	sample(t, start);
	t->seconds = clock_seconds(CLOCK_MONOTONIC) - start;
	t->cpu_seconds = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

struct timeline *timeline_start(const struct slab_cache *caches, size_t n, int hz)
{
	static char paths[MAX_CACHES][PATH_MAX];
	const char *list[MAX_CACHES];
	struct timeline *t;

	if (hz <= 0)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->hz = hz;
	for (size_t i = 0; i < n; i++) {
		if (!slab_objects_path(&caches[i], paths[t->caches], PATH_MAX))
			continue;
		list[t->caches] = paths[t->caches];
		t->names[t->caches++] = &caches[i];
	}
	t->snapshot = snapshot_open(list, t->caches, true);
	t->objects = xcalloc(MOST, sizeof(long) * (t->caches ? t->caches : 1));
	t->ms = xcalloc(MOST, sizeof(double));
	if (t->caches && !pthread_create(&t->thread, NULL, sampler, t))
		return t;
	snapshot_close(t->snapshot);
	free(t->objects);
	free(t->ms);
	free(t);
	return NULL;
}

json_t *timeline_stop(struct timeline *t)
{
	json_t *record, *ms, *objects;

	if (!t)
		return NULL;
	atomic_store(&t->stop, true);
	pthread_join(t->thread, NULL);
	record = json_pack("{s:i, s:f}", "hz", t->hz, "cpu_share",
			   t->seconds > 0 ? t->cpu_seconds / t->seconds : 0.0);
	ms = json_array();
	objects = json_object();
	for (size_t k = 0; k < t->count; k++)
		json_array_append_new(ms, json_integer((json_int_t)(t->ms[k] + 0.5)));
	for (size_t i = 0; i < t->caches; i++) {
		json_t *column = json_array();

		for (size_t k = 0; k < t->count; k++)
			json_array_append_new(column, json_integer(t->objects[k * t->caches + i]));
		json_object_set_new(objects, t->names[i]->name, column);
	}
	json_object_set_new(record, "ms", ms);
	json_object_set_new(record, "objects", objects);
	snapshot_close(t->snapshot);
	free(t->objects);
	free(t->ms);
	free(t);
	return record;
}
