// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/coverage_measure.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "runner/environment.h"
#include "runner/files.h"

enum {
	COMM = 15,	  /* characters of a task's name: TASK_COMM_LEN - 1 */
	MOST_SAMPLES = 3, /* once is enough to reach a function; probes make calls slow */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

/* ------------------------------------------------------------------- hits */

static long long hits_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

json_t *hits_since(const json_t *before, const json_t *after)
{
	json_t *grown = json_object(), *now, *tasks, *n;
	const char *name, *task;

	json_object_foreach ((json_t *)after, name, now) {
		const json_t *then = json_object_get(before, name);
		long long hits = hits_of(now, "hits") - hits_of(then, "hits");
		const json_t *tasks_then = json_object_get(then, "by");
		json_t *one;

		if (hits <= 0)
			continue;
		one = json_pack("{s:I}", "hits", (json_int_t)hits);
		json_object_set_new(grown, name, one);
		if (!json_object_get(now, "by"))
			continue;
		tasks = json_object();
		json_object_set_new(one, "by", tasks);
		json_object_foreach (json_object_get(now, "by"), task, n) {
			hits = json_integer_value(n) - hits_of(tasks_then, task);
			if (hits > 0)
				json_object_set_new(tasks, task, json_integer(hits));
		}
	}
	return grown;
}

char *task_kind(const char *task)
{
	char *kind = xstrdup(task);
	size_t n;

	kind[strcspn(kind, "/")] = '\0';
	n = strlen(kind);
	while (n > 1 && (isdigit((unsigned char)kind[n - 1]) || kind[n - 1] == '.'))
		kind[--n] = '\0';
	return kind;
}

/* The name under which a task's calls are told; NULL: they are not the workload's doing. */
static char *told_as(const char *task, const char *own, const json_t *strangers)
{
	if (!strcmp(task, own))
		return xstrdup("self");
	return json_object_get(strangers, task) ? NULL : task_kind(task);
}

static json_t *by_kind(const json_t *tasks, const char *own, const json_t *strangers)
{
	json_t *kinds = json_object(), *n;
	const char *task;

	json_object_foreach ((json_t *)tasks, task, n) {
		char *kind = told_as(task, own, strangers);

		if (kind)
			json_object_set_new(
				kinds, kind,
				json_integer(hits_of(kinds, kind) + json_integer_value(n)));
		free(kind);
	}
	return kinds;
}

/* Takes the control's calls out of `kinds`; returns what is left. */
static long long subtract(json_t *kinds, const json_t *control)
{
	long long net = 0;
	const char *kind;
	json_t *n;
	void *next;

	json_object_foreach_safe(kinds, next, kind, n)
	{
		long long left = json_integer_value(n) - hits_of(control, kind);

		if (left > 0)
			json_integer_set(n, left);
		else
			json_object_del(kinds, kind);
		net += left > 0 ? left : 0;
	}
	return net;
}

/*
 * Where nobody knows who called: two still times differ, too (by up to a fifth, and five calls,
 * where it was tried), so less than half as much again, and less than eight calls more, is nobody's
 * merit. A few true calls are lost so; none is invented.
 */
static long long beyond_noise(long long hits, long long control)
{
	long long margin = control / 2 > 8 ? control / 2 : 8;

	return control && hits - control < margin ? 0 : hits - control;
}

json_t *hits_attributed(const json_t *hits, const json_t *control, const char *self,
			const char *idle, const json_t *strangers)
{
	json_t *all = json_object(), *one;
	const char *name;

	json_object_foreach ((json_t *)hits, name, one) {
		const json_t *quiet = json_object_get(control, name);
		const json_t *tasks = json_object_get(one, "by");
		long long total = hits_of(one, "hits"), calm = hits_of(quiet, "hits");
		long long net = beyond_noise(total, calm);
		json_t *row = json_pack("{s:I, s:I}", "hits", (json_int_t)total, "control",
					(json_int_t)calm);

		if (tasks) {
			json_t *kinds = by_kind(tasks, self, strangers);
			json_t *calm_kinds = by_kind(json_object_get(quiet, "by"), idle, strangers);

			net = subtract(kinds, calm_kinds);
			json_object_set_new(row, "by", kinds);
			json_decref(calm_kinds);
		}
		json_object_set_new(row, "net", json_integer(net));
		json_object_set_new(all, name, row);
	}
	return all;
}

/* ------------------------------------------------------------------ tasks */

/* The name that the kernel gives a task that runs the program. */
static void comm_of(const struct descriptor *workload, char comm[COMM + 1])
{
	const char *slash = strrchr(workload->program, '/');

	snprintf(comm, COMM + 1, "%s", slash ? slash + 1 : workload->program);
}

/* Names of the user's tasks that live now; kernel threads have no command line. */
static json_t *living_tasks(void)
{
	json_t *names = json_object();
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc && (e = readdir(proc))) {
		char cmdline[8], comm[64];

		if (!isdigit((unsigned char)*e->d_name) ||
		    read_textf(cmdline, sizeof(cmdline), "/proc/%s/cmdline", e->d_name) <= 0 ||
		    read_textf(comm, sizeof(comm), "/proc/%s/comm", e->d_name) <= 0)
			continue;
		json_object_set_new(names, comm, json_true());
	}
	if (proc)
		closedir(proc);
	return names;
}

/* --------------------------------------------------------------- processes */

static struct spawn_request request_for(const struct coverage_run *run,
					const struct plan_item *item)
{
	return (struct spawn_request){
		.workload = item->workload,
		.params = item->params,
		.pass = "time",
		.samples = item->samples < MOST_SAMPLES ? item->samples : MOST_SAMPLES,
		.seed = run->plan->seed,
		.fixed_layout = run->plan->fixed_layout,
		.allow_dangerous = run->allow_dangerous,
		.max_bytes = environment_available_bytes() / 100 * run->plan->memory_percent,
		.max_processes = run->plan->processes_limit,
		.seconds = item->seconds,
	};
}

static void wait_ns(uint64_t ns)
{
	struct timespec t = { .tv_sec = ns / 1000000000u, .tv_nsec = ns % 1000000000u };

	while (!spawn_interrupted() && nanosleep(&t, &t))
		;
}

/* null stands at its one hold point for as long as the workload ran. */
static void stand_still(void *arg, const char *point, const json_t *model)
{
	(void)model;
	if (!strcmp(point, "populated"))
		wait_ns(*(uint64_t *)arg);
}

/* The calls of a system in which nothing is measured for `ns`. */
static json_t *control_hits(const struct coverage_run *run, uint64_t ns)
{
	json_t *before = probes_read(run->probes), *after, *hits;
	struct spawn_result result;
	struct spawn_request request;

	if (run->idle) {
		json_t *params = json_object();
		struct plan_item item = { .workload = run->idle,
					  .params = params,
					  .samples = 1,
					  .seconds = ns / 1e9 + 60 };

		request = request_for(run, &item);
		request.pass = "count";
		request.hold = stand_still;
		request.hold_arg = &ns;
		spawn(&request, &result);
		spawn_free(&result);
		json_decref(params);
	} else {
		wait_ns(ns);
	}
	after = probes_read(run->probes);
	hits = hits_since(before, after);
	json_decref(before);
	json_decref(after);
	return hits;
}

/* What the workload itself could judge and found missing; NULL: nothing. To be freed. */
static char *failed_evidence(const struct spawn_result *result)
{
	json_t *e;
	size_t i;

	json_array_foreach (result->evidence, i, e) {
		const char *counter = json_string_value(json_object_get(e, "counter"));

		if (!strncmp(counter, "slab:", 5) || json_is_true(json_object_get(e, "held")))
			continue;
		return xasprintf("no evidence that its kernel path ran: %s grew by %lld, wanted %s "
				 "%lld",
				 counter, hits_of(e, "seen"),
				 json_string_value(json_object_get(e, "relation")),
				 hits_of(e, "wanted"));
	}
	return NULL;
}

static json_t *not_measured(const struct spawn_result *result, char *failed, const char **type)
{
	if (result->outcome == OUTCOME_SKIP) {
		*type = "skip";
		return json_pack("{s:s, s:o}", "reason", result->reason, "need",
				 result->need ? json_string(result->need) : json_null());
	}
	*type = "invalid";
	return json_pack("{s:i, s:s, s:s, s:b}", "process", 0, "pass", "coverage", "reason",
			 failed ? failed : result->reason, "corrupted", result->corrupted);
}

static json_t *measured(const struct coverage_run *run, const struct plan_item *item,
			const json_t *hits, const json_t *strangers, uint64_t elapsed)
{
	char self[COMM + 1], idle[COMM + 1] = "";
	json_t *control = control_hits(run, elapsed);
	json_t *fields;

	comm_of(item->workload, self);
	if (run->idle)
		comm_of(run->idle, idle);
	fields = json_pack("{s:s, s:b, s:I, s:o}", "method", probes_method(run->probes),
			   "attributed", probes_attribute(run->probes), "elapsed_ns",
			   (json_int_t)elapsed, "functions",
			   hits_attributed(hits, control, self, idle, strangers));
	json_decref(control);
	return fields;
}

json_t *coverage_measure(const struct coverage_run *run, const struct plan_item *item,
			 const char **type)
{
	struct spawn_request request = request_for(run, item);
	json_t *strangers = living_tasks(), *before = probes_read(run->probes);
	json_t *fields = NULL, *after, *hits;
	uint64_t begun = now_ns(), elapsed;
	struct spawn_result result;
	char *failed;

	spawn(&request, &result);
	elapsed = now_ns() - begun;
	after = probes_read(run->probes);
	hits = hits_since(before, after);
	failed = result.outcome == OUTCOME_DONE ? failed_evidence(&result) : NULL;
	*type = "coverage";
	if (result.outcome == OUTCOME_DONE && !failed)
		fields = measured(run, item, hits, strangers, elapsed);
	else if (result.outcome != OUTCOME_INTERRUPTED)
		fields = not_measured(&result, failed, type);
	free(failed);
	json_decref(hits);
	json_decref(after);
	json_decref(before);
	json_decref(strangers);
	spawn_free(&result);
	return fields;
}
