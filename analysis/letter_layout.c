// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/letter.h"
#include "analysis/objects.h"
#include "analysis/table.h"
#include "analysis/units.h"

void letter_heading(const struct letter *l, const char *text)
{
	fprintf(l->to, "\n%s\n", text);
	for (size_t i = 0; i < strlen(text); i++)
		fputc('-', l->to);
	fputc('\n', l->to);
}

void letter_wrap(const struct letter *l, const char *first, const char *indent, const char *format,
		 ...)
{
	size_t column = fprintf(l->to, "%s", first), width = strlen(indent);
	const char *text;
	char *whole = NULL;
	bool fresh = true;
	va_list args;

	va_start(args, format);
	if (vasprintf(&whole, format, args) < 0)
		abort(); /* out of memory */
	va_end(args);
	for (text = whole + strspn(whole, " \n"); *text; text += strspn(text, " \n")) {
		size_t word = strcspn(text, " \n");

		if (!fresh && column + 1 + word > LETTER_COLUMNS) {
			column = fprintf(l->to, "\n%s", indent) - 1;
			fresh = true;
		}
		if (column + word > LETTER_COLUMNS && column == width)
			word = LETTER_COLUMNS - width;
		else if (column + word > LETTER_COLUMNS)
			word = column < LETTER_COLUMNS ? LETTER_COLUMNS - column : 1;
		column += fprintf(l->to, "%s%.*s", fresh ? "" : " ", (int)word, text);
		fresh = false;
		text += word;
		if (*text && *text != ' ' && *text != '\n') {
			column = fprintf(l->to, "\n%s", indent) - 1;
			fresh = true;
		}
	}
	fputc('\n', l->to);
	free(whole);
}

char *letter_ascii(const char *text)
{
	char *copy = xcalloc(strlen(text) + 1, 1), *to = copy;

	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if ((*c & 0xc0) == 0x80)
			continue; /* the rest of a character that is '?' already */
		while (*c == '\n' && to > copy && to[-1] == ' ')
			to--;
		*to++ = (*c >= ' ' && *c < 0x7f) || *c == '\n' ? *c : '?';
	}
	return copy;
}

const char *letter_fit(char *to, size_t size, const char *text, int width)
{
	if ((int)strlen(text) <= width)
		snprintf(to, size, "%s", text);
	else
		snprintf(to, size, "%.*s~", width - 1, text);
	return to;
}

/* ------------------------------------------------------------- what rows say */

int row_direction(const struct row *r)
{
	if (r->verdict == BETTER)
		return 1;
	if (r->verdict == WORSE)
		return -1;
	if (r->verdict != DIFFERENT || r->e.new == r->e.base)
		return 0;
	return (r->e.new < r->e.base) == r->lower_is_better ? 1 : -1;
}

const char *row_word(const struct row *r)
{
	switch (r->verdict) {
	case NO_CHANGE:
	case IDENTICAL:
		return "same";
	case INCONCLUSIVE:
		return "?";
	case NO_INTERVAL:
		return "-";
	default:
		return row_direction(r) > 0 ? "better" : "worse";
	}
}

double row_effect(const struct row *r)
{
	if (r->e.base == r->e.new)
		return 0;
	return isnan(r->e.ratio) || r->e.ratio <= 0 ? INFINITY : fabs(log(r->e.ratio));
}

char *row_title(const struct comparison *c, const struct row *r)
{
	struct section all = { .common = "", .scale = 1 };
	struct cells k = row_cells(c, &all, r);

	return xasprintf("%s %s%s%s%s%s%s", r->workload, r->metric, r->slab_base ? " " : "",
			 r->slab_base ? slab_figure_name(r->figure) : "",
			 r->statistic == P99 ? " p99" : "", *k.name ? ", " : "", k.name);
}

char *row_change(const struct comparison *c, const struct row *r)
{
	double small = fmin(fabs(r->e.base), fabs(r->e.new));
	struct scale scale = scale_for(r->unit, small > 0 ? small : fmax(r->e.base, r->e.new));
	struct section s = { .common = "", .scale = scale.divisor };
	struct cells k = row_cells(c, &s, r);
	const char *unit = scale.unit ? scale.unit : r->unit;
	const char *percent = strcmp(k.change, "-") ? "%" : "";

	if (r->exact)
		return xasprintf("%s%s (%s -> %s %s%s, exact)", k.change, percent, k.base, k.new,
				 scale.prefix, unit);
	if (isnan(r->e.low))
		return xasprintf("%s%s (%s -> %s %s%s, n=%s, no interval)", k.change, percent,
				 k.base, k.new, scale.prefix, unit, k.boots);
	return xasprintf("%s%s (95%% %s to %s; %s -> %s %s%s, n=%s)", k.change, percent, k.low,
			 k.high, k.base, k.new, scale.prefix, unit, k.boots);
}
