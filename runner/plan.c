// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/plan.h"

#include <errno.h>
#include <fnmatch.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error.h"
#include "runner/files.h"
#include "runner/settings.h"
#include "workloads/protocol.h"

enum { MOST_VALUES = 64, MOST_ITEMS = 4096 };

/* A section [workload] or what --set says: parameter -> array of values. */
struct section {
	const struct descriptor *workload;
	json_t *values;
	long samples, processes, count_repeats;
	double seconds;
};

struct reader {
	struct plan *plan;
	const struct catalogue *catalogue;
	struct section *sections;
	size_t section_count;
	FILE *stream;
	int line;
	int errors;
	char heading[256]; /* of the section that was last seen, for sections without a key */
	json_t *seen;	   /* "[section] key" of the file */
};

/* ------------------------------------------------------------------ values */

static void complain(struct reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void complain(struct reader *r, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (r->line)
		error("%s:%d: %s", r->plan->file, r->line, text);
	else
		error("%s", text);
	r->errors++;
}

static bool whole(const char *text, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	if (end == text || errno)
		return false;
	/* 64K, 2M, 1G: powers of 1024. */
	for (const char *units = "KMG"; *end && !end[1]; units++) {
		if (!*units)
			return false;
		if (__builtin_mul_overflow(*value, 1024L, value))
			return false;
		if (*units == *end)
			return true;
	}
	return !*end;
}

/* A number of [run] or of the common keys of a workload. */
static bool number(struct reader *r, const char *key, const char *text, long min, long max,
		   long *value)
{
	long n;

	if (whole(text, &n) && n >= min && n <= max) {
		*value = n;
		return true;
	}
	complain(r, "%s = %s: allowed are whole numbers from %ld to %ld", key, text, min, max);
	return false;
}

/* ------------------------------------------------------------------- [run] */

static const struct run_key {
	const char *name;
	size_t offset;
	long min, max;
} run_keys[] = {
	{ "processes", offsetof(struct plan, processes), 1, 1000 },
	{ "count_repeats", offsetof(struct plan, count_repeats), 0, 100 },
	{ "count_control", offsetof(struct plan, count_control), 0, 100 },
	{ "timeline_hz", offsetof(struct plan, timeline_hz), 0, 1000 },
	{ "seed", offsetof(struct plan, seed), 0, LONG_MAX },
	{ "memory", offsetof(struct plan, memory_percent), 1, 90 },
	{ "processes_limit", offsetof(struct plan, processes_limit), 1, 1 << 22 },
};

enum { RUN_KEYS = sizeof(run_keys) / sizeof(*run_keys) };

static const char *run_key_names(void)
{
	static char list[512];
	size_t n = 0;

	for (int i = 0; i < RUN_KEYS; i++)
		n += snprintf(list + n, sizeof(list) - n, "%s, ", run_keys[i].name);
	snprintf(list + n, sizeof(list) - n,
		 "seconds, caches, primary, drop_caches, compact_memory");
	return list;
}

static void read_caches(struct reader *r, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *word;

	r->plan->cache_count = 0;
	while ((word = strsep(&rest, " ,\t"))) {
		if (!*word)
			continue;
		if (r->plan->cache_count == 16 || strlen(word) > 63 || strpbrk(word, "/.")) {
			complain(r, "caches = %s: allowed are up to 16 names of slab caches", text);
			break;
		}
		strcpy(r->plan->caches[r->plan->cache_count++], word);
	}
	free(copy);
}

static void read_primary(struct reader *r, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *word;

	json_array_clear(r->plan->primary);
	while ((word = strsep(&rest, " ,\t"))) {
		if (!*word)
			continue;
		if (!strchr(word, ':'))
			complain(r, "primary = %s: '%s' is not of the form workload:metric", text,
				 word);
		json_array_append_new(r->plan->primary, json_string(word));
	}
	/* Holm's correction costs power with each more (docs/method.md). */
	if (json_array_size(r->plan->primary) > 4)
		complain(r, "primary = %s: allowed are at most 4 metrics", text);
	free(copy);
}

static void run_key(struct reader *r, const char *key, const char *text)
{
	long flag;

	for (int i = 0; i < RUN_KEYS; i++) {
		if (!strcmp(run_keys[i].name, key)) {
			char trimmed[64];

			snprintf(trimmed, sizeof(trimmed), "%s", text);
			if (!strcmp(key, "memory"))
				trimmed[strcspn(trimmed, "%")] = '\0';
			number(r, key, trimmed, run_keys[i].min, run_keys[i].max,
			       (long *)((char *)r->plan + run_keys[i].offset));
			return;
		}
	}
	if (!strcmp(key, "seconds")) {
		if (number(r, key, text, 1, 86400, &flag))
			r->plan->seconds = flag;
	} else if (!strcmp(key, "caches")) {
		read_caches(r, text);
	} else if (!strcmp(key, "primary")) {
		read_primary(r, text);
	} else if (!strcmp(key, "drop_caches")) {
		if (number(r, key, text, 0, 1, &flag))
			r->plan->drop_caches = flag;
	} else if (!strcmp(key, "compact_memory")) {
		if (number(r, key, text, 0, 1, &flag))
			r->plan->compact_memory = flag;
	} else {
		complain(r, "'%s' is no key of [run]; keys are %s", key, run_key_names());
	}
}

static void settings_key(struct reader *r, const char *key, const char *text)
{
	const char *allowed;

	if (!setting_known(key, &allowed)) {
		complain(r, "'%s' is no setting; settings are %s", key, allowed);
		return;
	}
	allowed = setting_refuses(key, text);
	if (allowed) {
		complain(r, "%s = %s: allowed is %s", key, text, allowed);
		return;
	}
	if (!strcmp(key, "aslr"))
		r->plan->fixed_layout = !strcmp(text, "0");
	else
		json_object_set_new(r->plan->settings, key, json_string(text));
}

/* --------------------------------------------------------------- workloads */

static const char *param_names(const struct descriptor *d)
{
	static char list[1024];
	json_t *param;
	size_t i, n = 0;

	list[0] = '\0';
	json_array_foreach (json_object_get(d->json, "params"), i, param)
		n += snprintf(list + n, sizeof(list) - n, "%s, ",
			      json_string_value(json_object_get(param, "name")));
	snprintf(list + n, sizeof(list) - n, "samples, processes, count_repeats, seconds");
	return list;
}

static void add_value(struct reader *r, const struct descriptor *d, json_t *param, const char *word,
		      json_t *values)
{
	const char *name = json_string_value(json_object_get(param, "name"));
	long min = json_integer_value(json_object_get(param, "min"));
	long max = json_integer_value(json_object_get(param, "max"));
	long value;

	if (!whole(word, &value) || value < min || value > max)
		complain(r, "%s: %s = %s: allowed are whole numbers from %ld to %ld (%s)", d->name,
			 name, word, min, max, json_string_value(json_object_get(param, "unit")));
	else if (json_array_size(values) == MOST_VALUES)
		complain(r, "%s: %s: at most %d values", d->name, name, MOST_VALUES);
	else
		json_array_append_new(values, json_integer(value));
}

static void param_key(struct reader *r, struct section *s, json_t *param, const char *text)
{
	const char *name = json_string_value(json_object_get(param, "name"));
	const char *type = json_string_value(json_object_get(param, "type"));
	json_t *values = json_array();
	char *copy = xstrdup(text), *rest = copy, *word;

	if (type && !strcmp(type, "string")) {
		json_array_append_new(values, json_string(text));
		rest = NULL;
	}
	while ((word = strsep(&rest, " ,\t"))) {
		if (*word)
			add_value(r, s->workload, param, word, values);
	}
	if (!json_array_size(values) && !r->errors)
		complain(r, "%s: %s has no value", s->workload->name, name);
	json_object_set_new(s->values, name, values);
	free(copy);
}

static void workload_key(struct reader *r, struct section *s, const char *key, const char *text)
{
	json_t *param = descriptor_param(s->workload, key);
	long n;

	if (param)
		param_key(r, s, param, text);
	else if (!strcmp(key, "samples"))
		number(r, key, text, 1, MAX_SAMPLES, &s->samples);
	else if (!strcmp(key, "processes"))
		number(r, key, text, 1, 1000, &s->processes);
	else if (!strcmp(key, "count_repeats"))
		number(r, key, text, 0, 100, &s->count_repeats);
	else if (!strcmp(key, "seconds"))
		s->seconds = number(r, key, text, 1, 86400, &n) ? n : 0;
	else
		complain(r, "%s has no parameter '%s'; it has %s", s->workload->name, key,
			 param_names(s->workload));
}

/* The section of a workload, made if there is none yet; NULL if there is no such workload. */
static struct section *section_of(struct reader *r, const char *name)
{
	const struct descriptor *d = catalogue_find(r->catalogue, name);
	struct section *s;

	for (size_t i = 0; i < r->section_count; i++) {
		if (r->sections[i].workload == d)
			return &r->sections[i];
	}
	if (!d)
		return NULL;
	array_grow(r->sections, r->section_count);
	s = &r->sections[r->section_count++];
	*s = (struct section){ .workload = d,
			       .values = json_object(),
			       .samples = -1,
			       .processes = -1,
			       .count_repeats = -1 };
	return s;
}

static void open_section(struct reader *r, const char *name)
{
	if (!strcmp(name, "run") || !strcmp(name, "settings") || section_of(r, name))
		return;
	complain(r,
		 "[%s] is no section: allowed are run, settings and the workloads that "
		 "'rmapbench list' shows",
		 name);
}

/* --------------------------------------------------------------------- INI */

/*
 * inih reports a value that goes on in a second line as the same key again; either would silently
 * replace what was said first.
 */
static bool first_time(struct reader *r, const char *section, const char *key)
{
	char *place = xasprintf("[%s] %s", section, key);
	bool first = !json_object_get(r->seen, place);

	json_object_set_new(r->seen, place, json_true());
	free(place);
	if (!first)
		complain(r,
			 "'%s' is given twice, or its value goes on in a line that starts with a "
			 "blank; give it once, on one line",
			 key);
	return first;
}

static int on_key(void *arg, const char *section, const char *key, const char *value)
{
	struct reader *r = arg;
	struct section *s;

	if (!first_time(r, section, key))
		return 1;
	if (!*section)
		complain(r, "'%s' stands before the first section", key);
	else if (!strcmp(section, "run"))
		run_key(r, key, value);
	else if (!strcmp(section, "settings"))
		settings_key(r, key, value);
	else if ((s = section_of(r, section)))
		workload_key(r, s, key, value);
	return 1; /* go on: all errors at once */
}

/* inih would take the rest of a line that is longer than its buffer for another line. */
static void refuse_long_line(struct reader *r, const char *line, int size)
{
	int c;

	if (strchr(line, '\n') || feof(r->stream))
		return;
	complain(r, "the line is longer than %d characters; --set takes longer lists", size - 1);
	while ((c = fgetc(r->stream)) != EOF && c != '\n')
		;
}

/* Lines on their way to inih: counts them, and sees sections that have no key. */
static char *next_line(char *line, int size, void *stream)
{
	struct reader *r = stream;
	char *end;

	if (!fgets(line, size, r->stream))
		return NULL;
	r->line++;
	refuse_long_line(r, line, size);
	snprintf(r->heading, sizeof(r->heading), "%s", line + strspn(line, " \t"));
	end = strchr(r->heading, ']');
	if (r->heading[0] == '[' && end) {
		*end = '\0';
		open_section(r, r->heading + 1);
	}
	return line;
}

/* inih hands the reader one pointer for the stream and the handler another: both are r here. */
static int read_file(struct reader *r)
{
	int line;

	r->stream = fopen(r->plan->file, "re");
	if (!r->stream) {
		error("%s: %s; name a plan with --config, such as configs/smoke.ini", r->plan->file,
		      strerror(errno));
		return -1;
	}
	r->seen = json_object();
	line = ini_parse_stream(next_line, r, on_key, r);
	json_decref(r->seen);
	fclose(r->stream);
	if (line > 0) {
		r->line = line;
		complain(r, "neither a [section] nor key = value");
	}
	r->line = 0;
	return r->errors ? -1 : 0;
}

/* workload.parameter=values, the last dot before the sign divides. */
static void apply_set(struct reader *r, const char *set)
{
	char *copy = xstrdup(set), *sign = strchr(copy, '='), *dot;
	struct section *s;
	size_t before = r->section_count;

	if (sign)
		*sign = '\0';
	dot = strrchr(copy, '.');
	if (!sign || !dot) {
		complain(r, "--set %s: it takes WORKLOAD.PARAMETER=VALUE, as fork/wide.children=64",
			 set);
		free(copy);
		return;
	}
	*dot = '\0';
	if (!strcmp(copy, "run")) {
		run_key(r, dot + 1, sign + 1);
	} else if (!strcmp(copy, "settings")) {
		settings_key(r, dot + 1, sign + 1);
	} else if (!(s = section_of(r, copy))) {
		complain(r, "--set %s: there is no workload '%s'; 'rmapbench list' shows them", set,
			 copy);
	} else {
		/* Setting what the plan does not run would silently do nothing: it is then run. */
		workload_key(r, s, dot + 1, sign + 1);
		if (r->section_count > before)
			warning("%s is not in %s; --set adds it", copy, r->plan->file);
	}
	free(copy);
}

/* ----------------------------------------------------------------- resolve */

static json_t *param_values(const struct section *s, json_t *param)
{
	json_t *given =
		json_object_get(s->values, json_string_value(json_object_get(param, "name")));

	return given ? json_incref(given) : json_pack("[O]", json_object_get(param, "default"));
}

static void add_item(struct plan *plan, const struct section *s, json_t *params)
{
	struct plan_item item = {
		.workload = s->workload,
		.params = json_copy(params),
		.samples = s->samples >= 0 ? s->samples
					   : json_integer_value(
						     json_object_get(s->workload->json, "samples")),
		.processes = s->processes >= 0 ? s->processes : plan->processes,
		.count_repeats = s->count_repeats >= 0 ? s->count_repeats : plan->count_repeats,
		.seconds = s->seconds > 0 ? s->seconds : plan->seconds,
	};

	array_grow(plan->items, plan->count);
	plan->items[plan->count++] = item;
}

/* Every combination of the values of the parameters, the last one changing fastest. */
static void expand(struct plan *plan, const struct section *s, size_t i, json_t *params)
{
	json_t *declared = json_object_get(s->workload->json, "params");
	json_t *param = json_array_get(declared, i), *values, *value;
	size_t k;

	if (!param) {
		add_item(plan, s, params);
		return;
	}
	values = param_values(s, param);
	json_array_foreach (values, k, value) {
		json_object_set(params, json_string_value(json_object_get(param, "name")), value);
		expand(plan, s, i + 1, params);
	}
	json_decref(values);
}

static bool wanted(const char *name, const char *const *only, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!fnmatch(only[i], name, 0))
			return true;
	}
	return !count;
}

static void hash_plan(struct plan *plan)
{
	json_t *all = json_array();
	char *text;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];

		json_array_append_new(all,
				      json_pack("{s:s, s:O, s:I, s:I, s:I}", "workload",
						item->workload->name, "params", item->params,
						"samples", (json_int_t)item->samples, "processes",
						(json_int_t)item->processes, "count_repeats",
						(json_int_t)item->count_repeats));
	}
	json_array_append(all, plan->settings);
	json_array_append_new(all,
			      json_pack("{s:I, s:b, s:b, s:b}", "seed", (json_int_t)plan->seed,
					"fixed_layout", plan->fixed_layout, "drop_caches",
					plan->drop_caches, "compact_memory", plan->compact_memory));
	text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	sha256_hex(text, strlen(text), plan->hash);
	free(text);
	json_decref(all);
}

static int resolve(struct reader *r, const char *const *only, size_t only_count)
{
	for (size_t i = 0; i < only_count; i++) {
		bool any = false;

		for (size_t k = 0; k < r->section_count; k++)
			any = any || !fnmatch(only[i], r->sections[k].workload->name, 0);
		if (any)
			continue;
		/* What the plan does not name but the pattern does is run with its defaults. */
		for (size_t k = 0; k < r->catalogue->count; k++) {
			if (!fnmatch(only[i], r->catalogue->items[k].name, 0))
				any = section_of(r, r->catalogue->items[k].name);
		}
		if (!any)
			complain(r,
				 "--only %s: no workload has such a name; 'rmapbench list' shows "
				 "them",
				 only[i]);
	}
	for (size_t k = 0; k < r->section_count && !r->errors; k++) {
		json_t *params = json_object();

		if (wanted(r->sections[k].workload->name, only, only_count))
			expand(r->plan, &r->sections[k], 0, params);
		json_decref(params);
	}
	if (!r->errors && !r->plan->count)
		complain(r, "%s: no workload in it", r->plan->file);
	if (r->plan->count > MOST_ITEMS)
		complain(r, "%s: %zu combinations of parameters, at most %d are run", r->plan->file,
			 r->plan->count, MOST_ITEMS);
	return r->errors ? -1 : 0;
}

int plan_read(struct plan *plan, const char *file, const struct catalogue *catalogue,
	      const char *const *only, size_t only_count, const char *const *sets, size_t set_count)
{
	struct reader r = { .plan = plan, .catalogue = catalogue };
	int failed;

	*plan = (struct plan){
		.file = xstrdup(file),
		.processes = 3,
		.count_repeats = 3,
		.count_control = 1,
		.timeline_hz = 100,
		.seed = 1,
		.memory_percent = 25,
		.processes_limit = 2000,
		.seconds = 60,
		.fixed_layout = true,
		.caches = { "vm_area_struct", "anon_vma", "anon_vma_chain" },
		.cache_count = 3,
		.primary = json_array(),
		.settings = json_object(),
	};
	failed = read_file(&r);
	for (size_t i = 0; i < set_count && !failed; i++)
		apply_set(&r, sets[i]);
	failed = failed || r.errors || resolve(&r, only, only_count);
	for (size_t i = 0; i < r.section_count; i++)
		json_decref(r.sections[i].values);
	free(r.sections);
	if (failed) {
		plan_free(plan);
		return -1;
	}
	hash_plan(plan);
	return 0;
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		json_decref(plan->items[i].params);
	free(plan->items);
	free(plan->file);
	json_decref(plan->primary);
	json_decref(plan->settings);
	*plan = (struct plan){ 0 };
}

long plan_item_runs(const struct plan *plan, const struct plan_item *item)
{
	long counting = item->count_repeats ? item->count_repeats + plan->count_control : 0;

	return 1 + counting + item->processes;
}

long plan_runs(const struct plan *plan)
{
	long n = 0;

	for (size_t i = 0; i < plan->count; i++)
		n += plan_item_runs(plan, &plan->items[i]);
	return n;
}

char *plan_item_title(const struct plan_item *item)
{
	char *title = xstrdup(item->workload->name);
	const char *name;
	json_t *value;

	json_object_foreach (item->params, name, value) {
		char *longer =
			json_is_string(value)
				? xasprintf("%s %s=%s", title, name, json_string_value(value))
				: xasprintf("%s %s=%lld", title, name,
					    (long long)json_integer_value(value));

		free(title);
		title = longer;
	}
	return title;
}
