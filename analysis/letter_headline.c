// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a reader takes away: how many figures of each kind moved which way, by how much, how sure.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/letter.h"
#include "analysis/objects.h"
#include "analysis/table.h"

/* Kinds of figures that are never counted together. */
enum class { OBJECTS, TYPICAL, TAIL, PATH, RATE, OTHER };

static const char *const class_names[] = {
	[OBJECTS] = "Slab objects while held",
	[TYPICAL] = "Latency",
	[TAIL] = "Latency, 99th percentile",
	[PATH] = "Path length (executed instructions, no time)",
	[RATE] = "Throughput",
};

static enum class class_of(const struct row *r) {
	if (r->slab_base) return r->figure == SLAB_OBJECTS && !strcmp(r->slab_base->point, "held")
		? OBJECTS
		: OTHER;
	switch (r->kind){
		case KIND_LATENCY : return r->statistic == P99 ? TAIL : TYPICAL;
		case KIND_PATH_LENGTH : return PATH;
		case KIND_THROUGHPUT : return RATE;
		default : return OTHER;
	}
}

struct tally {
	size_t total, better, worse, same, open, bare;
	const struct row *best, *worst;
};

static void count_row(struct tally *t, const struct row *r)
{
	int direction = row_direction(r);

	t->total++;
	t->better += direction > 0;
	t->worse += direction < 0;
	t->same += r->verdict == NO_CHANGE || r->verdict == IDENTICAL;
	t->open += r->verdict == INCONCLUSIVE;
	t->bare += r->verdict == NO_INTERVAL;
	if (direction > 0 && (!t->best || row_effect(r) > row_effect(t->best)))
		t->best = r;
	if (direction < 0 && (!t->worst || row_effect(r) > row_effect(t->worst)))
		t->worst = r;
}

/* "3 worse, at most fork/vmas fork, vmas=1: +29%..." */
static char *moved(const struct comparison *c, size_t count, const char *word, const struct row *r)
{
	char *title, *change, *text;

	if (!r)
		return xasprintf("%zu %s", count, word);
	title = row_title(c, r);
	change = row_change(c, r);
	text = xasprintf("%zu %s, %s%s: %s", count, word, count > 1 ? "most of all " : "", title,
			 change);
	free(title);
	free(change);
	return text;
}

static void put_tally(const struct letter *l, const struct comparison *c, enum class class,
		      const struct tally *t)
{
	char *better = moved(c, t->better, "better", t->best);
	char *worse = moved(c, t->worse, "worse", t->worst);

	letter_wrap(l, "  * ", "    ", "%s, %zu figure%s: %s; %s; %zu the same%s",
		    class_names[class], t->total, t->total == 1 ? "" : "s", better, worse, t->same,
		    t->open || t->bare ? ";" : ".");
	if (t->open)
		letter_wrap(l, "    ", "    ", "%zu inconclusive (more blocks are needed)%s",
			    t->open, t->bare ? ";" : ".");
	if (t->bare)
		letter_wrap(l, "    ", "    ",
			    "%zu without an interval (one boot, or a count that is not exact).",
			    t->bare);
	free(better);
	free(worse);
}

static void put_primary(const struct letter *l, const struct comparison *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct row *r = &c->rows[i];
		char *title, *change;

		if (!r->primary)
			continue;
		title = row_title(c, r);
		change = row_change(c, r);
		letter_wrap(l, "  * primary: ", "    ", "%s: %s: %s", title, change,
			    verdict_name(r->verdict));
		free(title);
		free(change);
	}
}

static void put_sizes(const struct letter *l, const struct comparison *c)
{
	char *told = xstrdup(" ");

	for (size_t i = 0; i < c->count; i++) {
		const struct row *r = &c->rows[i];
		char *key = xasprintf(" %s ", r->metric), *longer;

		if (r->slab_base && !strstr(told, key) &&
		    r->slab_base->object_size != r->slab_new->object_size) {
			letter_wrap(l, "  * ", "    ", "An object of %s has %g bytes, not %g.",
				    r->metric, r->slab_new->object_size, r->slab_base->object_size);
			longer = xasprintf("%s%s", told, key);
			free(told);
			told = longer;
		}
		free(key);
	}
	free(told);
}

static void headline_of(const struct letter *l, const struct comparison *c)
{
	struct tally tallies[OTHER + 1] = { 0 };

	for (size_t i = 0; i < c->count; i++)
		count_row(&tallies[class_of(&c->rows[i])], &c->rows[i]);
	letter_wrap(l, "", "", "%s beside %s:", c->new->label, c->base->label);
	put_primary(l, c);
	for (int class = OBJECTS; class < OTHER; class ++) {
		if (tallies[class].total)
			put_tally(l, c, class, &tallies[class]);
	}
	put_sizes(l, c);
}

void letter_headline(const struct letter *l)
{
	letter_heading(l, "Headline");
	for (size_t i = 0; i + 1 < l->count; i++) {
		if (i)
			fputc('\n', l->to);
		headline_of(l, l->comparisons[i]);
	}
	fputc('\n', l->to);
	letter_wrap(l, "", "",
		    "Better, worse: the 95%% interval over boots excludes no change and p <= .05 "
		    "after correction for the number of figures, or an exact figure differs. The "
		    "same: the whole interval is within +-%g%%, or exact figures are equal. Where "
		    "several kernels stand side by side, ? is inconclusive and - has no interval.",
		    l->comparisons[0]->margin * 100);
}

/* ---------------------------------------------------------- better and worse */

/* Strongest of its metric in one direction, and how many there are. */
struct entry {
	const struct row *strongest;
	size_t count, of;
};

static bool same_metric(const struct row *a, const struct row *b)
{
	return !strcmp(a->how, b->how) && !strcmp(a->workload, b->workload) &&
	       !strcmp(a->metric, b->metric) && a->statistic == b->statistic;
}

static int by_effect(const void *a, const void *b)
{
	double x = row_effect(((const struct entry *)a)->strongest);
	double y = row_effect(((const struct entry *)b)->strongest);

	return (x < y) - (x > y);
}

/* The metrics that moved in a direction, strongest first. The caller frees. */
static struct entry *entries_of(const struct comparison *c, int direction, size_t *count)
{
	struct entry *all = NULL;
	size_t last;

	*count = 0;
	for (size_t first = 0; first < c->count; first = last) {
		struct entry e = { 0 };

		for (last = first; last < c->count && same_metric(&c->rows[first], &c->rows[last]);
		     last++) {
			const struct row *r = &c->rows[last];

			if (class_of(r) == OTHER)
				continue;
			e.of++;
			if (row_direction(r) != direction)
				continue;
			e.count++;
			if (!e.strongest || row_effect(r) > row_effect(e.strongest))
				e.strongest = r;
		}
		if (!e.count)
			continue;
		array_grow(all, *count);
		all[(*count)++] = e;
	}
	if (*count)
		qsort(all, *count, sizeof(*all), by_effect);
	return all;
}

enum { MOST_ENTRIES = 12 };

static void put_entries(const struct letter *l, const struct comparison *c, int direction)
{
	const char *word = direction > 0 ? "better" : "worse";
	const char *mark = direction > 0 ? "  + " : "  - ";
	size_t count, shown;
	struct entry *all = entries_of(c, direction, &count);

	shown = l->full || count < MOST_ENTRIES ? count : MOST_ENTRIES;
	if (!count)
		letter_wrap(l, "", "", "Nothing is %s in %s.", word, c->new->label);
	else
		letter_wrap(l, "", "",
			    "%c%s in %s, the largest change of each metric:", *word - 'a' + 'A',
			    word + 1, c->new->label);
	for (size_t i = 0; i < shown; i++) {
		char *title = row_title(c, all[i].strongest);
		char *change = row_change(c, all[i].strongest);

		if (all[i].of > 1)
			letter_wrap(l, mark, "      ", "%s: %s; %s in %zu of %zu", title, change,
				    word, all[i].count, all[i].of);
		else
			letter_wrap(l, mark, "      ", "%s: %s", title, change);
		free(title);
		free(change);
	}
	if (shown < count)
		letter_wrap(l, "    ", "    ", "and %zu metrics more; the tables mark them '%s'",
			    count - shown, word);
	free(all);
}

void letter_better_and_worse(const struct letter *l)
{
	letter_heading(l, "Better and worse, side by side");
	for (size_t i = 0; i + 1 < l->count; i++) {
		put_entries(l, l->comparisons[i], 1);
		put_entries(l, l->comparisons[i], -1);
	}
}
