// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of measured figures: the base and up to LETTER_GROUP kernels beside it in columns.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/letter.h"
#include "analysis/params.h"
#include "analysis/table.h"
#include "analysis/units.h"

/* A figure of the base and of each kernel of the group; NULL where one has it not. */
struct line {
	const struct row *of[LETTER_GROUP], *any;
};

struct table {
	const struct letter *l;
	struct comparison *const *c;
	size_t kernels; /* beside the base */
	struct line *lines;
	size_t count;
	size_t left_out;
};

typedef bool (*row_filter)(const struct row *r);

static bool same_text(const char *a, const char *b)
{
	return (!a && !b) || (a && b && !strcmp(a, b));
}

static bool same_workload(const struct row *a, const struct row *b)
{
	return !strcmp(a->how, b->how) && !strcmp(a->workload, b->workload);
}

static bool same_section(const struct row *a, const struct row *b)
{
	return same_workload(a, b) && !strcmp(a->metric, b->metric) && !strcmp(a->unit, b->unit) &&
	       a->kind == b->kind && a->statistic == b->statistic;
}

static bool same_figure(const struct row *a, const struct row *b)
{
	return same_section(a, b) && !strcmp(a->params, b->params) &&
	       same_text(a->machine, b->machine);
}

/* A figure that the kernels before it have not goes behind its like. */
static void insert(struct table *t, const struct row *r, size_t kernel)
{
	size_t at = t->count;

	while (at && !same_section(t->lines[at - 1].any, r))
		at--;
	if (!at)
		at = t->count;
	while (at && !same_workload(t->lines[at - 1].any, r))
		at--;
	if (!at)
		at = t->count;
	array_grow(t->lines, t->count);
	memmove(&t->lines[at + 1], &t->lines[at], (t->count - at) * sizeof(*t->lines));
	t->lines[at] = (struct line){ .any = r };
	t->lines[at].of[kernel] = r;
	t->count++;
}

static void add_kernel(struct table *t, size_t kernel, row_filter wanted)
{
	const struct comparison *c = t->c[kernel];
	size_t before = t->count;

	for (size_t i = 0; i < c->count; i++) {
		const struct row *r = &c->rows[i];
		size_t k = 0;

		if (r->slab_base || !wanted(r))
			continue;
		while (k < before && !same_figure(t->lines[k].any, r))
			k++;
		if (k < before) {
			t->lines[k].of[kernel] = r;
			continue;
		}
		insert(t, r, kernel);
		before += kernel > 0; /* inserted among those that are searched */
	}
}

/* ----------------------------------------------------------------- printing */

/* WIDE: of one kernel where there are several. */
enum { NAME = 16, WIDE = 25 };

static struct scale scale_of(const struct line *lines, size_t count)
{
	double smallest = INFINITY;

	for (size_t i = 0; i < count; i++) {
		for (int k = 0; k < LETTER_GROUP; k++) {
			const struct row *r = lines[i].of[k];

			if (r && r->e.base)
				smallest = fmin(smallest, fabs(r->e.base));
			if (r && r->e.new)
				smallest = fmin(smallest, fabs(r->e.new));
		}
	}
	return scale_for(lines->any->unit, smallest);
}

static void put_header(const struct table *t)
{
	FILE *to = t->l->to;
	char fit[16];

	fprintf(to, "\n%-*s%9s", NAME, "", letter_fit(fit, sizeof(fit), t->c[0]->base->label, 8));
	for (size_t k = 0; k < t->kernels; k++) {
		fprintf(to, "%9s", letter_fit(fit, sizeof(fit), t->c[k]->new->label, 8));
		if (t->kernels > 1)
			fprintf(to, "%7s verdict", "change");
	}
	if (t->kernels == 1) {
		fprintf(to, "%7s%12s%5s%3s verdict\n", "change", "95%", "sdc%", "n");
		return;
	}
	fprintf(to, "\n%-*s%9s", NAME, "", "");
	for (size_t k = 0; k < t->kernels; k++)
		fprintf(to, " %15s%5s%4s", "95%", "sdc%", "n");
	fputc('\n', to);
}

/* One kernel: all on one line. */
static void put_narrow(const struct table *t, const char *name, const struct cells *k,
		       const struct row *r)
{
	FILE *to = t->l->to;

	fprintf(to, "%-*s%9s%9s%7s", NAME, name, k->base, k->new, k->change);
	if (r->exact)
		fprintf(to, "%12s%5s", k->low, "-");
	else
		fprintf(to, "%6s%6s%5s", k->low, k->high, k->smallest);
	/* Words of the letter, in which exact figures are better or worse too. */
	fprintf(to, "%*s %s\n", strlen(k->boots) > 3 ? 6 : 3, k->boots,
		r->verdict == DIFFERENT ? row_word(r) : k->verdict);
}

static void put_wide(const struct table *t, const char *name, const struct line *line,
		     const struct cells *k)
{
	FILE *to = t->l->to;
	size_t any = 0;

	while (!line->of[any])
		any++;
	fprintf(to, "%-*s%9s", NAME, name, k[any].base);
	for (size_t i = 0; i < t->kernels; i++) {
		if (line->of[i])
			fprintf(to, "%9s%7s %-7s", k[i].new, k[i].change, row_word(line->of[i]));
		else
			fprintf(to, "%9s%7s %-7s", "-", "-", "-");
	}
	fprintf(to, "\n%-*s%9s", NAME, "", "");
	for (size_t i = 0; i < t->kernels; i++) {
		if (!line->of[i])
			fprintf(to, "%*s", WIDE, "");
		else if (line->of[i]->exact)
			fprintf(to, " %15s%5s%4s", "exact", "-", k[i].boots);
		else
			fprintf(to, " %7s %7s%5s%4s", k[i].low, k[i].high, k[i].smallest,
				k[i].boots);
	}
	fputc('\n', to);
}

static void put_line(const struct table *t, const struct line *line, const struct section *s,
		     const char *heading)
{
	struct cells k[LETTER_GROUP];
	char name[NAME + 1];
	const char *text = "";

	for (size_t i = 0; i < t->kernels; i++) {
		if (!line->of[i])
			continue;
		k[i] = row_cells(t->c[i], s, line->of[i]);
		text = k[i].name;
	}
	if (!heading && strlen(text) > NAME - 3) {
		letter_wrap(t->l, "  ", "    ", "%s", text);
		text = "";
	}
	snprintf(name, sizeof(name), "%s%s", heading ? " " : "  ", heading ? heading : text);
	if (t->kernels == 1)
		put_narrow(t, name, &k[0], line->of[0]);
	else
		put_wide(t, name, line, k);
}

/* The ends of a sweep, what got worse, and what was named beforehand: no letter leaves these out.
 */
static bool is_shown(const struct table *t, const struct line *line, size_t first, size_t last)
{
	size_t i = line - t->lines;

	if (t->l->full || last - first <= 3 || i == first || i == last - 1)
		return true;
	for (size_t k = 0; k < t->kernels; k++) {
		if (line->of[k] && (row_direction(line->of[k]) < 0 || line->of[k]->primary))
			return true;
	}
	return false;
}

/* "fork p99, us, primary" */
static char *heading_of(const struct row *r, const struct scale *scale)
{
	static const char instructions[] = "instructions";
	const char *unit = scale->unit ? scale->unit : r->unit;
	bool path = !strncmp(unit, instructions, strlen(instructions));

	return xasprintf(
		"%s%s, %s%s%s%s%s", r->metric, r->statistic == P99 ? " p99" : "", scale->prefix,
		path ? "insn" : "", path ? unit + strlen(instructions) : unit,
		r->lower_is_better ? "" : ", higher is better", r->primary ? ", primary" : "");
}

static void put_section(struct table *t, size_t first, size_t last, const char *common)
{
	const struct row *r = t->lines[first].any;
	struct scale scale = scale_of(&t->lines[first], last - first);
	struct section s = { .common = (char *)common, .scale = scale.divisor };

	char *heading = heading_of(r, &scale);

	/* A metric without a sweep takes one line where it fits. */
	if (last - first == 1 && strlen(heading) < NAME - 1) {
		put_line(t, &t->lines[first], &s, heading);
		free(heading);
		return;
	}
	letter_wrap(t->l, " ", "   ", "%s", heading);
	free(heading);
	for (size_t i = first; i < last; i++) {
		if (is_shown(t, &t->lines[i], first, last))
			put_line(t, &t->lines[i], &s, NULL);
		else
			t->left_out++;
	}
}

static void put_workload(struct table *t, size_t first, size_t last)
{
	const char **lines = xcalloc(last - first, sizeof(*lines));
	char *common;
	size_t end;

	for (size_t i = first; i < last; i++)
		lines[i - first] = t->lines[i].any->params;
	common = params_part(lines[0], lines, last - first, true);
	letter_wrap(t->l, "", "    ", "%s%s%s", t->lines[first].any->workload, *common ? ", " : "",
		    common);
	for (size_t from = first; from < last; from = end) {
		for (end = from; end < last && same_section(t->lines[from].any, t->lines[end].any);
		     end++)
			;
		put_section(t, from, end, common);
	}
	free(common);
	free(lines);
}

static void put_how(const struct table *t, const struct row *r)
{
	char *how = how_summary(t->c[0], r->how);
	char *lines = how;

	fputc('\n', t->l->to);
	for (char *line; (line = strsep(&lines, "\n"));)
		letter_wrap(t->l, "", "   ", "%s", line);
	free(how);
}

static void put_table(struct table *t)
{
	const struct row *previous = NULL;
	size_t end;

	for (size_t first = 0; first < t->count; first = end) {
		const struct row *r = t->lines[first].any;

		for (end = first; end < t->count && same_workload(r, t->lines[end].any); end++)
			;
		if (!previous || strcmp(previous->how, r->how)) {
			put_how(t, r);
			put_header(t);
		}
		put_workload(t, first, end);
		previous = r;
	}
	if (t->left_out)
		letter_wrap(t->l, "", "",
			    "(%zu points between the ends of sweeps are left out, none of them "
			    "worse: letter --full has them)",
			    t->left_out);
}

/* A heading and a table for each group of kernels; nothing where there is no such figure. */
static void tables(const struct letter *l, const char *heading, const char *says, row_filter wanted)
{
	bool started = false;

	for (size_t i = 0; i + 1 < l->count; i += LETTER_GROUP) {
		struct table t = { .l = l, .c = &l->comparisons[i] };

		t.kernels = l->count - 1 - i < LETTER_GROUP ? l->count - 1 - i : LETTER_GROUP;
		for (size_t k = 0; k < t.kernels; k++)
			add_kernel(&t, k, wanted);
		if (t.count && !started) {
			letter_heading(l, heading);
			letter_wrap(l, "", "", "%s", says);
			started = true;
		}
		put_table(&t);
		free(t.lines);
	}
}

static bool is_latency(const struct row *r)
{
	return r->kind == KIND_LATENCY;
}

static bool is_path(const struct row *r)
{
	return r->kind == KIND_PATH_LENGTH;
}

static bool is_throughput(const struct row *r)
{
	return r->kind == KIND_THROUGHPUT;
}

static bool is_count(const struct row *r)
{
	return r->kind == KIND_COUNT;
}

void letter_latency(const struct letter *l)
{
	tables(l, "Latency",
	       "Lower is better. A figure is the geometric mean over boots of each boot's median "
	       "(or 99th percentile); change and its 95% interval in percent; sdc%: the smallest "
	       "change that so many boots would show in 4 of 5 tries; n: boots a side (pairs where "
	       "paired).",
	       is_latency);
	tables(l, "Path length",
	       "Executed instructions (insn), kernel and workload together, of one operation (or "
	       "one unit of work). Lower is better, but this is no time. Change in percent; exact: "
	       "every boot of a kernel gave the same in one memory layout, but another layout or "
	       "command line moves some paths by some percent ('lab --mode layout' samples them); "
	       "n: boots a side.",
	       is_path);
}

void letter_throughput(const struct letter *l)
{
	tables(l, "Throughput",
	       "All work over all time. Change and its 95% interval in percent; sdc%: the smallest "
	       "change that so many boots would show in 4 of 5 tries; n: boots a side.",
	       is_throughput);
}

void letter_counts(const struct letter *l)
{
	tables(l, "Other counts", "What the workloads counted beside the time.", is_count);
}
