// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/repeat.h"

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"

enum { MOST_DIFFERENCES = 5 };

/* What the host writes into the run record of a guest. */
static const char *const host_fields[] = { "label", "boot_id", "block", "start", "mode", "guest" };

/* The next whole line as a record; NULL at the end, or where the file is cut. */
static json_t *next_record(FILE *f)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, f);
	json_t *record = NULL;

	if (n > 0 && line[n - 1] == '\n')
		record = json_loadb(line, n, 0, NULL);
	free(line);
	return record;
}

static const char *record_type(const json_t *record)
{
	const char *type = json_string_value(json_object_get(record, "record"));

	return type ? type : "";
}

static enum file_state file_state(const char *path)
{
	FILE *f = fopen(path, "re");
	enum file_state state = FILE_CUT;
	json_t *record;

	while (f && (record = next_record(f))) {
		if (!strcmp(record_type(record), "boot_failed"))
			state = FILE_FAILED;
		else if (state == FILE_CUT && !strcmp(record_type(record), "end"))
			state = FILE_WHOLE;
		json_decref(record);
	}
	if (f)
		fclose(f);
	return state;
}

enum file_state record_file_of(const char *folder, char **path)
{
	char *pattern = xasprintf("%s/*.jsonl", folder);
	enum file_state state = FILE_NONE;
	glob_t g;

	*path = NULL;
	if (!glob(pattern, 0, NULL, &g)) {
		*path = xstrdup(g.gl_pathv[g.gl_pathc - 1]);
		state = file_state(*path);
		globfree(&g);
	}
	free(pattern);
	return state;
}

/* ------------------------------------------------------------------ compare */

struct differences {
	FILE *to;
	int count;
	char place[256]; /* record that is looked at */
};

static char *brief(const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	if (!text)
		return xstrdup("nothing");
	if (strlen(text) > 60)
		strcpy(text + 57, "...");
	return text;
}

static void note(struct differences *d, const char *path, const json_t *a, const json_t *b)
{
	char *x, *y;

	if (d->count++ >= MOST_DIFFERENCES)
		return;
	x = brief(a);
	y = brief(b);
	fprintf(d->to, "  %s%s: %s, then %s\n", d->place, path, x, y);
	free(x);
	free(y);
}

static void walk(struct differences *d, const char *path, json_t *a, json_t *b)
{
	const char *key;
	json_t *value;
	size_t i;

	if (a && b && json_equal(a, b))
		return;
	if (json_is_object(a) && json_is_object(b)) {
		json_object_foreach (a, key, value) {
			char *deeper = xasprintf("%s.%s", path, key);

			walk(d, deeper, value, json_object_get(b, key));
			free(deeper);
		}
		json_object_foreach (b, key, value) {
			if (!json_object_get(a, key))
				note(d, path, NULL, value);
		}
		return;
	}
	if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b)) {
		json_array_foreach (a, i, value) {
			char *deeper = xasprintf("%s[%zu]", path, i);

			walk(d, deeper, value, json_array_get(b, i));
			free(deeper);
		}
		return;
	}
	note(d, path, a, b);
}

/* "samples of fork/vmas {"vmas":64} fork, process 1" */
static void name_record(struct differences *d, const json_t *record)
{
	const char *workload = json_string_value(json_object_get(record, "workload"));
	const char *metric = json_string_value(json_object_get(record, "metric"));
	const json_t *params = json_object_get(record, "params");
	char *text = params ? json_dumps(params, JSON_COMPACT) : NULL;

	snprintf(d->place, sizeof(d->place), "%s%s%s%s%s%s%s", record_type(record),
		 workload ? " of " : "", workload ? workload : "", text ? " " : "",
		 text ? text : "", metric ? " " : "", metric ? metric : "");
	free(text);
}

static void drop_host_fields(json_t *record)
{
	if (!record || strcmp(record_type(record), "run"))
		return;
	for (size_t i = 0; i < sizeof(host_fields) / sizeof(host_fields[0]); i++)
		json_object_del(record, host_fields[i]);
}

static void compare_records(struct differences *d, FILE *first, FILE *second)
{
	for (;;) {
		json_t *a = next_record(first), *b = next_record(second);

		if (!a && !b)
			return;
		drop_host_fields(a);
		drop_host_fields(b);
		name_record(d, a ? a : b);
		if (a && b && !strcmp(record_type(a), record_type(b)))
			walk(d, "", a, b);
		else
			note(d, "", a, b);
		json_decref(a);
		json_decref(b);
	}
}

int repeat_compare(const char *first, const char *second, char **difference)
{
	FILE *a = fopen(first, "re"), *b = a ? fopen(second, "re") : NULL;
	struct differences d = { 0 };
	size_t size;

	*difference = NULL;
	if (!a || !b) {
		error("%s: %s", a ? second : first, strerror(errno));
		if (a)
			fclose(a);
		return -1;
	}
	d.to = open_memstream(difference, &size);
	if (!d.to)
		die(1, "out of memory; free some and run again");
	compare_records(&d, a, b);
	if (d.count > MOST_DIFFERENCES)
		fprintf(d.to, "  and %d more\n", d.count - MOST_DIFFERENCES);
	fclose(d.to);
	fclose(a);
	fclose(b);
	return d.count ? 1 : 0;
}

/* -------------------------------------------------------------------- mode */

static int copy_with_mode(FILE *from, FILE *to, const char *mode)
{
	char block[65536];
	json_t *first = next_record(from);
	char *text;
	size_t n;
	int failed;

	if (!first) {
		errno = EINVAL;
		return -1;
	}
	/* Or the boot failed before it had one. */
	if (!strcmp(record_type(first), "run"))
		json_object_set_new(first, "mode", json_string(mode));
	text = json_dumps(first, JSON_COMPACT);
	json_decref(first);
	failed = fprintf(to, "%s\n", text) < 0;
	free(text);
	while (!failed && (n = fread(block, 1, sizeof(block), from)))
		failed = fwrite(block, 1, n, to) != n;
	return failed || ferror(from) || fflush(to) || fsync(fileno(to)) ? -1 : 0;
}

int repeat_set_mode(const char *path, const char *mode)
{
	char *fresh = xasprintf("%s.new", path);
	FILE *from = fopen(path, "re"), *to = from ? fopen(fresh, "we") : NULL;
	int rc = -1;

	if (to)
		rc = copy_with_mode(from, to, mode);
	if (to && fclose(to))
		rc = -1;
	if (from)
		fclose(from);
	if (!rc)
		rc = rename(fresh, path);
	if (rc) {
		error("%s: noting that its mode is %s: %s", path, mode, strerror(errno));
		unlink(fresh);
	}
	free(fresh);
	return rc;
}
