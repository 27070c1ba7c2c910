// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/resume.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error.h"

static char *key_of(const char *workload, const json_t *params, const char *pass, long process)
{
	char *text = json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS);
	char *key = xasprintf("%s %s %s %ld", workload, text, pass, process);

	free(text);
	return key;
}

static const char *string(const json_t *record, const char *key)
{
	const char *s = json_string_value(json_object_get(record, key));

	return s ? s : "";
}

static void see(struct resume *r, const json_t *record)
{
	const char *type = string(record, "record");
	char *key;

	if (!strcmp(type, "end"))
		r->complete = true;
	if (strcmp(type, "process"))
		return;
	key = key_of(string(record, "workload"), json_object_get(record, "params"),
		     string(record, "pass"),
		     json_integer_value(json_object_get(record, "process")));
	json_object_set_new(r->done, key, json_true());
	free(key);
}

static void read_one(struct resume *r, const char *path, const char *hash)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	bool ours = false;

	while (f && (n = getline(&line, &size, f)) > 0 && line[n - 1] == '\n') {
		json_t *record = json_loadb(line, n, 0, NULL);

		if (!strcmp(string(record, "record"), "run")) {
			ours = !strcmp(string(json_object_get(record, "config"), "hash"), hash);
			if (ours) {
				free(r->file);
				r->file = xstrdup(strrchr(path, '/') + 1);
				r->complete = false;
				/* A run that started anew owes all of it again. */
				if (!json_object_get(record, "resumes"))
					json_object_clear(r->done);
			}
		} else if (ours) {
			see(r, record);
		}
		json_decref(record);
	}
	free(line);
	if (f)
		fclose(f);
}

static int is_record_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".jsonl");
}

int resume_read(struct resume *r, const char *out, const char *label, const char *boot_id,
		const char *plan_hash)
{
	char *folder = xasprintf("%s/%s/%s", out, label, boot_id), *path;
	struct dirent **files = NULL;
	int n = scandir(folder, &files, is_record_file, alphasort);

	*r = (struct resume){ .done = json_object() };
	/* Names start with the time, so this is their order. */
	for (int i = 0; i < n; i++) {
		path = xasprintf("%s/%s", folder, files[i]->d_name);
		read_one(r, path, plan_hash);
		free(path);
		free(files[i]);
	}
	free(files);
	if (!r->file)
		error("--resume: %s: no run of this plan in this boot; leave --resume out to start "
		      "one",
		      folder);
	free(folder);
	if (r->file)
		return 0;
	resume_free(r);
	return -1;
}

void resume_free(struct resume *r)
{
	free(r->file);
	json_decref(r->done);
	*r = (struct resume){ 0 };
}

bool resume_has(const struct resume *r, const char *workload, const json_t *params,
		const char *pass, long process)
{
	char *key;
	bool has;

	if (!r->done)
		return false;
	key = key_of(workload, params, pass, process);
	has = json_object_get(r->done, key) != NULL;
	free(key);
	return has;
}
