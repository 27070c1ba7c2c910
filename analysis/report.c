// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench report: results as one HTML file that needs nothing else.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "command.h"
#include "error.h"
#include "analysis/options.h"
#include "analysis/report.h"
#include "analysis/table.h"

struct options {
	struct compare_options compare;
	const char *out, *root;
};

static int report_main(int argc, char **argv);

COMMAND(report) = {
	.name = "report",
	.usage = "[OPTION]... BASE NEW [NEW...]",
	.summary = "Writes one HTML file: all figures, to sort and to filter, and all pictures.",
	.help = "  BASE, NEW           each a label, a folder or a record file\n"
		"  --out FILE          default report.html\n"
		"  --margin 2%           'no-change' is a whole interval within this; default 2%\n"
		"  --pilot N           the first N blocks decided how many there are (see blocks)\n"
		"  --accept NAME       compare although NAME differs (repeat, or a,b,c)\n"
		"  --results DIR       where labels are looked up; default results\n",
	.order = 35,
	.main = report_main,
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "out", required_argument, NULL, 'o' },
		{ "margin", required_argument, NULL, 'm' },
		{ "pilot", required_argument, NULL, 'p' },
		{ "accept", required_argument, NULL, 'a' },
		{ "results", required_argument, NULL, 'r' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'o':
			o->out = optarg;
			break;
		case 'm':
			if (!parse_share("--margin", optarg, &o->compare.margin))
				return STATUS_USAGE;
			break;
		case 'p':
			if (!parse_blocks("--pilot", optarg, &o->compare.pilot))
				return STATUS_USAGE;
			break;
		case 'a':
			if (!add_accepted(&o->compare.accept, optarg))
				return STATUS_USAGE;
			break;
		case 'r':
			o->root = optarg;
			break;
		default:
			return command_usage(&report);
		}
	}
	if (argc - optind < 2) {
		error("report needs two results at least: a base and a new one");
		return command_usage(&report);
	}
	return STATUS_DONE;
}

static void put_head(const struct report *r)
{
	FILE *to = r->to;

	fprintf(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, "
		    "initial-scale=1\">\n<title>");
	for (size_t i = 1; i < r->count; i++)
		html_printf(to, "%s%s", i > 1 ? ", " : "", r->results[i]->label);
	html_printf(to, " beside %s: rmapbench", r->results[0]->label);
	fprintf(to, "</title>\n%s</head>\n<body>\n<h1>Anonymous reverse mapping: ", report_style);
	for (size_t i = 1; i < r->count; i++)
		html_printf(to, "%s%s", i > 1 ? ", " : "", r->results[i]->label);
	html_printf(to, " beside %s", r->results[0]->label);
	fprintf(to, "</h1>\n<dl>\n");
	for (size_t i = 0; i < r->count; i++) {
		char *side = side_summary(r->results[i]);

		fprintf(to, "<dt>%s</dt>", i ? "new" : "base");
		html_cell(to, "dd", side);
		fputc('\n', to);
		free(side);
	}
	for (size_t i = 0; i + 1 < r->count; i++) {
		char *summary = verdict_summary(r->comparisons[i]);

		html_cell(to, "dt", r->results[i + 1]->label);
		html_cell(to, "dd", summary);
		fputc('\n', to);
		free(summary);
	}
	fprintf(to, "</dl>\n");
}

static void put_kinds(const struct report *r)
{
	const struct comparison *c = r->comparisons[0];
	const char *how = NULL;

	fprintf(r->to, "<ul>\n");
	for (size_t i = 0; i < c->match.count; i++) {
		char *summary;

		if (how && !strcmp(how, c->match.strata[i].how))
			continue;
		how = c->match.strata[i].how;
		summary = how_summary(c, how);
		html_cell(r->to, "li", summary);
		fputc('\n', r->to);
		free(summary);
	}
	fprintf(r->to,
		"</ul>\n<nav aria-label=\"Parts\"><a href=\"#figures\">All figures</a> "
		"<a href=\"#pictures\">Pictures</a> <a href=\"#environment\">Environment</a> "
		"<a href=\"#boots\">Boots</a> <a href=\"#troubles\">Not measured</a> "
		"<a href=\"#log\">Kernel log</a></nav>\n");
}

static bool put_page(const struct report *r)
{
	bool drawn;

	put_head(r);
	put_kinds(r);
	report_verdicts(r);
	drawn = report_pictures(r);
	report_environment(r);
	report_boots(r);
	report_troubles(r);
	fprintf(r->to, "%s</body>\n</html>\n", report_script);
	return drawn;
}

/* Under a temporary name first, so that nobody reads half of it. */
static int write_page(struct report *r, const char *out)
{
	char *part = xasprintf("%s.part", out);
	int status = STATUS_FAILED;

	r->to = fopen(part, "we");
	if (!r->to) {
		error("cannot write '%s': %s; --out names another file", out, strerror(errno));
	} else if (!put_page(r)) {
		fclose(r->to);
	} else if (ferror(r->to) | fclose(r->to) || rename(part, out)) {
		error("cannot write '%s': %s; --out names another file", out, strerror(errno));
	} else {
		printf("report: %s\n", out);
		status = STATUS_DONE;
	}
	if (status)
		unlink(part);
	free(part);
	return status;
}

static int compare_and_write(const struct options *o, struct results **results, size_t count)
{
	struct comparison **c = compare_all(results, count, &o->compare);
	struct report r = { .results = results, .count = count, .comparisons = c };
	int status;

	if (!c)
		return STATUS_FAILED;
	status = write_page(&r, o->out);
	free_comparisons(c, count - 1);
	return status;
}

static int report_main(int argc, char **argv)
{
	struct options o = { .compare = { .margin = .02 },
			     .out = "report.html",
			     .root = "results" };
	int status = parse(argc, argv, &o);
	struct results **results;
	size_t count;

	if (!status) {
		results = load_all(argv + optind, argc - optind, o.root, &count, &status);
		if (results) {
			status = compare_and_write(&o, results, count);
			free_all(results, count);
		}
	}
	free((void *)o.compare.accept);
	return status;
}
