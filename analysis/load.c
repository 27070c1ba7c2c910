// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/find.h"
#include "analysis/reader.h"
#include "command.h"

static const char *const kind_names[] = {
	[KIND_LATENCY] = "latency",
	[KIND_THROUGHPUT] = "throughput",
	[KIND_PATH_LENGTH] = "path length",
	[KIND_COUNT] = "count",
};

const char *kind_name(enum kind kind)
{
	return kind_names[kind];
}

static int compare_keys(const struct measurement *a, const struct measurement *b)
{
	int c = strcmp(a->workload, b->workload);

	if (!c)
		c = strcmp(a->params, b->params);
	return c ? c : strcmp(a->metric, b->metric);
}

static int by_key(const void *a, const void *b)
{
	return compare_keys(a, b);
}

static int by_key_and_order(const void *a, const void *b)
{
	const struct measurement *x = a, *y = b;
	int c = compare_keys(x, y);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int slab_by_key(const void *a, const void *b)
{
	const struct slab_count *x = a, *y = b;
	int c = strcmp(x->workload, y->workload);

	if (!c)
		c = strcmp(x->params, y->params);
	if (!c)
		c = strcmp(x->point, y->point);
	return c ? c : strcmp(x->cache, y->cache);
}

static int slab_by_key_and_order(const void *a, const void *b)
{
	const struct slab_count *x = a, *y = b;
	int c = slab_by_key(a, b);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static void measurement_free(struct measurement *m)
{
	for (size_t i = 0; i < m->process_count; i++) {
		free(m->processes[i].value);
		free(m->processes[i].work);
	}
	free(m->processes);
	free(m->workload);
	free(m->params);
	free(m->metric);
	free(m->unit);
}

static void slab_free(struct slab_count *s)
{
	free(s->workload);
	free(s->params);
	free(s->point);
	free(s->cache);
	free(s->inexact_because);
}

/* Until now there is one measurement a process; makes it one with several processes. */
static void join_processes(struct boot *b)
{
	struct measurement *last = NULL;
	size_t kept = 0;

	qsort(b->measurements, b->measurement_count, sizeof(*b->measurements), by_key_and_order);
	for (size_t i = 0; i < b->measurement_count; i++) {
		struct measurement *m = &b->measurements[i];

		if (!last || compare_keys(last, m)) {
			last = &b->measurements[kept++];
			*last = *m;
			continue;
		}
		array_grow(last->processes, last->process_count);
		last->processes[last->process_count++] = m->processes[0];
		m->process_count = 0;
		measurement_free(m);
	}
	b->measurement_count = kept;
}

/* A resumed run may count the same point twice; the later record stands. */
static void keep_last_slabs(struct boot *b)
{
	size_t kept = 0;

	qsort(b->slabs, b->slab_count, sizeof(*b->slabs), slab_by_key_and_order);
	for (size_t i = 0; i < b->slab_count; i++) {
		if (kept && !slab_by_key(&b->slabs[kept - 1], &b->slabs[i]))
			slab_free(&b->slabs[--kept]);
		b->slabs[kept++] = b->slabs[i];
	}
	b->slab_count = kept;
}

struct results *results_load(const char *name, const char *root, char **why, int *status)
{
	struct results *r;
	struct paths paths;

	*why = NULL;
	*status = paths_find(name, root, &paths, why);
	if (*status)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->origin = xstrdup(paths.origin);
	for (size_t i = 0; i < paths.count && !*why; i++)
		*why = record_file_read(r, paths.path[i]);
	paths_free(&paths);
	if (!*why && !r->boot_count) {
		*why = xasprintf(
			"'%s' holds no whole record: its files are empty or were cut off before "
			"their first line ended; run it again",
			r->origin);
	}
	if (*why) {
		*status = STATUS_FAILED;
		results_free(r);
		return NULL;
	}
	for (size_t i = 0; i < r->boot_count; i++) {
		join_processes(&r->boots[i]);
		keep_last_slabs(&r->boots[i]);
	}
	return r;
}

static void boot_free(struct boot *b)
{
	for (size_t i = 0; i < b->measurement_count; i++)
		measurement_free(&b->measurements[i]);
	for (size_t i = 0; i < b->slab_count; i++)
		slab_free(&b->slabs[i]);
	for (size_t i = 0; i < b->timeline_count; i++) {
		free(b->timelines[i].workload);
		free(b->timelines[i].params);
		free(b->timelines[i].cache);
		free(b->timelines[i].ms);
		free(b->timelines[i].objects);
	}
	for (size_t i = 0; i < b->trouble_count; i++) {
		free(b->troubles[i].workload);
		free(b->troubles[i].params);
		free(b->troubles[i].reason);
	}
	free(b->measurements);
	free(b->slabs);
	free(b->timelines);
	free(b->troubles);
	json_decref(b->run);
	free(b->id);
	free(b->machine);
	free(b->how);
	free(b->mode);
	free(b->virtualisation);
	free(b->schedule);
	json_decref(b->log);
	free(b->failure);
	free(b->failed_in);
}

void results_free(struct results *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->boot_count; i++)
		boot_free(&r->boots[i]);
	free(r->boots);
	free(r->label);
	free(r->origin);
	notes_free(&r->notes);
	free(r);
}

size_t results_failed(const struct results *r)
{
	size_t failed = 0;

	for (size_t i = 0; i < r->boot_count; i++)
		failed += r->boots[i].failure != NULL;
	return failed;
}

const char *boot_trouble(const struct boot *b, const char *workload, const char *params)
{
	if (b->failed_in && !strcmp(b->failed_in, workload))
		return b->failure;
	for (size_t i = 0; i < b->trouble_count; i++) {
		const struct trouble *t = &b->troubles[i];

		if (!strcmp(t->workload, workload) && (!t->params || !strcmp(t->params, params)))
			return t->reason;
	}
	return NULL;
}

const struct measurement *boot_measurement(const struct boot *b, const char *workload,
					   const char *params, const char *metric)
{
	struct measurement key = { .workload = (char *)workload,
				   .params = (char *)params,
				   .metric = (char *)metric };

	if (!b->measurement_count || boot_trouble(b, workload, params))
		return NULL;
	return bsearch(&key, b->measurements, b->measurement_count, sizeof(key), by_key);
}

const struct slab_count *boot_slab(const struct boot *b, const char *workload, const char *params,
				   const char *point, const char *cache)
{
	struct slab_count key = { .workload = (char *)workload,
				  .params = (char *)params,
				  .point = (char *)point,
				  .cache = (char *)cache };

	if (!b->slab_count || boot_trouble(b, workload, params))
		return NULL;
	return bsearch(&key, b->slabs, b->slab_count, sizeof(key), slab_by_key);
}
