// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *params_line(const json_t *object)
{
	const char **names, *name;
	size_t n = 0;
	json_t *value;
	char *line;

	if (!json_is_object(object))
		return NULL;
	names = xcalloc(json_object_size(object), sizeof(*names));
	json_object_foreach((json_t *)object, name, value) {
		if (!json_is_integer(value)) {
			free(names);
			return NULL;
		}
		names[n++] = name;
	}
	qsort(names, n, sizeof(*names), by_name);
	line = xstrdup("");
	for (size_t i = 0; i < n; i++) {
		value = json_object_get(object, names[i]);
		char *longer = xasprintf("%s%s%s=%lld", line, i ? " " : "", names[i],
		                         (long long)json_integer_value(value));

		free(line);
		line = longer;
	}
	free(names);
	return line;
}

/* One "name=value" of a line; returns the rest, or NULL at the end. */
static const char *next(const char *line, const char **name, size_t *length, long *value)
{
	const char *equals;
	char *end;

	while (*line == ' ')
		line++;
	equals = strchr(line, '=');
	if (!equals)
		return NULL;
	*name = line;
	*length = equals - line;
	*value = strtol(equals + 1, &end, 10);
	return end;
}

json_t *params_object(const char *line)
{
	json_t *object = json_object();
	const char *name;
	size_t length;
	long value;

	while ((line = next(line, &name, &length, &value))) {
		char *key = strndup(name, length);

		json_object_set_new(object, key, json_integer(value));
		free(key);
	}
	return object;
}

bool params_get(const char *line, const char *wanted, long *value)
{
	const char *name;
	size_t length;

	while ((line = next(line, &name, &length, value))) {
		if (length == strlen(wanted) && !memcmp(name, wanted, length))
			return true;
	}
	return false;
}

static void append(char **line, const char *name, size_t length, long value)
{
	char *longer = xasprintf("%s%s%.*s=%ld", *line, **line ? " " : "", (int)length, name, value);

	free(*line);
	*line = longer;
}

char *params_without(const char *line, const char *unwanted)
{
	char *rest = xstrdup("");
	const char *name;
	size_t length;
	long value;

	while ((line = next(line, &name, &length, &value))) {
		if (length != strlen(unwanted) || memcmp(name, unwanted, length))
			append(&rest, name, length, value);
	}
	return rest;
}

char *params_part(const char *line, const char *const *lines, size_t count, bool same)
{
	char *part = xstrdup("");
	const char *name;
	size_t length;
	long value;

	while ((line = next(line, &name, &length, &value))) {
		char *key = strndup(name, length);
		bool constant = true;
		long other;

		for (size_t i = 0; i < count && constant; i++)
			constant = params_get(lines[i], key, &other) && other == value;
		if (constant == same)
			append(&part, name, length, value);
		free(key);
	}
	return part;
}

char **params_names(const char *line)
{
	char **names = NULL;
	size_t count = 0, length;
	const char *name;
	long value;

	while ((line = next(line, &name, &length, &value))) {
		array_grow(names, count);
		names[count++] = strndup(name, length);
	}
	array_grow(names, count);
	names[count] = NULL;
	return names;
}

int params_compare(const char *a, const char *b)
{
	const char *name_a, *name_b, *rest_a = a, *rest_b = b;
	size_t length_a, length_b;
	long value_a, value_b;

	for (;;) {
		rest_a = next(rest_a, &name_a, &length_a, &value_a);
		rest_b = next(rest_b, &name_b, &length_b, &value_b);
		if (!rest_a || !rest_b)
			return !!rest_a - !!rest_b;
		if (length_a != length_b || memcmp(name_a, name_b, length_a))
			return strcmp(a, b);
		if (value_a != value_b)
			return value_a < value_b ? -1 : 1;
	}
}
