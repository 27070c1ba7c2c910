// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Markdown with pipe tables, one a metric.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/table.h"

/* Text from records: no pipe may end a cell, no character may start markup. */
static void put(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (strchr("|*_`<>[]\\#", *text))
			fputc('\\', to);
		fputc(*text == '\n' ? ' ' : *text, to);
	}
}

static void write_row(FILE *to, const struct comparison *c, const struct section *s,
		      const struct row *r)
{
	struct cells k = row_cells(c, s, r);

	fprintf(to, "| ");
	put(to, k.name);
	fprintf(to, " | %s | %s | %s | ", k.base, k.new, k.change);
	if (r->exact || !strcmp(k.low, "-"))
		fprintf(to, "%s", k.low);
	else
		fprintf(to, "%s .. %s", k.low, k.high);
	fprintf(to, " | %s | %s | %s%s%s |\n", k.smallest, k.boots, r->verdict == WORSE ? "**" : "",
		k.verdict, r->verdict == WORSE ? "**" : "");
}

static void write_section(FILE *to, const struct comparison *c, const struct section *s)
{
	const struct row *r = &c->rows[s->first];

	if (s->new_how) {
		char *how = how_summary(c, r->how);

		fprintf(to, "\nFigures: ");
		put(to, how);
		fprintf(to, "\n");
		free(how);
	}
	if (s->new_workload) {
		fprintf(to, "\n### ");
		put(to, r->workload);
		fprintf(to, "%s\n", r->slab_base ? ": slab growth since its start" : "");
		if (*s->common) {
			fprintf(to, "\nwith ");
			put(to, s->common);
			fprintf(to, "\n");
		}
	}
	fprintf(to, "\n| ");
	put(to, s->heading);
	fputs(" | base | new | change | 95% | sdc% | n | verdict |\n"
	      "|:--|--:|--:|--:|:-:|--:|--:|:--|\n",
	      to);
	for (size_t i = s->first; i < s->last; i++)
		write_row(to, c, s, &c->rows[i]);
}

static void write_comparison(FILE *to, const struct comparison *c)
{
	char *base = side_summary(c->base), *new = side_summary(c->new), *sum = verdict_summary(c);
	size_t count;
	struct section *sections = sections_of(c, &count);

	fprintf(to, "## ");
	put(to, c->new->label);
	fprintf(to, " against ");
	put(to, c->base->label);
	fprintf(to, "\n\n- base: ");
	put(to, base);
	fprintf(to, "\n- new: ");
	put(to, new);
	fprintf(to, "\n- verdicts: %s\n", sum);
	for (size_t i = 0; i < count; i++)
		write_section(to, c, &sections[i]);
	if (c->notes.count)
		fprintf(to, "\nNotes\n\n");
	for (size_t i = 0; i < c->notes.count; i++) {
		fprintf(to, "- ");
		put(to, c->notes.lines[i]);
		fprintf(to, "\n");
	}
	sections_free(sections, count);
	free(base);
	free(new);
	free(sum);
}

static void write_markdown(FILE *to, struct comparison *const *c, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		write_comparison(to, c[i]);
		fprintf(to, "\n");
	}
	fprintf(to, "Columns\n\n");
	for (const char *const *line = table_legend; *line; line++) {
		fprintf(to, "- ");
		put(to, *line);
		fprintf(to, "\n");
	}
	fprintf(to, "- margin of no-change: +-%g%%\n", c[0]->margin * 100);
}

const struct format format_markdown = { "markdown", ".md", write_markdown };
