// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/coverage.h"
#include "runner/record.h"

/* What one record file says. */
struct result {
	const char *path;
	json_t *run;
	json_t *list;	   /* of the coverage_functions record */
	json_t *functions; /* the same by name */
	json_t *workloads; /* name -> {function: {"net": N, "by": {}}}, all parameters together */
	json_t *refused;   /* lines of those that were skipped or invalid */
	bool whole;
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void add_number(json_t *object, const char *key, long long n)
{
	json_object_set_new(object, key, json_integer(number_of(object, key) + n));
}

/* The object below a key, made if it is not there yet. */
static json_t *below(json_t *object, const char *key)
{
	json_t *one = json_object_get(object, key);

	if (!one) {
		one = json_object();
		json_object_set_new(object, key, one);
	}
	return one;
}

/* ---------------------------------------------------------------- reading */

static void take_coverage(struct result *r, const json_t *record)
{
	json_t *workload = below(r->workloads, text_of(record, "workload")), *row, *n;
	const char *name, *task;

	json_object_foreach (json_object_get(record, "functions"), name, row) {
		json_t *one;

		if (!number_of(row, "net"))
			continue;
		one = below(workload, name);
		add_number(one, "net", number_of(row, "net"));
		json_object_foreach (json_object_get(row, "by"), task, n) {
			add_number(below(one, "by"), task, json_integer_value(n));
		}
	}
}

static void take_refusal(struct result *r, const char *type, const json_t *record)
{
	json_array_append_new(r->refused, json_sprintf("`%s` %s: %s", text_of(record, "workload"),
						       type, text_of(record, "reason")));
}

static void take_record(struct result *r, json_t *record)
{
	const char *type = text_of(record, "record");
	json_t *one;
	size_t i;

	if (!strcmp(type, "run")) {
		r->run = json_incref(record);
	} else if (!strcmp(type, "coverage_functions")) {
		r->list = json_incref(record);
		json_array_foreach (json_object_get(record, "functions"), i, one) {
			json_object_set(r->functions, text_of(one, "function"), one);
		}
	} else if (!strcmp(type, "coverage")) {
		take_coverage(r, record);
	} else if (!strcmp(type, "skip") || !strcmp(type, "invalid")) {
		take_refusal(r, type, record);
	} else if (!strcmp(type, "end")) {
		r->whole = true;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names: families stand together, whatever order they ran in. */
static void sort_workloads(struct result *r)
{
	const char **names = xcalloc(json_object_size(r->workloads) + 1, sizeof(*names)), *name;
	json_t *sorted = json_object(), *w;
	size_t n = 0;

	json_object_foreach (r->workloads, name, w) {
		names[n++] = name;
	}
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++)
		json_object_set(sorted, names[i], json_object_get(r->workloads, names[i]));
	free(names);
	json_decref(r->workloads);
	r->workloads = sorted;
}

static int read_result(struct result *r, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	long number = 0;
	ssize_t n;

	*r = (struct result){ .path = path,
			      .functions = json_object(),
			      .workloads = json_object(),
			      .refused = json_array() };
	if (!f) {
		error("%s: %s", path, strerror(errno));
		return -1;
	}
	while ((n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n') {
		json_t *record = json_loadb(line, n, 0, NULL);

		number++;
		if (!json_is_object(record)) {
			error("%s:%ld: no JSON object; it takes record files of 'rmapbench "
			      "coverage'",
			      path, number);
			json_decref(record);
			free(line);
			fclose(f);
			return -1;
		}
		take_record(r, record);
		json_decref(record);
	}
	free(line);
	fclose(f);
	sort_workloads(r);
	if (!r->run || !r->list) {
		error("%s: no record of %s in it; it takes record files of 'rmapbench coverage'",
		      path, r->run ? "coverage_functions" : "a run");
		return -1;
	}
	if (number_of(r->run, "schema") > SCHEMA) {
		error("%s: schema %lld, and this rmapbench knows %d; take a newer one", path,
		      number_of(r->run, "schema"), SCHEMA);
		return -1;
	}
	if (!r->whole)
		warning("%s: was cut off; what it has counts", path);
	return 0;
}

static void free_result(struct result *r)
{
	json_decref(r->run);
	json_decref(r->list);
	json_decref(r->functions);
	json_decref(r->workloads);
	json_decref(r->refused);
}

/* --------------------------------------------------------------- questions */

static const char *label_of(const struct result *r)
{
	return text_of(r->run, "label");
}

static bool is_counted(const json_t *function)
{
	return function && json_is_null(json_object_get(function, "missing"));
}

/* How many workloads reach it; *most is the one with the most calls. */
static size_t reached_by(const struct result *r, const char *function, const char **most)
{
	long long highest = 0;
	size_t count = 0;
	const char *name;
	json_t *w;

	*most = NULL;
	json_object_foreach (r->workloads, name, w) {
		long long net = number_of(json_object_get(w, function), "net");

		count += net > 0;
		if (net <= highest)
			continue;
		highest = net;
		*most = name;
	}
	return count;
}

static bool is_reached(const struct result *r, const char *function)
{
	const char *most;

	return reached_by(r, function, &most) > 0;
}

/* Nothing can have inlined what this kernel has not. */
static bool is_foreign(const json_t *f)
{
	const char *missing = text_of(f, "missing");

	return !strncmp(missing, "of 6.1", 6) || !strncmp(missing, "CONFIG_", 7);
}

static bool is_shown(const struct result *r, const json_t *f)
{
	return !is_reached(r, text_of(f, "function")) && is_reached(r, text_of(f, "shown_by"));
}

/*
 * What stands for a function: itself, what it alone calls, or where it was inlined, over as many
 * steps as it takes. NULL if nothing does.
 */
static const json_t *stand_in(const struct result *r, const json_t *f)
{
	if (is_shown(r, f))
		return json_object_get(r->functions, text_of(f, "shown_by"));
	for (int steps = 0; steps < 8 && f && !is_counted(f); steps++) {
		if (is_foreign(f))
			return NULL;
		f = json_object_get(r->functions, text_of(f, "caller"));
	}
	return is_counted(f) ? f : NULL;
}

static bool is_gap(const struct result *r, const json_t *f)
{
	return is_counted(f) && !is_reached(r, text_of(f, "function")) && !is_shown(r, f);
}

/* ----------------------------------------------------------------- writing */

/* A table's cell must not end early. */
static void cell(FILE *to, const char *text)
{
	fputs(" ", to);
	for (; *text; text++)
		fprintf(to, *text == '|' ? "\\|" : "%c", *text);
	fputs(" |", to);
}

static void write_heading(FILE *to, const struct result *results, size_t count)
{
	fprintf(to,
		"# Which workload reaches which kernel function\n\n"
		"Made by `rmapbench coverage` (`make coverage`) from runs on %zu kernel%s; not "
		"written by hand.\n"
		"The list of functions, with the reason for each, is configs/functions.ini: what "
		"takes or walks an anonymous rmap.\n\n"
		"A call counts as a workload's when it was made by its own processes, or by "
		"kernel threads beyond what they called\n"
		"while the workload `null` stood still for as long; calls of tasks that lived "
		"before do not count. Where the kernel\n"
		"cannot tell who called, only what is clearly beyond the still time counts (half "
		"as "
		"much again, 8 calls at least). One\n"
		"process of each workload, at most 3 samples: the figures say that a path was "
		"taken, not how often.\n\n"
		"| kernel | release | counted by | functions counted | reached | workloads | not "
		"run |\n|---|---|---|--:|--:|--:|--:|\n",
		count, count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++) {
		const struct result *r = &results[i];
		json_t *all = json_object_get(r->list, "functions"), *f;
		size_t counted = 0, gaps = 0, k;

		json_array_foreach (all, k, f) {
			counted += is_counted(f);
			gaps += is_gap(r, f);
		}
		fprintf(to, "| %s | %s | %s%s | %zu | %zu | %zu | %zu |\n", label_of(r),
			text_of(json_object_get(r->run, "kernel"), "release"),
			text_of(r->list, "method"),
			json_is_true(json_object_get(r->list, "attributed")) ? ", by task" : "",
			counted, counted - gaps, json_object_size(r->workloads),
			json_array_size(r->refused));
	}
}

static void write_state(FILE *to, const struct result *r, const char *name)
{
	const json_t *f = json_object_get(r->functions, name), *other = stand_in(r, f);
	const char *most, *missing = text_of(f, "missing");
	size_t n;

	if (!f || (!other && !strncmp(missing, "of 6.1", 6))) {
		fputs(" - |", to);
		return;
	}
	if (!other) {
		cell(to, missing);
		return;
	}
	n = reached_by(r, text_of(other, "function"), &most);
	if (f != other)
		fprintf(to, " %s `%s`:", is_shown(r, f) ? "shown by" : "in",
			text_of(other, "function"));
	if (n)
		fprintf(to, " %zu, `%s` |", n, most);
	else
		fprintf(to, " %s |",
			json_is_null(json_object_get(f, "exception")) ? "**gap**" : "exception");
}

/* The functions of all results, those of the first one first; borrowed. */
static json_t *all_functions(const struct result *results, size_t count)
{
	json_t *all = json_array(), *seen = json_object(), *f;
	size_t k;

	for (size_t i = 0; i < count; i++) {
		json_array_foreach (json_object_get(results[i].list, "functions"), k, f) {
			if (json_object_get(seen, text_of(f, "function")))
				continue;
			json_object_set_new(seen, text_of(f, "function"), json_true());
			json_array_append(all, f);
		}
	}
	json_decref(seen);
	return all;
}

static void write_functions(FILE *to, const struct result *results, size_t count)
{
	json_t *all = all_functions(results, count), *f;
	const char *file = "";
	size_t k;

	fputs("\n## Function by function\n\n"
	      "How many workloads reach it, and the one with the most calls. `in X`: it has no "
	      "symbol of its own there, as the\n"
	      "compiler put it into X, whose calls are shown (they do not prove each branch). "
	      "`shown by X`: X is called by it\n"
	      "alone. `-`: not in that series.\n",
	      to);
	json_array_foreach (all, k, f) {
		if (strcmp(file, text_of(f, "file"))) {
			file = text_of(f, "file");
			fprintf(to, "\n### %s\n\n| function | |", file);
			for (size_t i = 0; i < count; i++)
				cell(to, label_of(&results[i]));
			fputs("\n|---|---|", to);
			for (size_t i = 0; i < count; i++)
				fputs("---|", to);
			fputs("\n", to);
		}
		fprintf(to, "| `%s` |", text_of(f, "function"));
		cell(to, text_of(f, "why"));
		for (size_t i = 0; i < count; i++)
			write_state(to, &results[i], text_of(f, "function"));
		fputs("\n", to);
	}
	json_decref(all);
}

/* " (reached on base by `walk/swapoff`)", where another kernel lets a workload in. */
static void write_elsewhere(FILE *to, const struct result *results, size_t count,
			    const char *function)
{
	const char *most;

	for (size_t i = 0; i < count; i++) {
		if (!reached_by(&results[i], function, &most))
			continue;
		fprintf(to, " (reached on %s by `%s`)", label_of(&results[i]), most);
		return;
	}
}

/* Gaps with an exception, or those without. Returns how many. */
static size_t write_gaps(FILE *to, const struct result *r, bool excepted,
			 const struct result *results, size_t count)
{
	size_t n = 0, k;
	json_t *f;

	json_array_foreach (json_object_get(r->list, "functions"), k, f) {
		const char *exception = text_of(f, "exception");

		if (!is_gap(r, f) || !*exception == excepted)
			continue;
		fprintf(to, "* `%s` (%s): %s", text_of(f, "function"), text_of(f, "file"),
			excepted ? exception : text_of(f, "why"));
		write_elsewhere(to, results, count, text_of(f, "function"));
		fputs("\n", to);
		n++;
	}
	return n;
}

static void write_missing(FILE *to, const struct result *r)
{
	json_t *reasons = json_object(), *f, *names, *name;
	const char *reason;
	size_t k;

	json_array_foreach (json_object_get(r->list, "functions"), k, f) {
		if (is_counted(f))
			continue;
		names = json_object_get(reasons, text_of(f, "missing"));
		if (!names) {
			names = json_array();
			json_object_set_new(reasons, text_of(f, "missing"), names);
		}
		json_array_append(names, json_object_get(f, "function"));
	}
	json_object_foreach (reasons, reason, names) {
		fprintf(to, "* %s:", reason);
		json_array_foreach (names, k, name) {
			fprintf(to, " `%s`", json_string_value(name));
		}
		fputs("\n", to);
	}
	json_decref(reasons);
}

static void write_lists(FILE *to, const struct result *r, const struct result *results,
			size_t count)
{
	json_t *line;
	size_t k;

	fprintf(to, "\n## %s: gaps\n\n", label_of(r));
	if (!write_gaps(to, r, false, results, count))
		fputs("None: every function that is counted and no exception is reached.\n", to);
	fputs("\n### Exceptions\n\n", to);
	if (!write_gaps(to, r, true, results, count))
		fputs("None.\n", to);
	fputs("\n### Not counted there\n\n", to);
	write_missing(to, r);
	fputs("\n### Workloads without a row\n\n", to);
	json_array_foreach (r->refused, k, line) {
		fprintf(to, "* %s\n", json_string_value(line));
	}
	if (!k)
		fputs("None.\n", to);
}

/* ------------------------------------------------------------------ matrix */

static size_t family_length(const char *workload)
{
	return strcspn(workload, "/");
}

static bool in_family(const char *workload, const char *family, size_t length)
{
	return family_length(workload) == length && !strncmp(workload, family, length);
}

/* "120", "120 (ksmd)" where kernel threads or programs of the workload made calls. */
static void write_hits(FILE *to, const json_t *one)
{
	const char *task, *separator = " (";
	json_t *n;

	if (!one) {
		fputs(" |", to);
		return;
	}
	fprintf(to, " %lld", number_of(one, "net"));
	json_object_foreach (json_object_get(one, "by"), task, n) {
		if (!strcmp(task, "self"))
			continue;
		fprintf(to, "%s%s", separator, task);
		separator = ", ";
	}
	fputs(*separator == ',' ? ") |" : " |", to);
}

static bool family_reaches(const struct result *r, const char *family, size_t length,
			   const char *function)
{
	const char *name;
	json_t *w;

	json_object_foreach (r->workloads, name, w) {
		if (in_family(name, family, length) && json_object_get(w, function))
			return true;
	}
	return false;
}

static void write_family(FILE *to, const struct result *r, const char *family)
{
	size_t length = family_length(family), k;
	const char *name;
	json_t *w, *f;

	fprintf(to, "\n### %s, %.*s\n\n| function |", label_of(r), (int)length, family);
	json_object_foreach (r->workloads, name, w) {
		if (in_family(name, family, length))
			cell(to, name[length] ? name + length + 1 : name);
	}
	fputs("\n|---|", to);
	json_object_foreach (r->workloads, name, w) {
		if (in_family(name, family, length))
			fputs("--:|", to);
	}
	fputs("\n", to);
	json_array_foreach (json_object_get(r->list, "functions"), k, f) {
		const char *function = text_of(f, "function");

		if (!family_reaches(r, family, length, function))
			continue;
		fprintf(to, "| `%s` |", function);
		json_object_foreach (r->workloads, name, w) {
			if (in_family(name, family, length))
				write_hits(to, json_object_get(w, function));
		}
		fputs("\n", to);
	}
}

static void write_matrix(FILE *to, const struct result *r)
{
	const char *name, *before = "";
	json_t *w;

	fprintf(to,
		"\n## %s: calls\n\nFunctions that no workload of a family calls are left out of "
		"its "
		"table. In parentheses: kernel threads and\n"
		"programs that made calls for the workload.\n",
		label_of(r));
	/* A family at a time; null makes no call of its own. */
	json_object_foreach (r->workloads, name, w) {
		if (in_family(name, before, family_length(before)) || !json_object_size(w))
			continue;
		write_family(to, r, name);
		before = name;
	}
}

static int write_all(FILE *to, const struct result *results, size_t count)
{
	write_heading(to, results, count);
	for (size_t i = 0; i < count; i++)
		write_lists(to, &results[i], results, count);
	write_functions(to, results, count);
	for (size_t i = 0; i < count; i++)
		write_matrix(to, &results[i]);
	return ferror(to) || fflush(to) ? -1 : 0;
}

/* Whole or not at all. */
static int write_file(const char *path, const struct result *results, size_t count)
{
	char *new = xasprintf("%s.new", path);
	FILE *to = fopen(new, "we");
	int rc = -1;

	if (to) {
		rc = write_all(to, results, count);
		rc |= fclose(to);
		if (!rc)
			rc = rename(new, path);
	}
	if (rc) {
		error("--out %s: %s", path, strerror(errno));
		unlink(new);
	}
	free(new);
	return rc;
}

int coverage_matrix(char *const *files, size_t count, const char *out)
{
	struct result *results = xcalloc(count, sizeof(*results));
	size_t n = 0;
	int rc = 0;

	while (!rc && n < count) {
		rc = read_result(&results[n], files[n]);
		n++;
	}
	if (!rc)
		rc = out ? write_file(out, results, count) : write_all(stdout, results, count);
	for (size_t i = 0; i < n; i++)
		free_result(&results[i]);
	free(results);
	return rc;
}
