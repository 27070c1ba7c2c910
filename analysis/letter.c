// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench letter: what a maintainer reads, in a mail.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "error.h"
#include "analysis/letter.h"
#include "analysis/options.h"

struct options {
	struct compare_options compare;
	const char *root;
	bool full;
};

static int letter_main(int argc, char **argv);

COMMAND(letter) = {
	.name = "letter",
	.usage = "[OPTION]... BASE NEW [NEW...]",
	.summary = "Writes results as plain text for a cover letter: 75 columns, ASCII plots.",
	.help = "  BASE, NEW           each a label, a folder or a record file\n"
		"  --full              all points of sweeps, not their ends and what got worse\n"
		"  --margin 2%           'the same' is a whole interval within this; default 2%\n"
		"  --pilot N           the first N blocks decided how many there are (see blocks)\n"
		"  --accept NAME       compare although NAME differs (repeat, or a,b,c)\n"
		"  --results DIR       where labels are looked up; default results\n",
	.order = 34,
	.main = letter_main,
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "full", no_argument, NULL, 'f' },
		{ "margin", required_argument, NULL, 'm' },
		{ "pilot", required_argument, NULL, 'p' },
		{ "accept", required_argument, NULL, 'a' },
		{ "results", required_argument, NULL, 'r' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->full = true;
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
			return command_usage(&letter);
		}
	}
	if (argc - optind < 2) {
		error("letter needs two results at least: a base and a new one");
		return command_usage(&letter);
	}
	return STATUS_DONE;
}

/* Labels, notes and paths come from records: what is no ASCII must not reach a mail. */
static int print_ascii(const char *text)
{
	char *plain = letter_ascii(text);
	int status = STATUS_DONE;

	if (fputs(plain, stdout) == EOF || fflush(stdout)) {
		error("cannot write the letter: %s", strerror(errno));
		status = STATUS_FAILED;
	}
	free(plain);
	return status;
}

static int write_letter(struct letter *l, char *const *names, const char *root)
{
	char *text = NULL;
	size_t size = 0;
	bool drawn;
	int status;

	l->to = open_memstream(&text, &size);
	if (!l->to) {
		error("cannot write the letter: %s", strerror(errno));
		return STATUS_FAILED;
	}
	letter_how(l);
	letter_headline(l);
	letter_objects(l);
	letter_slopes(l);
	letter_latency(l);
	letter_throughput(l);
	letter_counts(l);
	letter_better_and_worse(l);
	letter_missing(l);
	drawn = letter_plots(l);
	letter_commands(l, names, root);
	fclose(l->to);
	status = drawn ? print_ascii(text) : STATUS_FAILED;
	free(text);
	return status;
}

static int compare_and_write(const struct options *o, struct results **results, size_t count,
			     char *const *names)
{
	struct comparison **c = compare_all(results, count, &o->compare);
	struct letter l = { .results = results, .count = count, .comparisons = c, .full = o->full };
	int status;

	if (!c)
		return STATUS_FAILED;
	status = write_letter(&l, names, o->root);
	free_comparisons(c, count - 1);
	return status;
}

static int letter_main(int argc, char **argv)
{
	struct options o = { .compare = { .margin = .02 }, .root = "results" };
	int status = parse(argc, argv, &o);
	struct results **results;
	size_t count;

	if (!status) {
		results = load_all(argv + optind, argc - optind, o.root, &count, &status);
		if (results) {
			status = compare_and_write(&o, results, count, argv + optind);
			free_all(results, count);
		}
	}
	free((void *)o.compare.accept);
	return status;
}
