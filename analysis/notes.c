// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static void add_owned(struct notes *n, char *line)
{
	for (size_t i = 0; i < n->count; i++) {
		if (!strcmp(n->lines[i], line)) {
			free(line);
			return;
		}
	}
	array_grow(n->lines, n->count);
	n->lines[n->count++] = line;
}

void notes_add(struct notes *n, const char *format, ...)
{
	va_list args;
	char *line;

	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		abort();
	va_end(args);
	add_owned(n, line);
}

void notes_join(struct notes *n, const struct notes *from)
{
	for (size_t i = 0; i < from->count; i++)
		add_owned(n, xstrdup(from->lines[i]));
}

void notes_free(struct notes *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->lines[i]);
	free(n->lines);
	*n = (struct notes){ 0 };
}
