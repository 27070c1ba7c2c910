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
	json_object_foreach ((json_t *)object, name, value) {
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

/* One "name=value" of a line. */
struct param {
	const char *name; /* not terminated */
	size_t length;
	long value;
};

/* Returns the rest of the line, or NULL at its end. */
static const char *next(const char *line, struct param *p)
{
	const char *equals;
	char *end;

	*p = (struct param){ 0 };
	while (*line == ' ')
		line++;
	equals = strchr(line, '=');
	if (!equals)
		return NULL;
	p->name = line;
	p->length = equals - line;
	p->value = strtol(equals + 1, &end, 10);
	return end;
}

static bool is_named(const struct param *p, const char *name)
{
	return p->length == strlen(name) && !memcmp(p->name, name, p->length);
}

json_t *params_object(const char *line)
{
	json_t *object = json_object();
	struct param p;

	while ((line = next(line, &p))) {
		char *key = strndup(p.name, p.length);

		json_object_set_new(object, key, json_integer(p.value));
		free(key);
	}
	return object;
}

bool params_get(const char *line, const char *name, long *value)
{
	struct param p;

	while ((line = next(line, &p))) {
		if (is_named(&p, name)) {
			*value = p.value;
			return true;
		}
	}
	return false;
}

static void append(char **line, const struct param *p)
{
	char *longer = xasprintf("%s%s%.*s=%ld", *line, **line ? " " : "", (int)p->length, p->name,
				 p->value);

	free(*line);
	*line = longer;
}

char *params_without(const char *line, const char *name)
{
	char *rest = xstrdup("");
	struct param p;

	while ((line = next(line, &p))) {
		if (!is_named(&p, name))
			append(&rest, &p);
	}
	return rest;
}

static bool is_constant(const struct param *p, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *line = lines[i];
		struct param other;

		do
			line = next(line, &other);
		while (line &&
		       (other.length != p->length || memcmp(other.name, p->name, p->length)));
		if (!line || other.value != p->value)
			return false;
	}
	return true;
}

char *params_part(const char *line, const char *const *lines, size_t count, bool same)
{
	char *part = xstrdup("");
	struct param p;

	while ((line = next(line, &p))) {
		if (is_constant(&p, lines, count) == same)
			append(&part, &p);
	}
	return part;
}

char **params_names(const char *line)
{
	char **names = NULL;
	size_t count = 0;
	struct param p;

	while ((line = next(line, &p))) {
		array_grow(names, count);
		names[count++] = strndup(p.name, p.length);
	}
	array_grow(names, count);
	names[count] = NULL;
	return names;
}

int params_compare(const char *a, const char *b)
{
	const char *rest_a = a, *rest_b = b;
	struct param x, y;

	for (;;) {
		rest_a = next(rest_a, &x);
		rest_b = next(rest_b, &y);
		if (!rest_a || !rest_b)
			return !!rest_a - !!rest_b;
		if (x.length != y.length || memcmp(x.name, y.name, x.length))
			return strcmp(a, b);
		if (x.value != y.value)
			return x.value < y.value ? -1 : 1;
	}
}
