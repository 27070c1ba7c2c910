// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/coverage_probes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"

#define GROUP "rmapbench"

enum {
	PROFILER_NAME = 30, /* characters: kernel/trace/ftrace.c, function_stat_show() */
	HIST_SIZE = 512,    /* names of tasks; a power of two */
};

struct probe {
	struct function *function;
	const char *symbol;
	char event[32];			 /* kprobes */
	struct tracefs_dynevent *kprobe; /* the same */
	long hits;			 /* of the last histogram read */
	json_t *by;			 /* that histogram */
	long lost;			 /* hits whose task found no room in it */
};

struct probes {
	enum probe_method method;
	bool attribute;
	struct tracefs_instance *instance; /* kprobes: our own buffer, switched off */
	struct probe *items;
	size_t count;
};

bool probe_method_parse(const char *name, enum probe_method *m)
{
	static const char *const names[] = { "auto", "kprobes", "profiler" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(name, names[i])) {
			*m = i;
			return true;
		}
	}
	return false;
}

const char *probes_method(const struct probes *p)
{
	return p->method == PROBE_PROFILER ? "profiler" : "kprobes";
}

bool probes_attribute(const struct probes *p)
{
	return p->attribute;
}

/* ------------------------------------------------------------------ texts */

static void add_hits(json_t *hits, const char *name, long n)
{
	json_object_set_new(hits, name,
			    json_integer(json_integer_value(json_object_get(hits, name)) + n));
}

static const char *next_of(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

void parse_kprobe_profile(const char *text, json_t *hits)
{
	char event[128];
	long n;

	for (const char *line = text; *line; line = next_of(line)) {
		if (sscanf(line, " %127s %ld", event, &n) == 2)
			add_hits(hits, event, n);
	}
}

/* Two lines of heading, whose second column is no number. */
void parse_function_stat(const char *text, json_t *hits)
{
	char name[128];
	long n;

	for (const char *line = text; *line; line = next_of(line)) {
		if (sscanf(line, " %127s %ld", name, &n) == 2)
			add_hits(hits, name, n);
	}
}

/* "{ comm: ksmd             } hitcount:   12"; a name may hold blanks and braces. */
long parse_histogram(const char *text, json_t *by)
{
	static const char start[] = "{ comm: ", count[] = "} hitcount:";
	long lost = 0;

	for (const char *line = text; *line; line = next_of(line)) {
		size_t length = strcspn(line, "\n");
		char *copy = strndup(line, length), *end = strstr(copy, count);
		char *name = copy + sizeof(start) - 1;

		sscanf(copy, " Dropped: %ld", &lost);
		if (end && !strncmp(copy, start, sizeof(start) - 1)) {
			long n = strtol(end + sizeof(count) - 1, NULL, 10);

			while (end > name && end[-1] == ' ')
				end--;
			*end = '\0';
			add_hits(by, name, n);
		}
		free(copy);
	}
	return lost;
}

/* ---------------------------------------------------------------- kprobes */

static void cannot(struct function *f, const char *symbol)
{
	free(f->missing);
	f->missing = xasprintf("%s cannot be probed: %s", symbol, strerror(errno));
}

/* Of a process that was killed: ours are the only ones of that group. */
static void remove_leftovers(void)
{
	struct tracefs_instance *old = tracefs_instance_create(GROUP);
	struct tracefs_dynevent **events;

	if (old)
		tracefs_instance_destroy(old);
	tracefs_instance_free(old);
	events = tracefs_dynevent_get_all(TRACEFS_DYNEVENT_KPROBE, GROUP);
	for (size_t i = 0; events && events[i]; i++)
		tracefs_dynevent_destroy(events[i], true);
	tracefs_dynevent_list_free(events);
}

/* The event's file in our instance; to be freed. */
static char *event_file(const struct probe *probe, const char *name)
{
	return xasprintf("events/" GROUP "/%s/%s", probe->event, name);
}

/* Starts to count; by task with a histogram, which sees an event also where nothing is recorded. */
static int arm(struct probes *p, struct probe *probe)
{
	char *file = event_file(probe, p->attribute ? "trigger" : "enable");
	char *text = p->attribute ? xasprintf("hist:keys=comm:size=%d", HIST_SIZE) : xstrdup("1");
	int rc = tracefs_instance_file_append(p->instance, file, text);

	free(file);
	free(text);
	return rc < 0 ? -1 : 0;
}

static int add_kprobe(struct probes *p, struct function *f, const char *symbol)
{
	struct probe probe = { .function = f, .symbol = symbol };

	snprintf(probe.event, sizeof(probe.event), "f%zu", p->count);
	probe.kprobe = tracefs_kprobe_alloc(GROUP, probe.event, symbol, "comm=$comm");
	errno = 0;
	if (!probe.kprobe || tracefs_dynevent_create(probe.kprobe)) {
		cannot(f, symbol);
		tracefs_dynevent_free(probe.kprobe);
		return -1;
	}
	if (arm(p, &probe)) {
		cannot(f, symbol);
		tracefs_dynevent_destroy(probe.kprobe, true);
		tracefs_dynevent_free(probe.kprobe);
		return -1;
	}
	array_grow(p->items, p->count);
	p->items[p->count++] = probe;
	return 0;
}

static int start_kprobes(struct probes *p, struct functions *f)
{
	remove_leftovers();
	p->instance = tracefs_instance_create(GROUP);
	if (!p->instance || tracefs_trace_off(p->instance)) {
		error("tracefs: no instance of our own in %s: %s", tracefs_tracing_dir(),
		      strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < f->count; i++) {
		struct function *one = &f->items[i];

		for (size_t k = 0; k < one->symbol_count && !one->missing; k++)
			add_kprobe(p, one, one->symbols[k]);
	}
	return 0;
}

static void stop_kprobes(struct probes *p)
{
	for (size_t i = 0; i < p->count; i++) {
		char *file = event_file(&p->items[i], p->attribute ? "trigger" : "enable");
		const char *text = p->attribute ? "!hist:keys=comm" : "0";

		tracefs_instance_file_append(p->instance, file, text);
		free(file);
	}
	if (p->instance) {
		tracefs_instance_destroy(p->instance);
		tracefs_instance_free(p->instance);
	}
	for (size_t i = 0; i < p->count; i++) {
		tracefs_dynevent_destroy(p->items[i].kprobe, true);
		tracefs_dynevent_free(p->items[i].kprobe);
		json_decref(p->items[i].by);
	}
}

/* Adds the calls of one probe to its function's. */
static void add_up(json_t *all, const struct probe *probe, long hits, const json_t *by)
{
	json_t *one = json_object_get(all, probe->function->name), *n;
	json_t *tasks;
	const char *task;

	if (!hits)
		return;
	if (!one) {
		one = json_object();
		json_object_set_new(all, probe->function->name, one);
	}
	add_hits(one, "hits", hits);
	if (!by)
		return;
	tasks = json_object_get(one, "by");
	if (!tasks) {
		tasks = json_object();
		json_object_set_new(one, "by", tasks);
	}
	json_object_foreach ((json_t *)by, task, n) {
		add_hits(tasks, task, json_integer_value(n));
	}
}

/* The histograms are long to read, so only those that moved are. */
static void refresh_histogram(struct probes *p, struct probe *probe, long hits)
{
	char *file, *text;
	int size;

	if (probe->by && probe->hits == hits)
		return;
	file = event_file(probe, "hist");
	text = tracefs_instance_file_read(p->instance, file, &size);
	json_decref(probe->by);
	probe->by = json_object();
	if (text)
		probe->lost = parse_histogram(text, probe->by);
	probe->hits = hits;
	free(text);
	free(file);
}

static void read_kprobes(struct probes *p, json_t *all)
{
	char *text = tracefs_instance_file_read(NULL, "kprobe_profile", NULL);
	json_t *hits = json_object();

	if (text)
		parse_kprobe_profile(text, hits);
	free(text);
	for (size_t i = 0; i < p->count; i++) {
		struct probe *probe = &p->items[i];
		long n = json_integer_value(json_object_get(hits, probe->event));

		if (n && p->attribute)
			refresh_histogram(p, probe, n);
		add_up(all, probe, n, probe->by);
	}
	json_decref(hits);
}

/* --------------------------------------------------------------- profiler */

/* What the profiler cannot tell apart is counted for neither. */
static void refuse_twins(struct functions *f)
{
	for (size_t i = 0; i < f->count; i++) {
		for (size_t k = i + 1; k < f->count; k++) {
			struct function *a = &f->items[i], *b = &f->items[k];

			if (!a->symbol_count || !b->symbol_count ||
			    strncmp(a->name, b->name, PROFILER_NAME))
				continue;
			free(a->missing);
			free(b->missing);
			a->missing =
				xasprintf("the profiler cuts names and shows %s alike", b->name);
			b->missing =
				xasprintf("the profiler cuts names and shows %s alike", a->name);
		}
	}
}

static bool tracing_is_idle(void)
{
	char *tracer = tracefs_instance_file_read(NULL, "current_tracer", NULL);
	char *filter = tracefs_instance_file_read(NULL, "set_ftrace_filter", NULL);
	bool idle = tracer && !strncmp(tracer, "nop", 3) && filter && *filter == '#';

	free(tracer);
	free(filter);
	return idle;
}

static int start_profiler(struct probes *p, struct functions *f)
{
	if (!tracing_is_idle()) {
		error("%s: somebody traces functions here (current_tracer, set_ftrace_filter); "
		      "end that first, or take --method kprobes",
		      tracefs_tracing_dir());
		return -1;
	}
	refuse_twins(f);
	for (size_t i = 0; i < f->count; i++) {
		struct function *one = &f->items[i];

		for (size_t k = 0; k < one->symbol_count && !one->missing; k++) {
			struct probe probe = { .function = one, .symbol = one->symbols[k] };

			errno = 0;
			if (tracefs_instance_file_append(NULL, "set_ftrace_filter", probe.symbol) <
			    0) {
				cannot(one, probe.symbol);
				continue;
			}
			array_grow(p->items, p->count);
			p->items[p->count++] = probe;
		}
	}
	/* An empty filter would mean all functions. */
	if (!p->count)
		return 0;
	if (tracefs_instance_file_write(NULL, "function_profile_enabled", "1") < 0) {
		error("%s/function_profile_enabled: %s", tracefs_tracing_dir(), strerror(errno));
		return -1;
	}
	return 0;
}

static void stop_profiler(void)
{
	tracefs_instance_file_write(NULL, "function_profile_enabled", "0");
	tracefs_instance_file_clear(NULL, "set_ftrace_filter");
}

static void read_profiler(struct probes *p, json_t *all)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	json_t *hits = json_object();

	for (long cpu = 0; cpu < cpus; cpu++) {
		char *file = xasprintf("trace_stat/function%ld", cpu);
		char *text = tracefs_instance_file_read(NULL, file, NULL);

		if (text)
			parse_function_stat(text, hits);
		free(text);
		free(file);
	}
	for (size_t i = 0; i < p->count; i++) {
		char name[PROFILER_NAME + 1];

		snprintf(name, sizeof(name), "%s", p->items[i].symbol);
		add_up(all, &p->items[i], json_integer_value(json_object_get(hits, name)), NULL);
	}
	json_decref(hits);
}

/* ------------------------------------------------------------------- both */

/* -1: this kernel has no way that fits. */
static int choose(struct probes *p, enum probe_method wanted)
{
	bool kprobes = tracefs_file_exists(NULL, "kprobe_events");
	/* All functions of a kernel at once are no answer: names are cut, and each call is slow. */
	bool profiler = tracefs_file_exists(NULL, "function_profile_enabled") &&
			tracefs_file_exists(NULL, "set_ftrace_filter");
	char *readme = tracefs_instance_file_read(NULL, "README", NULL);
	bool hist = readme && strstr(readme, "hist trigger");

	free(readme);
	p->method = wanted;
	if (wanted == PROBE_AUTO)
		p->method = (kprobes && hist) || !profiler ? PROBE_KPROBES : PROBE_PROFILER;
	p->attribute = p->method == PROBE_KPROBES && hist;
	if (p->method == PROBE_KPROBES ? kprobes : profiler)
		return 0;
	error("this kernel has no %s: it needs CONFIG_%s, and tracefs must be writable (%s)",
	      p->method == PROBE_KPROBES ? "kprobe events" : "function profiler",
	      p->method == PROBE_KPROBES ? "KPROBE_EVENTS"
					 : "FUNCTION_PROFILER and CONFIG_DYNAMIC_FTRACE",
	      tracefs_tracing_dir());
	return -1;
}

struct probes *probes_start(struct functions *f, enum probe_method method)
{
	struct probes *p;
	int rc;

	if (!tracefs_tracing_dir()) {
		error("no tracefs here: as root, mount -t tracefs tracefs /sys/kernel/tracing; or "
		      "measure a guest with --lab");
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	rc = choose(p, method);
	if (!rc)
		rc = p->method == PROBE_PROFILER ? start_profiler(p, f) : start_kprobes(p, f);
	if (!rc && !p->count) {
		error("none of the listed functions can be counted here: %s",
		      f->count && f->items[0].missing ? f->items[0].missing : "no symbol");
		rc = -1;
	}
	if (!rc)
		return p;
	probes_stop(p);
	return NULL;
}

void probes_stop(struct probes *p)
{
	long lost = 0;

	for (size_t i = 0; i < p->count; i++)
		lost += p->items[i].lost;
	if (lost)
		warning("calls that found no room in a histogram of tasks, and are nobody's: %ld",
			lost);
	if (p->method == PROBE_PROFILER)
		stop_profiler();
	else
		stop_kprobes(p);
	free(p->items);
	free(p);
}

json_t *probes_read(struct probes *p)
{
	json_t *all = json_object();

	if (p->method == PROBE_PROFILER)
		read_profiler(p, all);
	else
		read_kprobes(p, all);
	return all;
}
