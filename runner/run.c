// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench run: measures the running kernel as a plan says.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "command.h"
#include "error.h"
#include "runner/catalogue.h"
#include "runner/count.h"
#include "runner/environment.h"
#include "runner/files.h"
#include "runner/kernel_log.h"
#include "runner/ktap.h"
#include "runner/plan.h"
#include "runner/progress.h"
#include "runner/record.h"
#include "runner/resume.h"
#include "runner/settings.h"
#include "runner/slab.h"
#include "runner/spawn.h"
#include "runner/summary.h"
#include "runner/timeline.h"
#include "runner/topology.h"
#include "version.h"

enum { MOST_WORDS = 256 };

struct options {
	const char *config, *label, *out, *boot_id, *mode, *clock, *block;
	const char *only[MOST_WORDS], *sets[MOST_WORDS];
	size_t only_count, set_count;
	bool resume, dry_run, allow_dangerous, ktap;
};

struct session {
	struct options options;
	struct catalogue catalogue;
	struct plan plan;
	struct resume resume;
	struct record_file *file;
	struct slab_cache caches[MAX_CACHES];
	char boot_id[128];
	bool icount;
	bool write_failed;
	bool said_no_count;
	double started;
};

/* What became of one workload with its parameters. */
enum item_outcome { ITEM_OK, ITEM_SKIP, ITEM_INVALID, ITEM_STOP };

static const struct command run_command;

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* ---------------------------------------------------------------- records */

static void write_record(struct session *s, const char *type, json_t *record)
{
	/* After one that is missing, a later one would commit what is not there. */
	if (s->write_failed) {
		json_decref(record);
		return;
	}
	summary_see(type, record);
	if (record_write(s->file, type, record))
		s->write_failed = true;
}

/* Takes `fields`; adds workload and params, in front. */
static void write_of_item(struct session *s, const struct plan_item *item, const char *type,
			  json_t *fields)
{
	json_t *record =
		json_pack("{s:s, s:O}", "workload", item->workload->name, "params", item->params);

	json_object_update(record, fields);
	json_decref(fields);
	write_record(s, type, record);
}

static json_t *block_json(const char *text)
{
	char schedule[128];
	long index, position;
	int end = 0;

	if (!text || sscanf(text, "%127[^:]:%ld:%ld%n", schedule, &index, &position, &end) != 3 ||
	    text[end] || index < 0 || position < 0)
		return json_null();
	return json_pack("{s:s, s:I, s:I}", "schedule", schedule, "index", (json_int_t)index,
			 "position", (json_int_t)position);
}

static void write_run(struct session *s)
{
	json_t *record = json_pack("{s:i, s:s, s:s, s:s, s:o}", "schema", SCHEMA, "tool",
				   "rmapbench " VERSION, "label", s->options.label, "boot_id",
				   s->boot_id, "block", block_json(s->options.block));
	json_t *host = environment();
	time_t now = time(NULL);
	struct tm utc;
	char start[32];

	gmtime_r(&now, &utc);
	strftime(start, sizeof(start), "%Y-%m-%dT%H:%M:%SZ", &utc);
	json_object_update(record, host);
	json_decref(host);
	/* The workloads' own layout, which the system's setting does not tell. */
	json_object_set_new(json_object_get(record, "settings"), "workload_aslr",
			    json_string(s->plan.fixed_layout ? "0" : "system"));
	json_object_update_new(record, json_pack("{s:s, s:s, s:I, s:s, s:{s:s, s:s}, s:O, s:{s:I}}",
						 "clock", s->options.clock, "mode", s->options.mode,
						 "seed", (json_int_t)s->plan.seed, "start", start,
						 "config", "file", s->plan.file, "hash",
						 s->plan.hash, "primary", s->plan.primary, "plan",
						 "runs", (json_int_t)plan_runs(&s->plan)));
	if (s->resume.file)
		json_object_set_new(record, "resumes", json_string(s->resume.file));
	write_record(s, "run", record);
}

/* -------------------------------------------------------------- a process */

static void settle(const struct session *s)
{
	sync();
	if (s->plan.drop_caches && write_text("/proc/sys/vm/drop_caches", "3"))
		warning("/proc/sys/vm/drop_caches: %s", strerror(errno));
	if (s->plan.compact_memory && write_text("/proc/sys/vm/compact_memory", "1"))
		warning("/proc/sys/vm/compact_memory: %s", strerror(errno));
}

static struct spawn_request request_for(const struct session *s, const struct plan_item *item,
					const char *pass, long process)
{
	return (struct spawn_request){
		.workload = item->workload,
		.params = item->params,
		.pass = pass,
		.samples = item->samples,
		/* Processes of one boot differ, the same process of two kernels does not. */
		.seed = s->plan.seed + process,
		.icount = s->icount,
		.fixed_layout = s->plan.fixed_layout,
		.allow_dangerous = s->options.allow_dangerous,
		.max_bytes = environment_available_bytes() / 100 * s->plan.memory_percent,
		.max_processes = s->plan.processes_limit,
		.seconds = item->seconds,
	};
}

static void write_process(struct session *s, const struct plan_item *item, const char *pass,
			  long process, const struct spawn_result *result, long pressure,
			  json_t *buddyinfo)
{
	json_t *fields = json_pack("{s:I, s:s, s:s}", "process", (json_int_t)process, "pass", pass,
				   "cpus", result->cpus);

	json_object_update(fields, result->done);
	if (json_array_size(result->notes))
		json_object_set(fields, "notes", result->notes);
	json_object_set_new(fields, "pressure_cpu_us",
			    pressure < 0 ? json_null() : json_integer(pressure));
	if (buddyinfo)
		json_object_set_new(fields, "buddyinfo", buddyinfo);
	write_of_item(s, item, "process", fields);
}

static void write_evidence(struct session *s, const struct plan_item *item, long process,
			   json_t *evidence)
{
	json_t *copy = json_copy(evidence);

	json_object_set_new(copy, "process", json_integer(process));
	json_object_del(copy, "idle");
	if (strncmp(json_string_value(json_object_get(copy, "counter")), "slab:", 5)) {
		json_object_del(copy, "from");
		json_object_del(copy, "to");
	}
	write_of_item(s, item, "evidence", copy);
}

static void write_invalid(struct session *s, const struct plan_item *item, const char *pass,
			  long process, const char *reason, bool corrupted)
{
	char *title = plan_item_title(item);

	progress_end();
	error("%s: invalid: %s", title, reason);
	free(title);
	write_of_item(s, item, "invalid",
		      json_pack("{s:I, s:s, s:s, s:b}", "process", (json_int_t)process, "pass",
				pass, "reason", reason, "corrupted", corrupted));
}

/* Is there a verdict for all that the workload declares? One that is silent proves nothing. */
static bool evidence_complete(const struct plan_item *item, const struct spawn_result *result,
			      bool counting)
{
	json_t *declared = json_object_get(item->workload->json, "evidence"), *e;
	size_t wanted = 0, i;

	json_array_foreach (declared, i, e) {
		const char *counter = json_string_value(json_object_get(e, "counter"));

		wanted += counting || strncmp(counter, "slab:", 5);
	}
	return json_array_size(result->evidence) == wanted;
}

static char *describe_failed(const json_t *e)
{
	return xasprintf(
		"no evidence that its kernel path ran: %s grew by %lld, wanted %s %lld (%s)",
		json_string_value(json_object_get(e, "counter")),
		(long long)json_integer_value(json_object_get(e, "seen")),
		json_string_value(json_object_get(e, "relation")),
		(long long)json_integer_value(json_object_get(e, "wanted")),
		json_string_value(json_object_get(e, "why")));
}

/*
 * Writes all evidence of a process. Returns false, after an `invalid` record, if one piece failed
 * or is missing. `counting` judges what only the runner can see; NULL outside the counting pass.
 */
static bool judge_evidence(struct session *s, const struct plan_item *item, const char *pass,
			   long process, struct spawn_result *result,
			   const struct counting *counting)
{
	char *failed = NULL;
	json_t *e;
	size_t i;

	if (!evidence_complete(item, result, counting != NULL))
		failed = xstrdup("it did not report all of its evidence");
	json_array_foreach (result->evidence, i, e) {
		const char *counter = json_string_value(json_object_get(e, "counter"));

		if (counting && !strncmp(counter, "slab:", 5)) {
			if (counting->failed)
				continue; /* not counted here: neither proof nor disproof */
			counting_judge(counting, e);
		}
		write_evidence(s, item, process, e);
		if (!failed && !json_is_true(json_object_get(e, "held")) &&
		    !json_is_true(json_object_get(e, "undecided")))
			failed = describe_failed(e);
	}
	if (failed)
		write_invalid(s, item, pass, process, failed, false);
	free(failed);
	return !failed;
}

/* Turns what is not "done" into records. Returns ITEM_OK if the process is to be used. */
static enum item_outcome use_process(struct session *s, const struct plan_item *item,
				     const char *pass, long process,
				     const struct spawn_result *result)
{
	switch (result->outcome) {
	case OUTCOME_DONE:
		return ITEM_OK;
	case OUTCOME_INTERRUPTED:
		return ITEM_STOP;
	case OUTCOME_SKIP:
		write_of_item(
			s, item, "skip",
			json_pack("{s:s, s:s?}", "reason", result->reason, "need", result->need));
		return ITEM_SKIP;
	case OUTCOME_INVALID:
		break;
	}
	write_invalid(s, item, pass, process, result->reason, result->corrupted);
	return ITEM_INVALID;
}

/* ---------------------------------------------------------------- samples */

/* Under icount the clock counts instructions, and no metric may be called a time. */
static void metric_names(const struct session *s, const json_t *metric, char *unit, size_t size,
			 const char **kind, const char **better)
{
	const char *declared = json_string_value(json_object_get(metric, "unit"));

	*kind = json_string_value(json_object_get(metric, "kind"));
	*better = json_string_value(json_object_get(metric, "better"));
	snprintf(unit, size, "%s", declared);
	if (!s->icount || !strcmp(*kind, "count"))
		return;
	*better = "lower";
	if (strcmp(*kind, "throughput")) {
		snprintf(unit, size, "instructions");
	} else {
		/* "pages/s": of one page; "processes/s": of one process. */
		int plural = strcspn(declared, "/");
		bool es = plural > 4 && !strncmp(declared + plural - 4, "sses", 4);

		snprintf(unit, size, "instructions/%.*s", plural - 1 - es, declared);
	}
	*kind = "path length";
}

static void write_metric(struct session *s, const struct plan_item *item, long process,
			 const json_t *metric, const struct sample *samples, uint64_t n)
{
	json_t *values = json_array(), *work = json_array();
	bool rate = !strcmp(json_string_value(json_object_get(metric, "kind")), "throughput");
	const char *kind, *better;
	json_t *fields;
	char unit[64];

	for (uint64_t i = 0; i < n; i++) {
		json_array_append_new(values, json_integer(samples[i].value));
		if (rate)
			json_array_append_new(work, json_integer(samples[i].work));
	}
	metric_names(s, metric, unit, sizeof(unit), &kind, &better);
	fields = json_pack("{s:I, s:O, s:s, s:s, s:s, s:o}", "process", (json_int_t)process,
			   "metric", json_object_get(metric, "name"), "unit", unit, "kind", kind,
			   "better", better, "values", values);
	if (rate)
		json_object_set(fields, "work", work);
	json_decref(work);
	write_of_item(s, item, "samples", fields);
}

/* Returns false if a process that was meant to measure has no sample at all. */
static bool write_samples(struct session *s, const struct plan_item *item, long process,
			  const struct sample_area *area)
{
	json_t *metrics = json_object_get(item->workload->json, "metrics"), *metric;
	bool any = !json_array_size(metrics);
	size_t m;

	json_array_foreach (metrics, m, metric) {
		uint64_t n = area->used[m] < area->capacity ? area->used[m] : area->capacity;

		if (!n)
			continue;
		any = true;
		if (s->icount && json_is_true(json_object_get(metric, "timed_only")))
			continue;
		write_metric(s, item, process, metric, area->samples + m * area->capacity, n);
	}
	return any;
}

/* ----------------------------------------------------------------- passes */

static enum item_outcome warm_up(struct session *s, const struct plan_item *item)
{
	struct spawn_request request = request_for(s, item, "time", 0);
	long pressure = environment_cpu_pressure_us();
	struct spawn_result result;
	struct timeline *timeline;
	enum item_outcome outcome;
	json_t *record;

	timeline = timeline_start(s->caches, s->plan.cache_count, s->plan.timeline_hz);
	spawn(&request, &result);
	record = timeline_stop(timeline);
	outcome = use_process(s, item, "warmup", 0, &result);
	/* A workload that proves nothing even once need not be run on. */
	if (outcome == ITEM_OK && !judge_evidence(s, item, "warmup", 0, &result, NULL))
		outcome = ITEM_INVALID;
	if (outcome == ITEM_OK && record) {
		json_object_set_new(record, "process", json_integer(0));
		write_of_item(s, item, "timeline", json_incref(record));
	}
	if (outcome == ITEM_OK)
		write_process(s, item, "warmup", 0, &result,
			      pressure < 0 ? -1 : environment_cpu_pressure_us() - pressure, NULL);
	json_decref(record);
	spawn_free(&result);
	return outcome;
}

/*
 * Strangers that start or end between two hold points can make even repeats agree on nonsense, so
 * evidence that seems to fail is looked at again; one that really fails does so every time.
 */
static bool counted_enough(const struct counting *counting, const struct spawn_result *last)
{
	json_t *e;
	size_t i;

	if (counting_goes_on(counting))
		return false;
	json_array_foreach (last->evidence, i, e) {
		json_t *copy = json_copy(e);
		bool slab = !strncmp(json_string_value(json_object_get(e, "counter")), "slab:", 5);
		bool failed = slab && !counting_judge(counting, copy);

		json_decref(copy);
		if (failed && counting_may_go_on(counting))
			return false;
	}
	return true;
}

/* Judges and writes what all repeats gave; `last` is the result of the last one. */
static enum item_outcome end_count(struct session *s, const struct plan_item *item,
				   struct counting *counting, struct spawn_result *last)
{
	json_t *records, *record;
	size_t i;

	counting->ended = true;

	if (!judge_evidence(s, item, "count", 0, last, counting))
		return ITEM_INVALID;
	records = counting_records(counting);
	json_array_foreach (records, i, record)
		write_of_item(s, item, "slab", json_incref(record));
	json_decref(records);
	/* One record commits the whole pass. */
	write_process(s, item, "count", 0, last, -1, NULL);
	return ITEM_OK;
}

/* One counting or control process; leaves its counts in `counting`. */
static enum item_outcome count_once(struct session *s, const struct plan_item *item,
				    struct counting *counting, bool control)
{
	const char *pass = control ? "control" : "count";
	long process = control ? counting->controls : counting->repeats;
	struct spawn_request request = request_for(s, item, pass, 0);
	struct spawn_result result;
	enum item_outcome outcome;

	request.hold = counting_hold;
	request.hold_arg = counting;
	counting->in_control = control;
	spawn(&request, &result);
	outcome = use_process(s, item, pass, process, &result);
	if (control)
		counting->controls++;
	else
		counting->repeats++;
	if (outcome == ITEM_OK && !control && counted_enough(counting, &result))
		outcome = end_count(s, item, counting, &result);
	spawn_free(&result);
	return outcome;
}

static enum item_outcome count(struct session *s, const struct plan_item *item)
{
	struct counting *counting;
	enum item_outcome outcome = ITEM_OK;

	if (!item->count_repeats)
		return ITEM_OK;
	counting = counting_new(s->caches, s->plan.cache_count, item->count_repeats);
	for (long i = 0; i < s->plan.count_control && outcome == ITEM_OK && !counting->failed; i++)
		outcome = count_once(s, item, counting, true);
	while (outcome == ITEM_OK && !counting->ended)
		outcome = count_once(s, item, counting, false);
	if (counting->failed && !s->said_no_count) {
		progress_end();
		warning("slab objects are not counted: %s", counting->failed);
		s->said_no_count = true;
	}
	counting_free(counting);
	return outcome;
}

static enum item_outcome time_once(struct session *s, const struct plan_item *item, long process)
{
	struct spawn_request request = request_for(s, item, "time", process);
	long pressure = environment_cpu_pressure_us();
	json_t *buddyinfo = environment_buddyinfo();
	struct spawn_result result;
	enum item_outcome outcome;

	settle(s);
	spawn(&request, &result);
	outcome = use_process(s, item, "time", process, &result);
	if (outcome == ITEM_OK && !judge_evidence(s, item, "time", process, &result, NULL))
		outcome = ITEM_INVALID;
	if (outcome == ITEM_OK && !write_samples(s, item, process, result.area)) {
		write_invalid(s, item, "time", process, "it took no sample", false);
		outcome = ITEM_INVALID;
	}
	if (outcome == ITEM_OK)
		write_process(s, item, "time", process, &result,
			      pressure < 0 ? -1 : environment_cpu_pressure_us() - pressure,
			      json_incref(buddyinfo));
	json_decref(buddyinfo);
	spawn_free(&result);
	return outcome;
}

/* ------------------------------------------------------------------- item */

static bool done_before(const struct session *s, const struct plan_item *item, const char *pass,
			long process)
{
	return resume_has(&s->resume, item->workload->name, item->params, pass, process);
}

static bool all_done_before(const struct session *s, const struct plan_item *item)
{
	if (item->count_repeats && !done_before(s, item, "count", 0))
		return false;
	for (long p = 0; p < item->processes; p++) {
		if (!done_before(s, item, "time", p))
			return false;
	}
	return true;
}

static enum item_outcome run_passes(struct session *s, const struct plan_item *item,
				    const char *title, long before)
{
	enum item_outcome outcome;

	progress_process(title, "warm-up");
	outcome = warm_up(s, item);
	if (outcome == ITEM_OK && !done_before(s, item, "count", 0)) {
		progress_reached(before + 1);
		progress_process(title, "counting objects");
		outcome = count(s, item);
	}
	for (long p = 0; p < item->processes && outcome == ITEM_OK && !s->write_failed; p++) {
		if (done_before(s, item, "time", p))
			continue;
		progress_reached(before + plan_item_runs(&s->plan, item) - item->processes + p);
		progress_process(title, "timing");
		outcome = time_once(s, item, p);
	}
	return s->write_failed ? ITEM_STOP : outcome;
}

static enum item_outcome check_kernel_log(struct session *s, const struct plan_item *item,
					  enum item_outcome outcome)
{
	json_t *lines = kernel_log_complaints();

	if (!lines)
		return outcome;
	write_invalid(s, item, "time", 0, json_string_value(json_array_get(lines, 0)), false);
	write_of_item(s, item, "kernel_log", json_pack("{s:o}", "lines", lines));
	return outcome == ITEM_STOP ? outcome : ITEM_INVALID;
}

static enum item_outcome run_item(struct session *s, const struct plan_item *item, long before)
{
	static const char *const words[] = { "ok", "skip", "INVALID", "interrupted" };
	char *title = plan_item_title(item);
	enum item_outcome outcome;

	if (all_done_before(s, item)) {
		progress_reached(before + plan_item_runs(&s->plan, item));
		progress_item(title, "done before");
		free(title);
		return ITEM_OK;
	}
	kernel_log_mark();
	outcome = run_passes(s, item, title, before);
	outcome = check_kernel_log(s, item, outcome);
	progress_reached(before + plan_item_runs(&s->plan, item));
	progress_item(title, words[outcome]);
	free(title);
	return outcome;
}

/* ---------------------------------------------------------------- command */

static int dry_run(const struct session *s)
{
	for (size_t i = 0; i < s->plan.count; i++) {
		char *title = plan_item_title(&s->plan.items[i]);

		printf("%s samples=%ld: 1 warm-up, %ld counting, %ld timed\n", title,
		       s->plan.items[i].samples,
		       plan_item_runs(&s->plan, &s->plan.items[i]) - 1 - s->plan.items[i].processes,
		       s->plan.items[i].processes);
		free(title);
	}
	printf("%ld processes in all\n", plan_runs(&s->plan));
	return STATUS_DONE;
}

static void say_what_next(const struct session *s)
{
	/* A label is enough where compare looks by itself. */
	char *result = strcmp(s->options.out, "results")
			       ? xasprintf("%s/%s", s->options.out, s->options.label)
			       : xstrdup(s->options.label);

	printf("\nrecords: %s\nnext:    rmapbench plot %s          pictures of this result\n"
	       "         rmapbench compare %s OTHER  after a run on another kernel, with its "
	       "--label\n",
	       record_path(s->file), result, result);
	free(result);
}

static int finish(struct session *s, bool stopped)
{
	int status = summary_invalid() || s->write_failed ? STATUS_FAILED : STATUS_DONE;

	progress_end();
	if (s->options.ktap)
		ktap_finish(record_path(s->file));
	if (s->write_failed)
		return STATUS_FAILED;
	if (stopped) {
		error("interrupted; what was recorded is whole. Go on with the same command and "
		      "--resume");
		return STATUS_FAILED;
	}
	if (!s->options.ktap)
		summary_print(stdout);
	write_record(s, "end",
		     json_pack("{s:i, s:I, s:I, s:I, s:I}", "status", status, "runs",
			       (json_int_t)plan_runs(&s->plan), "skipped",
			       (json_int_t)summary_skipped(), "invalid",
			       (json_int_t)summary_invalid(), "elapsed_ns",
			       (json_int_t)((now_seconds() - s->started) * 1e9)));
	if (!s->options.ktap)
		say_what_next(s);
	if (summary_invalid())
		error("%ld workload%s invalid: see above", summary_invalid(),
		      summary_invalid() == 1 ? " is" : "s are");
	return s->write_failed ? STATUS_FAILED : status;
}

static int run_plan(struct session *s)
{
	static const enum ktap_result results[] = {
		[ITEM_OK] = KTAP_OK, [ITEM_SKIP] = KTAP_SKIP, [ITEM_INVALID] = KTAP_FAILED
	};
	bool stopped = false;
	long before = 0;

	s->started = now_seconds();
	write_run(s);
	progress_start(plan_runs(&s->plan));
	if (s->options.ktap)
		ktap_start(&s->plan);
	for (size_t i = 0; i < s->plan.count && !stopped && !s->write_failed; i++) {
		const struct plan_item *item = &s->plan.items[i];
		enum item_outcome outcome = run_item(s, item, before);

		if (s->options.ktap && outcome != ITEM_STOP)
			ktap_item(results[outcome]);
		stopped = outcome == ITEM_STOP || spawn_interrupted();
		before += plan_item_runs(&s->plan, item);
	}
	return finish(s, stopped);
}

static int prepare_and_run(struct session *s)
{
	int status = STATUS_FAILED;

	spawn_signals();
	topology_read();
	if (settings_apply(s->plan.settings)) {
		error("no process can be started to put settings back: %s; nothing was changed",
		      strerror(errno));
		return STATUS_FAILED;
	}
	for (size_t i = 0; i < s->plan.cache_count; i++) {
		slab_open(&s->caches[i], s->plan.caches[i]);
		if (!s->caches[i].present)
			warning("this kernel shows no slab cache '%s'%s; it is left out",
				s->plan.caches[i], geteuid() ? " (root needed)" : "");
	}
	s->file = record_create(s->options.out, s->options.label, s->boot_id);
	if (s->file)
		status = run_plan(s);
	record_close(s->file);
	for (size_t i = 0; i < s->plan.cache_count; i++)
		slab_close(&s->caches[i]);
	settings_restore();
	return status;
}

/* A label is a folder's name. Returns 0, or -1 after a message. */
static int check_label(const char *label)
{
	if (*label && label[0] != '.' && !strchr(label, '/') && strlen(label) < 100)
		return 0;
	error("--label '%s': a label is the name of a folder: no slash, no dot at its start, 1 to "
	      "99 "
	      "characters",
	      label);
	return -1;
}

static int check_words(const struct options *o)
{
	static const char *const modes[] = { "host", "exact", "layout", "time" };
	bool bad = true;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		bad = bad && strcmp(o->mode, modes[i]);
	if (bad)
		error("--mode %s: allowed are host, exact, layout, time", o->mode);
	if (strcmp(o->clock, "host") && strcmp(o->clock, "icount")) {
		error("--clock %s: allowed are host, icount", o->clock);
		bad = true;
	}
	if (o->block && json_is_null(block_json(o->block))) {
		error("--block %s: it takes SCHEDULE:INDEX:POSITION", o->block);
		bad = true;
	}
	if (o->boot_id && (strchr(o->boot_id, '/') || o->boot_id[0] == '.' || !*o->boot_id)) {
		error("--boot-id '%s': it is the name of a folder: no slash, no dot at its start",
		      o->boot_id);
		bad = true;
	}
	return bad ? -1 : 0;
}

static int append_word(const char **list, size_t *count, const char *word)
{
	if (*count == MOST_WORDS) {
		error("more than %d of one option", MOST_WORDS);
		return -1;
	}
	list[(*count)++] = word;
	return 0;
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", 1, 0, 'c' },  { "only", 1, 0, 'o' },
		{ "label", 1, 0, 'l' },	  { "out", 1, 0, 'd' },
		{ "set", 1, 0, 's' },	  { "resume", 0, 0, 'r' },
		{ "dry-run", 0, 0, 'n' }, { "block", 1, 0, 'b' },
		{ "boot-id", 1, 0, 'i' }, { "mode", 1, 0, 'm' },
		{ "clock", 1, 0, 'k' },	  { "allow-dangerous", 0, 0, 'D' },
		{ "ktap", 0, 0, 't' },	  { 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'l':
			o->label = optarg;
			break;
		case 'd':
			o->out = optarg;
			break;
		case 'r':
			o->resume = true;
			break;
		case 'n':
			o->dry_run = true;
			break;
		case 'b':
			o->block = optarg;
			break;
		case 'i':
			o->boot_id = optarg;
			break;
		case 'm':
			o->mode = optarg;
			break;
		case 'k':
			o->clock = optarg;
			break;
		case 'D':
			o->allow_dangerous = true;
			break;
		case 't':
			o->ktap = true;
			break;
		case 'o':
			if (append_word(o->only, &o->only_count, optarg))
				return -1;
			break;
		case 's':
			if (append_word(o->sets, &o->set_count, optarg))
				return -1;
			break;
		default:
			return -1;
		}
	}
	if (optind < argc) {
		error("run: '%s' is one argument too many; options start with --", argv[optind]);
		return -1;
	}
	return check_label(o->label) || check_words(o) ? -1 : 0;
}

/* Without a label the kernel names itself. */
static const char *default_label(void)
{
	static char release[100];

	read_text("/proc/sys/kernel/osrelease", release, sizeof(release));
	return *release ? release : "unknown";
}

static const char *default_config(void)
{
	return access("configs/default.ini", R_OK) ? RMAPBENCH_CONFIGS "/default.ini"
						   : "configs/default.ini";
}

static int read_resume(struct session *s)
{
	if (!s->options.resume)
		return 0;
	return resume_read(&s->resume, s->options.out, s->options.label, s->boot_id, s->plan.hash);
}

static int run_main(int argc, char **argv)
{
	struct session s = { .options = { .config = default_config(),
					  .label = default_label(),
					  .out = "results",
					  .mode = "host",
					  .clock = "host" } };
	int status = STATUS_USAGE;

	if (parse(&s.options, argc, argv))
		return command_usage(&run_command);
	if (catalogue_read(&s.catalogue))
		return STATUS_FAILED;
	if (plan_read(&s.plan, s.options.config, &s.catalogue, s.options.only, s.options.only_count,
		      s.options.sets, s.options.set_count))
		goto out_catalogue;
	environment_boot_id(s.boot_id, sizeof(s.boot_id));
	if (s.options.boot_id)
		snprintf(s.boot_id, sizeof(s.boot_id), "%s", s.options.boot_id);
	s.icount = !strcmp(s.options.clock, "icount");
	if (s.options.dry_run) {
		status = dry_run(&s);
	} else if (!read_resume(&s)) {
		if (s.resume.complete) {
			printf("%snothing to resume: %s is complete\n",
			       s.options.ktap ? "KTAP version 1\n1..0\n# " : "", s.resume.file);
			status = STATUS_DONE;
		} else {
			status = prepare_and_run(&s);
		}
	}
	resume_free(&s.resume);
	plan_free(&s.plan);
out_catalogue:
	catalogue_free(&s.catalogue);
	return status;
}

COMMAND(run_command) = {
	.name = "run",
	.usage = "[--config FILE] [--only PATTERN]... [--label L] [--out DIR] [--set "
		 "WORKLOAD.PARAMETER=VALUES]... [--resume] [--dry-run]",
	.summary = "measure the running kernel as a plan says; records go to DIR/L/<boot-id>/",
	.help = "  --config FILE       the plan (default configs/default.ini)\n"
		"  --only PATTERN      only workloads of such names, as 'fork/*'; may be repeated\n"
		"  --label L           name of this kernel in comparisons (default: its release)\n"
		"  --out DIR           where results go (default results)\n"
		"  --set W.P=VALUES    change a parameter, as fork/wide.children=16,64; also "
		"run.processes=5\n"
		"                      and settings.thp=always\n"
		"  --resume            go on with a run of this boot that was cut off\n"
		"  --dry-run           print what would be run\n"
		"  --ktap              print KTAP version 1, as the kernel's tests do\n"
		"  --allow-dangerous   also what harms the host (memory failure, offlining)\n"
		"  --block S:I:P       place in a schedule of boots; the lab sets it, as it sets\n"
		"  --boot-id, --mode (host, exact, layout, time), --clock (host, icount)\n",
	.order = 20,
	.main = run_main,
};
