// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plain text for a terminal or a mail, at most 72 columns wide.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/table.h"

enum { COLUMNS = 72, NAME = 14 };

/* Wraps at spaces; a word longer than a line stands alone. Continuation lines get `indent`. */
static void wrap(FILE *to, const char *first, const char *indent, const char *text)
{
	size_t column = fprintf(to, "%s", first);
	bool fresh = true;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (!fresh && column + 1 + word > COLUMNS) {
			fprintf(to, "\n");
			column = fprintf(to, "%s", indent);
			fresh = true;
		}
		column += fprintf(to, "%s%.*s", fresh ? "" : " ", (int)word, text);
		fresh = false;
		text += word;
		if (*text == '\n') {
			fprintf(to, "\n");
			column = fprintf(to, "%s", indent);
			fresh = true;
		}
		if (*text)
			text++;
	}
	fprintf(to, "\n");
}

static void write_row(FILE *to, const struct comparison *c, const struct section *s,
		      const struct row *r, const char *heading)
{
	struct cells k = row_cells(c, s, r);
	char name[NAME + 1];

	if (strlen(k.name) > NAME - 2) {
		wrap(to, "  ", "    ", k.name);
		*k.name = '\0';
	}
	snprintf(name, sizeof(name), "%s%.*s", heading ? " " : "  ", NAME - 2,
		 heading ? heading : k.name);
	fprintf(to, "%-*s%9s%9s%7s", NAME, name, k.base, k.new, k.change);
	if (r->exact)
		fprintf(to, "%12s%5s", k.low, "-");
	else
		fprintf(to, "%6s%6s%5s", k.low, k.high, k.smallest);
	fprintf(to, "%*s %s\n", strlen(k.boots) > 3 ? 6 : 3, k.boots, k.verdict);
}

static void write_section(FILE *to, const struct comparison *c, const struct section *s)
{
	const struct row *r = &c->rows[s->first];

	if (s->new_how) {
		char *how = how_summary(c, r->how);

		fprintf(to, "\n");
		wrap(to, "figures: ", "         ", how);
		free(how);
	}
	if (s->new_workload) {
		fprintf(to, "\n%s%s", r->workload,
			r->slab_base ? ": slab growth since its start" : "");
		if (*s->common)
			wrap(to, ", ", "    ", s->common);
		else
			fprintf(to, "\n");
		fprintf(to, "  %-*s%9s%9s%7s%12s%5s%3s %s\n", NAME - 2, "", "base", "new", "change",
			"95%", "sdc%", "n", "verdict");
	}
	/* A metric without a sweep takes one line where it fits. */
	if (s->last - s->first == 1 && strlen(s->heading) < NAME - 1) {
		write_row(to, c, s, &c->rows[s->first], s->heading);
		return;
	}
	fprintf(to, " %s\n", s->heading);
	for (size_t i = s->first; i < s->last; i++)
		write_row(to, c, s, &c->rows[i], NULL);
}

static void write_comparison(FILE *to, const struct comparison *c)
{
	char *base = side_summary(c->base), *new = side_summary(c->new), *sum = verdict_summary(c);
	size_t count;
	struct section *sections = sections_of(c, &count);

	wrap(to, "base: ", "      ", base);
	wrap(to, "new:  ", "      ", new);
	for (size_t i = 0; i < count; i++)
		write_section(to, c, &sections[i]);
	fprintf(to, "\n");
	wrap(to, "", "  ", sum);
	if (c->notes.count)
		fprintf(to, "\nNotes\n");
	for (size_t i = 0; i < c->notes.count; i++)
		wrap(to, "- ", "  ", c->notes.lines[i]);
	sections_free(sections, count);
	free(base);
	free(new);
	free(sum);
}

static void write_text(FILE *to, struct comparison *const *c, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			fprintf(to, "\n");
		write_comparison(to, c[i]);
	}
	fprintf(to, "\nColumns\n");
	for (const char *const *line = table_legend; *line; line++)
		wrap(to, "- ", "  ", *line);
	fprintf(to, "- margin of no-change: +-%g%%\n", c[0]->margin * 100);
}

const struct format format_text = { "text", ".txt", write_text };
