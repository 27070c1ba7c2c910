// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/reader.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/params.h"

/* What a process wrote before the `process` record that commits it. */
struct pending {
	enum { SAMPLES, BROKEN_EVIDENCE, TIMELINE } what;
	char *workload, *params;
	int process;
	union {
		struct measurement measurement;
		char *reason; /* the evidence that did not hold */
		struct timeline timeline;
	};
};

struct reader {
	struct results *results;
	const char *path;
	size_t line;
	struct boot *boot; /* NULL before the first record */
	bool ended;
	size_t order;
	struct pending *pending;
	size_t pending_count;
};

static const char *text(const json_t *record, const char *field)
{
	return json_string_value(json_object_get(record, field));
}

static char *text_copy(const json_t *record, const char *field, const char *missing)
{
	const char *value = text(record, field);

	return value ? xstrdup(value) : missing ? xstrdup(missing) : NULL;
}

static double number(const json_t *record, const char *field)
{
	const json_t *value = json_object_get(record, field);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static bool is_true(const json_t *record, const char *field)
{
	return json_is_true(json_object_get(record, field));
}

static char *damaged(const struct reader *r, const char *what)
{
	return xasprintf("%s:%zu: %s; the record is damaged: move the file away or run again",
			 r->path, r->line, what);
}

/* An array of numbers; NULL if it is none. The caller frees. */
static double *numbers(const json_t *array, size_t *count)
{
	size_t n = json_array_size(array);
	double *v;

	if (!json_is_array(array))
		return NULL;
	v = xcalloc(n, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(array, i);

		if (!json_is_number(value)) {
			free(v);
			return NULL;
		}
		v[i] = json_number_value(value);
	}
	*count = n;
	return v;
}

/* ------------------------------------------------------- which boot it is */

static struct boot *boot_named(struct results *r, const char *id)
{
	struct boot *b;

	for (size_t i = 0; i < r->boot_count; i++) {
		if (!strcmp(r->boots[i].id, id))
			return &r->boots[i];
	}
	array_grow(r->boots, r->boot_count);
	b = &r->boots[r->boot_count++];
	*b = (struct boot){ .id = xstrdup(id), .finished = true };
	return b;
}

/* Sets the boot of the file from a record with `label`, `boot_id` and `block`. */
static char *enter_boot(struct reader *r, const json_t *record)
{
	const char *label = text(record, "label"), *id = text(record, "boot_id");
	const json_t *block = json_object_get(record, "block");

	if (!label || !id)
		return damaged(r, "no label or no boot_id");
	if (r->results->label && strcmp(r->results->label, label)) {
		return xasprintf(
			"'%s' holds results of several labels ('%s' and '%s'); name the folder of "
			"one of them",
			r->results->origin, r->results->label, label);
	}
	if (!r->results->label)
		r->results->label = xstrdup(label);
	r->boot = boot_named(r->results, id);
	if (!r->boot->schedule && json_is_object(block)) {
		const json_t *schedule = json_object_get(block, "schedule");

		r->boot->schedule = json_is_string(schedule)
					    ? xstrdup(json_string_value(schedule))
					    : json_dumps(schedule, JSON_ENCODE_ANY);
		r->boot->index = json_integer_value(json_object_get(block, "index"));
	}
	return NULL;
}

/*
 * The machine by hostname hash and CPU model: guests of one image share a host name but not always
 * a CPU model.
 */
static char *machine_of(const json_t *run)
{
	const json_t *machine = json_object_get(run, "machine");
	const char *cpu = text(machine, "cpu"), *host = text(machine, "hostname_hash");

	return xasprintf("%s%s%.8s", cpu ? cpu : "unknown CPU", host ? " #" : "", host ? host : "");
}

/*
 * What kind of figures these are. Only those of the same kind are ever compared: executed
 * instructions never with time, an emulated machine never with a real one.
 */
static char *how_of(const json_t *run)
{
	const char *mode = text(run, "mode"), *clock = text(run, "clock");
	const char *virtualisation = text(run, "virtualisation");
	const char *arch = text(json_object_get(run, "kernel"), "arch");

	bool icount = clock && !strcmp(clock, "icount");

	if (!virtualisation || !strcmp(virtualisation, "none"))
		virtualisation = "bare metal";
	return xasprintf("%s, %s%s, %s", mode ? mode : "host", icount ? "icount, " : "",
			 virtualisation, arch ? arch : "unknown architecture");
}

static char *on_run(struct reader *r, json_t *record)
{
	json_int_t schema = json_integer_value(json_object_get(record, "schema"));
	const char *clock = text(record, "clock");
	struct boot *b;
	char *why, *how;

	if (r->line > 1)
		return damaged(r, "a second 'run' record");
	if (schema < 1)
		return damaged(r, "no schema");
	if (schema > RECORD_SCHEMA) {
		return xasprintf(
			"%s: schema %lld, but this rmapbench reads up to %d; use the rmapbench "
			"that wrote it, or a newer one",
			r->path, (long long)schema, RECORD_SCHEMA);
	}
	why = enter_boot(r, record);
	if (why)
		return why;
	b = r->boot;
	how = how_of(record);
	if (b->run) {
		bool same = !strcmp(b->how, how);

		why = same ? NULL
			   : xasprintf("%s: boot %s is recorded as '%s' and as '%s'; one boot is "
				       "one of "
				       "the two: move the wrong file away",
				       r->path, b->id, b->how, how);
		free(how);
		return why;
	}
	b->run = json_incref(record);
	b->machine = machine_of(record);
	b->how = how;
	b->mode = text_copy(record, "mode", "host");
	b->virtualisation = text_copy(record, "virtualisation", "none");
	b->icount = clock && !strcmp(clock, "icount");
	return NULL;
}

/* Keeps the kernel messages of a `kernel_log` or `boot_failed` record. */
static void keep_log(struct boot *b, const json_t *record)
{
	json_t *lines = json_object_get(record, "lines");
	json_t *workload = json_object_get(record, "workload");

	if (!json_array_size(lines))
		return;
	if (!b->log)
		b->log = json_array();
	json_array_append_new(b->log,
			      json_pack("{s:O?, s:O}", "workload", workload, "lines", lines));
}

static char *on_boot_failed(struct reader *r, json_t *record)
{
	char *why = r->boot ? NULL : enter_boot(r, record);

	if (why || r->boot->failure)
		return why;
	keep_log(r->boot, record);
	r->boot->failure = text_copy(record, "outcome", "failed");
	r->boot->failed_in = text_copy(record, "workload", NULL);
	r->ended = true; /* nothing more can come */
	return NULL;
}

/* ------------------------------------------------------ what a process wrote */

static bool kind_from(const char *name, enum kind *kind)
{
	for (int k = KIND_LATENCY; name && k <= KIND_COUNT; k++) {
		if (!strcmp(name, kind_name(k))) {
			*kind = k;
			return true;
		}
	}
	return false;
}

/* Makes a pending entry; NULL if the record does not say whose it is. */
static struct pending *pend(struct reader *r, const json_t *record)
{
	const char *workload = text(record, "workload");
	char *params = params_line(json_object_get(record, "params"));
	struct pending *p;

	if (!workload || !params) {
		free(params);
		return NULL;
	}
	array_grow(r->pending, r->pending_count);
	p = &r->pending[r->pending_count++];
	memset(p, 0, sizeof(*p));
	p->workload = xstrdup(workload);
	p->params = params;
	p->process = json_integer_value(json_object_get(record, "process"));
	return p;
}

static char *on_samples(struct reader *r, json_t *record)
{
	const char *metric = text(record, "metric"), *better = text(record, "better");
	const json_t *work = json_object_get(record, "work");
	struct values v = { 0 };
	struct pending *p;
	size_t works = 0;
	enum kind kind;

	if (!metric || !text(record, "unit") || !better)
		return damaged(r, "'samples' without metric, unit or better");
	if (!kind_from(text(record, "kind"), &kind)) {
		notes_add(&r->results->notes,
			  "%s: %s is of a kind that this rmapbench does not know; "
			  "left out",
			  r->results->label, metric);
		return NULL;
	}
	v.value = numbers(json_object_get(record, "values"), &v.count);
	if (!v.value)
		return damaged(r, "'values' is no array of numbers");
	if (work && !json_is_null(work))
		v.work = numbers(work, &works);
	p = pend(r, record);
	if (!p || (v.work && works != v.count) || (kind == KIND_THROUGHPUT && !v.work)) {
		free(v.value);
		free(v.work);
		if (p)
			r->pending_count--, free(p->workload), free(p->params);
		return damaged(r, "'samples' without workload or params, or 'work' does not match "
				  "'values'");
	}
	v.process = p->process;
	p->what = SAMPLES;
	p->measurement = (struct measurement){
		.workload = xstrdup(p->workload),
		.params = xstrdup(p->params),
		.metric = xstrdup(metric),
		.unit = xstrdup(text(record, "unit")),
		.kind = kind,
		.lower_is_better = strcmp(better, "higher") != 0,
		.processes = xcalloc(1, sizeof(v)),
		.process_count = 1,
	};
	p->measurement.processes[0] = v;
	return NULL;
}

static char *on_evidence(struct reader *r, json_t *record)
{
	const char *counter = text(record, "counter"), *relation = text(record, "relation");
	struct pending *p;

	/* Undecided: the host was too busy to prove it by slab counts; other evidence did. */
	if (is_true(record, "held") || is_true(record, "undecided"))
		return NULL;
	p = pend(r, record);
	if (!p)
		return damaged(r, "'evidence' without workload or params");
	p->what = BROKEN_EVIDENCE;
	p->reason = xasprintf("no evidence: %s was %.17g, wanted %s %.17g",
			      counter ? counter : "counter", number(record, "seen"),
			      relation ? relation : "", number(record, "wanted"));
	return NULL;
}

static char *on_timeline(struct reader *r, json_t *record)
{
	json_t *objects = json_object_get(record, "objects"), *series;
	const char *cache;

	json_object_foreach (objects, cache, series) {
		struct timeline t = { 0 };
		struct pending *p;
		size_t times = 0;

		t.ms = numbers(json_object_get(record, "ms"), &times);
		t.objects = numbers(series, &t.count);
		p = t.ms && t.objects && times == t.count ? pend(r, record) : NULL;
		if (!p) {
			free(t.ms);
			free(t.objects);
			return damaged(r, "'timeline' whose 'ms' and 'objects' do not match");
		}
		t.workload = xstrdup(p->workload);
		t.params = xstrdup(p->params);
		t.cache = xstrdup(cache);
		p->what = TIMELINE;
		p->timeline = t;
	}
	return NULL;
}

static void pending_free(struct pending *p)
{
	if (p->what == SAMPLES) {
		free(p->measurement.workload);
		free(p->measurement.params);
		free(p->measurement.metric);
		free(p->measurement.unit);
		free(p->measurement.processes[0].value);
		free(p->measurement.processes[0].work);
		free(p->measurement.processes);
	} else if (p->what == TIMELINE) {
		free(p->timeline.workload);
		free(p->timeline.params);
		free(p->timeline.cache);
		free(p->timeline.ms);
		free(p->timeline.objects);
	} else {
		free(p->reason);
	}
	free(p->workload);
	free(p->params);
}

static void add_trouble(struct boot *b, enum trouble_kind kind, const char *workload,
			const char *params, const char *reason)
{
	array_grow(b->troubles, b->trouble_count);
	b->troubles[b->trouble_count++] = (struct trouble){
		.kind = kind,
		.workload = xstrdup(workload),
		.params = params ? xstrdup(params) : NULL,
		.reason = xstrdup(reason),
	};
}

/* Moves a pending entry into the boot; its payload then belongs to the boot. */
static void commit(struct reader *r, struct pending *p, bool timed)
{
	struct boot *b = r->boot;

	if (p->what == BROKEN_EVIDENCE) {
		add_trouble(b, TROUBLE_INVALID, p->workload, p->params, p->reason);
		pending_free(p);
		return;
	}
	if (p->what == SAMPLES && !timed) {
		pending_free(p); /* a warm-up or a counting pass */
		return;
	}
	if (p->what == SAMPLES) {
		p->measurement.order = r->order++;
		array_grow(b->measurements, b->measurement_count);
		b->measurements[b->measurement_count++] = p->measurement;
	} else {
		array_grow(b->timelines, b->timeline_count);
		b->timelines[b->timeline_count++] = p->timeline;
	}
	free(p->workload);
	free(p->params);
}

/* Takes the entries of one process out of the pending ones: into the boot, or away. */
static void settle(struct reader *r, const json_t *record, bool count_them)
{
	const char *workload = text(record, "workload"), *pass = text(record, "pass");
	char *params = params_line(json_object_get(record, "params"));
	const json_t *process = json_object_get(record, "process");
	size_t kept = 0;

	for (size_t i = 0; i < r->pending_count; i++) {
		struct pending *p = &r->pending[i];

		if (!workload || !params || strcmp(p->workload, workload) ||
		    strcmp(p->params, params) ||
		    (process && json_integer_value(process) != p->process))
			r->pending[kept++] = *p;
		else if (count_them)
			commit(r, p, pass && !strcmp(pass, "time"));
		else
			pending_free(p);
	}
	r->pending_count = kept;
	free(params);
}

static char *on_process(struct reader *r, json_t *record)
{
	settle(r, record, true);
	return NULL;
}

/* -------------------------------------------- records that stand by themselves */

static char *on_slab(struct reader *r, json_t *record)
{
	const char *workload = text(record, "workload"), *point = text(record, "point");
	const char *cache = text(record, "cache");
	char *params = params_line(json_object_get(record, "params"));
	struct boot *b = r->boot;
	struct slab_count *s;
	double *repeats;
	size_t count;

	if (!workload || !params || !point || !cache || isnan(number(record, "delta"))) {
		free(params);
		return damaged(r, "'slab' without workload, params, point, cache or delta");
	}
	if (!strcmp(point, "before")) {
		free(params);
		return NULL; /* growth since `before` is 0 by definition */
	}
	array_grow(b->slabs, b->slab_count);
	s = &b->slabs[b->slab_count++];
	*s = (struct slab_count){
		.workload = xstrdup(workload),
		.params = params,
		.point = xstrdup(point),
		.cache = xstrdup(cache),
		.delta = number(record, "delta"),
		.object_size = number(record, "object_size"),
		.slab_size = number(record, "slab_size"),
		.slab_bytes_delta = number(record, "slab_bytes_delta"),
		.model = number(record, "model"),
		.exact = is_true(record, "exact"),
		.inexact_because = text_copy(record, "inexact_because", NULL),
		.order = r->order++,
	};
	s->lowest = s->highest = s->delta;
	repeats = numbers(json_object_get(record, "repeats"), &count);
	for (size_t i = 0; repeats && i < count; i++) {
		s->lowest = fmin(s->lowest, repeats[i]);
		s->highest = fmax(s->highest, repeats[i]);
	}
	free(repeats);
	return NULL;
}

static char *on_trouble(struct reader *r, json_t *record, enum trouble_kind kind)
{
	const char *workload = text(record, "workload"), *reason = text(record, "reason");
	char *params;

	if (!workload)
		return damaged(r, "'skip' or 'invalid' without workload");
	params = params_line(json_object_get(record, "params"));
	add_trouble(r->boot, kind, workload, params, reason ? reason : "no reason recorded");
	settle(r, record, false);
	free(params);
	return NULL;
}

static char *on_skip(struct reader *r, json_t *record)
{
	return on_trouble(r, record, TROUBLE_SKIP);
}

static char *on_invalid(struct reader *r, json_t *record)
{
	return on_trouble(r, record, TROUBLE_INVALID);
}

static char *on_kernel_log(struct reader *r, json_t *record)
{
	const char *workload = text(record, "workload");
	const char *line = json_string_value(json_array_get(json_object_get(record, "lines"), 0));
	char *params, *reason;

	keep_log(r->boot, record);
	if (!workload)
		return NULL;
	params = params_line(json_object_get(record, "params"));
	reason = xasprintf("kernel log: %s", line ? line : "a warning");
	add_trouble(r->boot, TROUBLE_KERNEL_LOG, workload, params, reason);
	free(reason);
	free(params);
	return NULL;
}

static char *on_end(struct reader *r, json_t *record)
{
	double elapsed = number(record, "elapsed_ns");

	r->ended = true;
	if (!isnan(elapsed))
		r->boot->elapsed_ns += elapsed;
	return NULL;
}

/* --------------------------------------------------------------- the file */

static const struct {
	const char *type;
	char *(*read)(struct reader *r, json_t *record);
	bool may_be_first;
} handlers[] = {
	{ "run", on_run, true },
	{ "boot_failed", on_boot_failed, true },
	{ "samples", on_samples, false },
	{ "evidence", on_evidence, false },
	{ "timeline", on_timeline, false },
	{ "process", on_process, false },
	{ "slab", on_slab, false },
	{ "skip", on_skip, false },
	{ "invalid", on_invalid, false },
	{ "kernel_log", on_kernel_log, false },
	{ "end", on_end, false },
};

static char *read_record(struct reader *r, json_t *record)
{
	const char *type = text(record, "record");

	for (size_t i = 0; type && i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (strcmp(handlers[i].type, type))
			continue;
		if (r->boot || handlers[i].may_be_first)
			return handlers[i].read(r, record);
		break;
	}
	if (r->boot && type)
		return NULL; /* of a type that came later than this reader */
	if (r->boot)
		return damaged(r, "a line that is no record");
	return xasprintf(
		"%s is no record of rmapbench: its first line is no 'run'; name a label, or a "
		"folder or *.jsonl file that 'rmapbench run' wrote",
		r->path);
}

static char *read_line(struct reader *r, const char *line, size_t length)
{
	json_error_t e;
	json_t *record = json_loadb(line, length, 0, &e);
	char *why;

	r->line++;
	if (!record && r->boot)
		return damaged(r, e.text);
	why = read_record(r, record);
	json_decref(record);
	return why;
}

char *record_file_read(struct results *results, const char *path)
{
	struct reader r = { .results = results, .path = path };
	FILE *f = fopen(path, "re");
	char *line = NULL, *why = NULL;
	size_t room = 0;
	ssize_t length;

	if (!f)
		return xasprintf("cannot read '%s': %s", path, strerror(errno));
	while (!why && (length = getline(&line, &room, f)) > 0) {
		if (line[length - 1] != '\n')
			break; /* cut off in the middle of this line */
		why = read_line(&r, line, length - 1);
	}
	if (!why && ferror(f))
		why = xasprintf("cannot read '%s': %s", path, strerror(errno));
	fclose(f);
	free(line);
	for (size_t i = 0; i < r.pending_count; i++)
		pending_free(&r.pending[i]);
	free(r.pending);
	if (why)
		return why;
	if (!r.boot) {
		notes_add(&results->notes, "%s is empty or was cut off in its first line: left out",
			  path);
	} else if (!r.ended) {
		r.boot->finished = false;
		notes_add(&results->notes,
			  "%s was cut off after line %zu: what stands before counts", path, r.line);
	}
	return NULL;
}
