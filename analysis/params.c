// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/params.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A text without the characters that a line is made of: they become %20 and the like. */
static char *escape(const char *text)
{
	char *escaped = xcalloc(3 * strlen(text) + 1, 1), *to = escaped;

	for (; *text; text++) {
		if (strchr(" =%", *text) || iscntrl((unsigned char)*text))
			to += sprintf(to, "%%%02X", (unsigned char)*text);
		else
			*to++ = *text;
	}
	return escaped;
}

static char *unescape(const char *text, size_t length)
{
	char *plain = xcalloc(length + 1, 1), *to = plain;
	unsigned int code;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '%' && sscanf(text + i + 1, "%2X", &code) == 1) {
			*to++ = code;
			i += 2;
		} else {
			*to++ = text[i];
		}
	}
	return plain;
}

static char *value_text(const json_t *value)
{
	if (json_is_integer(value))
		return xasprintf("%lld", (long long)json_integer_value(value));
	return json_is_string(value) ? escape(json_string_value(value)) : NULL;
}

char *params_line(const json_t *object)
{
	const char **names, *name;
	char *line = xstrdup("");
	size_t n = 0;
	json_t *value;

	if (!json_is_object(object)) {
		free(line);
		return NULL;
	}
	names = xcalloc(json_object_size(object), sizeof(*names));
	json_object_foreach ((json_t *)object, name, value) {
		names[n++] = name;
	}
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n && line; i++) {
		char *text = value_text(json_object_get(object, names[i]));
		char *longer =
			text ? xasprintf("%s%s%s=%s", line, i ? " " : "", names[i], text) : NULL;

		free(text);
		free(line);
		line = longer;
	}
	free(names);
	return line;
}

/* One "name=value" of a line; neither is terminated. */
struct param {
	const char *name, *text;
	size_t length, text_length;
	bool is_number;
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
	p->text = equals + 1;
	p->text_length = strcspn(p->text, " ");
	p->value = strtol(p->text, &end, 10);
	p->is_number = p->text_length && end == p->text + p->text_length;
	return p->text + p->text_length;
}

static bool same_value(const struct param *a, const struct param *b)
{
	return a->text_length == b->text_length && !memcmp(a->text, b->text, a->text_length);
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

		char *text = unescape(p.text, p.text_length);

		json_object_set_new(object, key,
				    p.is_number ? json_integer(p.value) : json_string(text));
		free(text);
		free(key);
	}
	return object;
}

bool params_get(const char *line, const char *name, long *value)
{
	struct param p;

	while ((line = next(line, &p))) {
		if (is_named(&p, name) && p.is_number) {
			*value = p.value;
			return true;
		}
	}
	return false;
}

static void append(char **line, const struct param *p)
{
	char *longer = xasprintf("%s%s%.*s=%.*s", *line, **line ? " " : "", (int)p->length, p->name,
				 (int)p->text_length, p->text);

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
		if (!line || !same_value(&other, p))
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
		if (same_value(&x, &y))
			continue;
		if (!x.is_number || !y.is_number)
			return strcmp(x.text, y.text);
		return x.value < y.value ? -1 : 1;
	}
}
