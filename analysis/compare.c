// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench compare: two results and more, side by side.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "command.h"
#include "error.h"
#include "analysis/options.h"
#include "analysis/table.h"

struct options {
	struct compare_options compare;
	const struct format *format;
	const char *out, *root;
	bool fail_on_worse;
};

static int compare_main(int argc, char **argv);

COMMAND(compare) = {
	.name = "compare",
	.usage = "[OPTION]... BASE NEW [NEW...]",
	.summary = "Puts results side by side: ratio, interval and verdict for each metric.",
	.help = "  BASE, NEW           each a label, a folder or a record file\n"
		"  --format F          text (default), markdown or json\n"
		"  --margin 2%           'no-change' is a whole interval within this; default 2%\n"
		"  --out DIR           write compare.txt, .md and .json there\n"
		"  --results DIR       where labels are looked up; default results\n"
		"  --pilot N           the first N blocks decided how many there are (see blocks)\n"
		"  --accept NAME       compare although NAME differs (repeat, or a,b,c)\n"
		"  --fail-on worse     exit with 1 if a metric got worse by more than the margin\n",
	.order = 30,
	.main = compare_main,
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "margin", required_argument, NULL, 'm' },
		{ "out", required_argument, NULL, 'o' },
		{ "results", required_argument, NULL, 'r' },
		{ "pilot", required_argument, NULL, 'p' },
		{ "accept", required_argument, NULL, 'a' },
		{ "fail-on", required_argument, NULL, 'w' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->format = format_named(optarg);
			if (!o->format) {
				error("--format '%s': allowed are text, markdown and json", optarg);
				return STATUS_USAGE;
			}
			break;
		case 'm':
			if (!parse_share("--margin", optarg, &o->compare.margin))
				return STATUS_USAGE;
			break;
		case 'p':
			if (!parse_blocks("--pilot", optarg, &o->compare.pilot))
				return STATUS_USAGE;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'r':
			o->root = optarg;
			break;
		case 'a':
			if (!add_accepted(&o->compare.accept, optarg))
				return STATUS_USAGE;
			break;
		case 'w':
			if (strcmp(optarg, "worse")) {
				error("--fail-on '%s': allowed is worse", optarg);
				return STATUS_USAGE;
			}
			o->fail_on_worse = true;
			break;
		default:
			return command_usage(&compare);
		}
	}
	if (argc - optind < 2) {
		error("compare needs two results at least: a base and a new one");
		return command_usage(&compare);
	}
	return STATUS_DONE;
}

/* Writes a file under a temporary name first, so that nobody reads half of it. */
static int write_file(const char *folder, const struct format *f, struct comparison *const *c,
		      size_t count)
{
	char *path = xasprintf("%s/compare%s", folder, f->extension),
	     *part = xasprintf("%s.part", path);
	FILE *to = fopen(part, "we");
	int status = STATUS_DONE;

	if (to) {
		f->write(to, c, count);
		/* a full disk shows at the latest here */
		if (ferror(to) | fclose(to) || rename(part, path))
			status = STATUS_FAILED;
	}
	if (!to || status) {
		error("cannot write '%s': %s; --out names another folder", path, strerror(errno));
		status = STATUS_FAILED;
		unlink(part);
	}
	free(part);
	free(path);
	return status;
}

static int write_folder(const char *folder, struct comparison *const *c, size_t count)
{
	const struct format *const all[] = { &format_text, &format_markdown, &format_json };
	int status = STATUS_DONE;

	if (!make_folder(folder))
		return STATUS_FAILED;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !status; i++)
		status = write_file(folder, all[i], c, count);
	return status;
}

static void tell_worse(const struct comparison *c, const struct row *r)
{
	char *name = row_name(r);
	char *change = isnan(r->e.ratio) ? xasprintf("%g -> %g", r->e.base, r->e.new)
					 : xasprintf("%+.2f%%", (r->e.ratio - 1) * 100);

	error("worse in '%s': %s%s%s %s (%s)", c->new->label, r->workload, *r->params ? " " : "",
	      r->params, name, change);
	free(change);
	free(name);
}

static int fail_on_worse(struct comparison *const *c, size_t count)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < c[i]->count; k++) {
			if (!is_regression(&c[i]->rows[k], c[i]->margin))
				continue;
			tell_worse(c[i], &c[i]->rows[k]);
			status = STATUS_FAILED;
		}
	}
	return status;
}

static int run(const struct options *o, struct results **results, size_t count)
{
	struct comparison **c = compare_all(results, count, &o->compare);
	int status = STATUS_DONE;

	if (!c)
		return STATUS_FAILED;
	if (o->out)
		status = write_folder(o->out, c, count - 1);
	if (!status) {
		o->format->write(stdout, c, count - 1);
		if (fflush(stdout) || ferror(stdout)) {
			error("cannot write the table: %s", strerror(errno));
			status = STATUS_FAILED;
		}
	}
	if (!status && o->fail_on_worse)
		status = fail_on_worse(c, count - 1);
	free_comparisons(c, count - 1);
	return status;
}

static int compare_main(int argc, char **argv)
{
	struct options o = { .compare = { .margin = .02 },
			     .format = &format_text,
			     .root = "results" };
	struct results **results;
	int status = parse(argc, argv, &o);
	size_t count;

	if (!status) {
		results = load_all(argv + optind, argc - optind, o.root, &count, &status);
		if (results) {
			status = run(&o, results, count);
			free_all(results, count);
		}
	}
	free((void *)o.compare.accept);
	return status;
}
