// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of all figures, one row for each kernel beside the base. The page's script sorts it by
 * data-v and filters it by the row's data-*; without the script it is whole and in the order of
 * `compare`.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/objects.h"
#include "analysis/report.h"
#include "analysis/table.h"
#include "analysis/units.h"

static const struct {
	const char *name, *help;
	bool number;
} columns[] = {
	{ "workload", "", false },
	{ "parameters", "", false },
	{ "metric", "", false },
	{ "kernel", "compared with the base", false },
	{ "verdict", "", false },
	{ "change %", "new / base - 1", true },
	{ "95% low", "interval of the change", true },
	{ "95% high", "interval of the change", true },
	{ "base", "geometric mean over boots", true },
	{ "new", "geometric mean over boots", true },
	{ "unit", "", false },
	{ "sdc %", "smallest change that so many boots would show in 4 of 5 tries", true },
	{ "n", "boots a side, or pairs", true },
	{ "p", "adjusted for the number of metrics", true },
	{ "figures", "kind of figures", false },
};

static void put_number(FILE *to, double v, const char *text)
{
	fprintf(to, "<td class=\"n\" data-v=\"");
	if (isfinite(v))
		fprintf(to, "%.9g", v);
	fprintf(to, "\">");
	html_text(to, text);
	fprintf(to, "</td>");
}

/* Which direction a row's verdict goes, for its colour; "different" has one too. */
static const char *class_of(const struct row *r)
{
	bool less = r->e.new < r->e.base;

	if (r->verdict == BETTER)
		return "better";
	if (r->verdict == WORSE)
		return "worse";
	if (r->verdict == DIFFERENT)
		return less == r->lower_is_better ? "better" : "worse";
	return "";
}

static void put_metric(FILE *to, const struct row *r)
{
	fprintf(to, "<td>");
	html_printf(to, "%s%s%s%s%s%s", r->metric, r->slab_base ? " " : "",
		    r->slab_base ? r->slab_base->point : "", r->slab_base ? ", " : "",
		    r->slab_base ? slab_figure_name(r->figure) : "",
		    r->statistic == P99 ? " p99" : "");
	fprintf(to, "%s</td>", r->primary ? " (primary)" : "");
}

static void put_row(FILE *to, const struct comparison *c, const struct row *r)
{
	struct scale scale = scale_for(r->unit, fmax(fabs(r->e.base), fabs(r->e.new)));
	struct section s = { .common = (char *)"", .scale = scale.divisor };
	struct cells k = row_cells(c, &s, r);
	char p[16] = "-";

	if (isfinite(r->p_adjusted) && !r->exact)
		snprintf(p, sizeof(p), "%.2g", r->p_adjusted);
	fprintf(to, "<tr data-verdict=\"%s\" data-kernel=\"", k.verdict);
	html_text(to, c->new->label);
	fprintf(to, "\">");
	html_cell(to, "th scope=\"row\"", r->workload);
	html_cell(to, "td", k.name);
	put_metric(to, r);
	html_cell(to, "td", c->new->label);
	fprintf(to, "<td class=\"%s\">%s%s%s</td>", class_of(r), k.verdict,
		r->verdict == DIFFERENT ? ", " : "", r->verdict == DIFFERENT ? class_of(r) : "");
	put_number(to, r->e.ratio - 1, k.change);
	put_number(to, r->exact ? NAN : r->e.low - 1, k.low);
	put_number(to, r->exact ? NAN : r->e.high - 1, r->exact ? "exact" : k.high);
	put_number(to, r->e.base, k.base);
	put_number(to, r->e.new, k.new);
	fprintf(to, "<td>");
	html_printf(to, "%s%s%s", scale.prefix, scale.unit ? scale.unit : r->unit,
		    r->lower_is_better ? "" : ", higher is better");
	fprintf(to, "</td>");
	put_number(to, r->exact ? NAN : r->e.smallest, r->exact ? "-" : k.smallest);
	put_number(to, r->e.n_new, k.boots);
	put_number(to, r->exact ? NAN : r->p_adjusted, p);
	html_cell(to, "td", r->how);
	fprintf(to, "</tr>\n");
}

static void put_controls(FILE *to)
{
	fprintf(to, "<form class=\"controls\" id=\"controls\" hidden>\n"
		    "<label>words in a row<input type=\"search\" id=\"words\"></label>\n"
		    "<label>verdict<select id=\"verdict\"><option value=\"\">all</option></select>"
		    "</label>\n"
		    "<label>kernel<select id=\"kernel\"><option value=\"\">all</option></select>"
		    "</label>\n"
		    "<button type=\"reset\">show all</button>\n"
		    "<output id=\"shown\" aria-live=\"polite\"></output>\n"
		    "</form>\n");
}

void report_verdicts(const struct report *r)
{
	FILE *to = r->to;

	fprintf(to, "<h2 id=\"figures\">All figures</h2>\n<ul>\n");
	for (const char *const *line = table_legend; *line; line++) {
		if (strncmp(*line, "slab bytes", 10)) {
			html_cell(to, "li", *line);
			fputc('\n', to);
		}
	}
	fprintf(to, "<li>margin of no-change: +-%g%%</li>\n</ul>\n",
		r->comparisons[0]->margin * 100);
	put_controls(to);
	html_table(to, "verdicts", "All figures");
	fprintf(to, "<thead><tr>");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		fprintf(to, "<th scope=\"col\"%s", columns[i].number ? " class=\"n\"" : "");
		if (*columns[i].help)
			fprintf(to, " title=\"%s\"", columns[i].help);
		fprintf(to, ">%s</th>", columns[i].name);
	}
	fprintf(to, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i + 1 < r->count; i++) {
		const struct comparison *c = r->comparisons[i];

		for (size_t k = 0; k < c->count; k++)
			put_row(to, c, &c->rows[k]);
	}
	fprintf(to, "</tbody></table></div>\n");
}
