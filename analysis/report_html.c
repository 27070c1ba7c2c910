// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdlib.h>

#include "analysis/report.h"

void html_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", to);
			break;
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		case '\'':
			fputs("&#39;", to);
			break;
		default:
			fputc(*text, to);
		}
	}
}

void html_printf(FILE *to, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort(); /* out of memory */
	va_end(args);
	html_text(to, text);
	free(text);
}

void html_cell(FILE *to, const char *element, const char *text)
{
	fprintf(to, "<%s>", element);
	html_text(to, text);
	fprintf(to, "</%s>", element);
}

void html_table(FILE *to, const char *id, const char *what)
{
	fprintf(to, "<div class=\"box\" role=\"region\" tabindex=\"0\" aria-label=\"");
	html_text(to, what);
	fprintf(to, "\"><table id=\"%s\">\n", id);
}
