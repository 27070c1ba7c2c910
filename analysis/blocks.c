// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench blocks: how many blocks a comparison needs, by Stein's two-stage rule.
 */
#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "command.h"
#include "error.h"
#include "analysis/options.h"
#include "analysis/table.h"

static int blocks_main(int argc, char **argv);

COMMAND(blocks) = {
	.name = "blocks",
	.usage = "[OPTION]... BASE NEW",
	.summary = "Tells from a pilot how many blocks an interval of a given width takes, and the "
		   "time.",
	.help = "  BASE, NEW           the pilot: each a label, a folder or a record file\n"
		"  --until 1%          the half width of the 95% interval that is wanted; default "
		"1%\n"
		"  --pilot N           blocks of the pilot; default 10\n"
		"  --number            print the number of blocks alone, for scripts\n"
		"  --accept NAME       as in compare\n"
		"  --results DIR       where labels are looked up; default results\n",
	.order = 31,
	.main = blocks_main,
};

struct options {
	struct compare_options compare;
	double until;
	const char *root;
	bool number;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "until", required_argument, NULL, 'u' },
		{ "pilot", required_argument, NULL, 'p' },
		{ "accept", required_argument, NULL, 'a' },
		{ "number", no_argument, NULL, 'n' },
		{ "results", required_argument, NULL, 'r' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		bool good = true;

		switch (c) {
		case 'u':
			good = parse_share("--until", optarg, &o->until);
			break;
		case 'p':
			good = parse_blocks("--pilot", optarg, &o->compare.pilot);
			break;
		case 'a':
			good = add_accepted(&o->compare.accept, optarg);
			break;
		case 'n':
			o->number = true;
			break;
		case 'r':
			o->root = optarg;
			break;
		default:
			return command_usage(&blocks);
		}
		if (!good)
			return STATUS_USAGE;
	}
	if (argc - optind != 2) {
		error("blocks needs two results: a base and a new one");
		return command_usage(&blocks);
	}
	return STATUS_DONE;
}

/* -------------------------------------------------------------------- the rule */

/* Rows that the rule is about: those named primary, or else all timed ones but p99. */
static bool counts(const struct row *r, bool primary_only)
{
	if (r->slab_base || r->statistic == P99 || r->exact || !r->e.paired)
		return false;
	return primary_only ? r->primary : true;
}

static bool any_primary(const struct comparison *c)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->rows[i].primary && counts(&c->rows[i], true))
			return true;
	}
	return false;
}

/* Blocks for one row; its standard error is that of the pilot over all blocks there are. */
static size_t needed(const struct row *r, const struct options *o)
{
	return stein_blocks_for(r->e.standard_error * sqrt(r->e.n_base), o->compare.pilot,
				o->until);
}

/* ------------------------------------------------------------------ the price */

static time_t start_of(const struct boot *b)
{
	const char *text = json_string_value(json_object_get(b->run, "start"));
	struct tm tm = { 0 };

	return text && strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) ? timegm(&tm) : -1;
}

/*
 * Minutes that a block takes: by the starts of its boots, which have the reboots in them, or by the
 * time its runs took where the starts say less (guests whose clock is fixed).
 */
static double minutes_per_block(const struct match *m)
{
	time_t first = -1, last = -1;
	double ran = 0, between = 0;
	size_t boots = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct stratum *s = &m->strata[i];

		for (size_t k = 0; k < s->base_count + s->new_count; k++) {
			const struct boot *b =
				k < s->base_count ? s->base[k] : s->new[k - s->base_count];
			time_t start = start_of(b);

			boots++;
			ran += b->elapsed_ns / 1e9;
			if (start < 0)
				continue;
			first = first < 0 || start < first ? start : first;
			last = start > last ? start : last;
		}
	}
	if (boots > 1)
		between = difftime(last, first) / (boots - 1);
	return 2 * fmax(ran / boots, between) / 60;
}

/* -------------------------------------------------------------------- the answer */

static void print_rows(const struct comparison *c, const struct options *o, bool primary_only)
{
	printf("%-44s %9s %9s\n", primary_only ? "primary metric" : "metric", "95% now", "blocks");
	for (size_t i = 0; i < c->count; i++) {
		const struct row *r = &c->rows[i];
		char *name;

		if (!counts(r, primary_only))
			continue;
		name = xasprintf("%s %s %s", r->workload, r->metric, r->params);
		printf("%-44s %s%7.2f%% %9zu\n", name, "+-", (sqrt(r->e.high / r->e.low) - 1) * 100,
		       needed(r, o));
		free(name);
	}
}

static int tell(const struct comparison *c, const struct options *o)
{
	bool primary_only = any_primary(c);
	size_t most = 0, done = SIZE_MAX, more;
	double minutes = minutes_per_block(&c->match);

	for (size_t i = 0; i < c->count; i++) {
		const struct row *r = &c->rows[i];

		if (!counts(r, primary_only))
			continue;
		done = r->e.n_base < done ? r->e.n_base : done;
		if (r->e.n_base >= o->compare.pilot && needed(r, o) > most)
			most = needed(r, o);
	}
	if (done == SIZE_MAX) {
		error("'%s' and '%s' have no timed metric in blocks: run them with 'rmapbench "
		      "lab', or on a "
		      "machine in turns",
		      c->base->label, c->new->label);
		return STATUS_FAILED;
	}
	if (done < o->compare.pilot)
		most = o->compare.pilot;
	more = most > done ? most - done : 0;
	if (o->number) {
		printf("%zu\n", most);
		return STATUS_DONE;
	}
	if (done < o->compare.pilot) {
		printf("The pilot is not complete: %zu of %zu blocks.\n", done, o->compare.pilot);
	} else {
		print_rows(c, o, primary_only);
		printf("\nFor +-%g%%%s:\n", o->until * 100,
		       primary_only ? ""
				    : " in every metric (name at most 4 as primary to pay for "
				      "those alone)");
	}
	printf("blocks needed: %zu (%zu done, %zu more", most, done, more);
	if (minutes > 0)
		printf(", about %.0f minutes at %.1f a block)\n", ceil(more * minutes), minutes);
	else
		printf("; the records do not tell how long a block takes)\n");
	if (done >= o->compare.pilot && most > o->compare.pilot)
		printf("then: rmapbench compare --pilot %zu %s %s\n", o->compare.pilot,
		       c->base->label, c->new->label);
	return STATUS_DONE;
}

static int blocks_main(int argc, char **argv)
{
	struct options o = { .compare = { .margin = .02, .pilot = 10 },
			     .until = .01,
			     .root = "results" };
	struct results **results;
	struct comparison *c;
	size_t count;
	char *why;
	int status = parse(argc, argv, &o);

	if (status)
		goto out;
	results = load_all(argv + optind, 2, o.root, &count, &status);
	if (!results)
		goto out;
	c = compare_results(results[0], results[1], &o.compare, &why);
	if (c) {
		status = tell(c, &o);
		comparison_free(c);
	} else {
		error("%s", why);
		free(why);
		status = STATUS_FAILED;
	}
	free_all(results, count);
out:
	free((void *)o.compare.accept);
	return status;
}
