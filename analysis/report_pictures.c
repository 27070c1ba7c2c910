// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pictures within the page: what gnuplot draws, cut to what may stand there many times. All its
 * pictures define the same shapes under the same ids; the page has them once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error.h"
#include "analysis/pictures.h"
#include "analysis/report.h"

static const char svg_start[] = "<svg", svg_end[] = "</svg>", body_start[] = "</defs>";

/* All that gnuplot drew, as text; NULL with a message. */
static char *draw(const struct picture *p, size_t count)
{
	FILE *drawn = tmpfile();
	char *why, *text = NULL;
	long size;

	if (!drawn) {
		error("cannot make a temporary file: %s", strerror(errno));
		return NULL;
	}
	why = pictures_svg(p, count, drawn);
	if (why) {
		error("%s", why);
		free(why);
		fclose(drawn);
		return NULL;
	}
	fseek(drawn, 0, SEEK_END);
	size = ftell(drawn);
	rewind(drawn);
	text = xcalloc(size + 1, 1);
	if (fread(text, 1, size, drawn) != (size_t)size) {
		error("cannot read what gnuplot drew: %s", strerror(errno));
		free(text);
		text = NULL;
	}
	fclose(drawn);
	return text;
}

/* Copies [from, to) without id="..." attributes, which would be there in every picture. */
static void put_without_ids(FILE *f, const char *from, const char *to)
{
	static const char id[] = " id=\"";

	while (from < to) {
		const char *next = strstr(from, id), *end;

		if (!next || next >= to)
			next = to;
		fwrite(from, 1, next - from, f);
		if (next == to)
			return;
		end = strchr(next + strlen(id), '"');
		from = end ? end + 1 : to;
	}
}

struct part {
	const char *start, *defs, *body, *end; /* of a document; defs: its shapes */
};

/* Cuts the next document off *text; false if there is none, or none as gnuplot 5 writes it. */
static bool cut(const char **text, struct part *p)
{
	p->start = strstr(*text, svg_start);
	p->defs = p->start ? strstr(p->start, "<defs>") : NULL;
	p->body = p->defs ? strstr(p->defs, body_start) : NULL;
	p->end = p->body ? strstr(p->body, svg_end) : NULL;
	if (!p->end)
		return false;
	p->body += strlen(body_start);
	*text = p->end + strlen(svg_end);
	return true;
}

static void put_picture(FILE *to, const struct picture *p, const struct part *svg)
{
	fprintf(to, "<figure><svg viewBox=\"0 0 480 360\" role=\"img\" aria-label=\"");
	html_printf(to, "%s; %s", p->title, p->subtitle);
	/* The group that holds all is opened before the shapes. */
	fprintf(to, "\"><g>");
	put_without_ids(to, svg->body, svg->end);
	fprintf(to, "</svg></figure>\n");
}

static void put_shapes(FILE *to, const struct part *svg)
{
	fprintf(to, "<svg class=\"shapes\" aria-hidden=\"true\">");
	fwrite(svg->defs, 1, svg->body - svg->defs, to);
	fprintf(to, "</svg>\n");
}

static bool is_first_of_workload(const struct picture *p, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (!strcmp(p[k].workload, p[i].workload))
			return false;
	}
	return true;
}

static bool put_all(const struct report *r, const struct picture *p, size_t count, const char *text)
{
	struct part *parts = xcalloc(count, sizeof(*parts));
	const char *rest = text;

	for (size_t i = 0; i < count; i++) {
		if (cut(&rest, &parts[i]))
			continue;
		error("gnuplot drew %zu of %zu pictures in a form that is not known; the page has "
		      "been tried with gnuplot 5.4",
		      i, count);
		free(parts);
		return false;
	}
	put_shapes(r->to, &parts[0]);
	for (size_t i = 0; i < count; i++) {
		if (!is_first_of_workload(p, i))
			continue;
		html_cell(r->to, "h3", p[i].workload);
		fprintf(r->to, "\n<div class=\"plots\">\n");
		for (size_t k = i; k < count; k++) {
			if (!strcmp(p[k].workload, p[i].workload))
				put_picture(r->to, &p[k], &parts[k]);
		}
		fprintf(r->to, "</div>\n");
	}
	free(parts);
	return true;
}

bool report_pictures(const struct report *r)
{
	size_t count, blocks;
	struct picture *p = pictures_of(r->results, r->count, NULL, &count);
	struct picture *b = report_blocks(r, &blocks);
	char *text;
	bool done = true;

	p = xrealloc(p, count + blocks + 1, sizeof(*p));
	if (blocks)
		memcpy(p + count, b, blocks * sizeof(*p));
	free(b);
	count += blocks;
	fprintf(r->to, "<h2 id=\"pictures\">Pictures</h2>\n"
		       "<p>Sweeps with 95%% intervals over boots, live objects beside mainline's "
		       "model, distributions of operations, slab use over time, and blocks: one "
		       "line for each pair of boots.</p>\n");
	if (!count) {
		fprintf(r->to, "<p>Nothing to draw.</p>\n");
	} else {
		text = draw(p, count);
		done = text && put_all(r, p, count, text);
		free(text);
	}
	pictures_free(p, count);
	return done;
}
