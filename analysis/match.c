// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/match.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

struct names {
	const char **name;
	size_t count;
};

static bool has(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++) {
		if (!strcmp(n->name[i], name))
			return true;
	}
	return false;
}

static void add(struct names *n, const char *name)
{
	if (!name || has(n, name))
		return;
	array_grow(n->name, n->count);
	n->name[n->count++] = name;
}

/* Kinds of figures of a side, in order of appearance. */
static struct names hows(const struct results *r)
{
	struct names n = { 0 };

	for (size_t i = 0; i < r->boot_count; i++)
		add(&n, r->boots[i].how);
	return n;
}

static struct names machines(const struct results *r, const char *how)
{
	struct names n = { 0 };

	for (size_t i = 0; i < r->boot_count; i++) {
		if (r->boots[i].how && !strcmp(r->boots[i].how, how))
			add(&n, r->boots[i].machine);
	}
	return n;
}

/* In the order of their blocks, so that a pilot is the blocks that ran first. */
static int by_block(const void *a, const void *b)
{
	const struct boot *x = *(const struct boot *const *)a, *y = *(const struct boot *const *)b;
	int c = strcmp(x->schedule ? x->schedule : "", y->schedule ? y->schedule : "");

	return c ? c : (x->index > y->index) - (x->index < y->index);
}

/* Boots of a kind; of one machine, or (NULL) of any. The caller frees. */
static const struct boot **select_boots(const struct results *r, const char *how,
					const char *machine, size_t *count)
{
	const struct boot **boots = xcalloc(r->boot_count, sizeof(*boots));

	*count = 0;
	for (size_t i = 0; i < r->boot_count; i++) {
		const struct boot *b = &r->boots[i];

		if (b->how && !strcmp(b->how, how) && (!machine || !strcmp(b->machine, machine)))
			boots[(*count)++] = b;
	}
	qsort(boots, *count, sizeof(*boots), by_block);
	return boots;
}

static bool same_block(const struct boot *a, const struct boot *b)
{
	return a->schedule && b->schedule && !strcmp(a->schedule, b->schedule) &&
	       a->index == b->index;
}

/*
 * The boot of a block. Where the lab repeated a boot, the first that did not fail counts: which one
 * it is must not depend on its figures.
 */
static const struct boot *partner(const struct boot *b, const struct boot **others, size_t count)
{
	const struct boot *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (same_block(b, others[i]) && (!found || (found->failure && !others[i]->failure)))
			found = others[i];
	}
	return found;
}

/* Brings the pairs to the front of both sides; returns how many there are. */
static size_t pair(struct stratum *s)
{
	const struct boot **base = xcalloc(s->base_count, sizeof(*base));
	const struct boot **new = xcalloc(s->base_count, sizeof(*new));
	size_t pairs = 0;

	for (size_t i = 0; i < s->base_count; i++) {
		const struct boot *mine = partner(s->base[i], s->base, s->base_count);
		const struct boot *theirs = partner(s->base[i], s->new, s->new_count);

		if (!theirs || mine != s->base[i])
			continue;
		base[pairs] = s->base[i];
		new[pairs++] = theirs;
	}
	if (!pairs) {
		free(base);
		free(new);
		return 0;
	}
	free(s->base);
	free(s->new);
	s->base = base;
	s->new = new;
	return pairs;
}

static void add_stratum(struct match *m, const struct results *base, const struct results *new,
			const char *how, const char *machine)
{
	struct stratum s = { .how = how, .machine = machine };
	size_t pairs, left;

	s.base = select_boots(base, how, machine, &s.base_count);
	s.new = select_boots(new, how, machine, &s.new_count);
	pairs = pair(&s);
	if (pairs) {
		left = s.base_count + s.new_count - 2 * pairs;
		if (left)
			notes_add(&m->notes,
				  "boots left out, for want of a partner in their block: %zu",
				  left);
		s.paired = true;
		s.base_count = s.new_count = pairs;
	}
	array_grow(m->strata, m->count);
	m->strata[m->count++] = s;
}

static void match_kind(struct match *m, const struct results *base, const struct results *new,
		       const char *how)
{
	struct names base_machines = machines(base, how), new_machines = machines(new, how);
	size_t before = m->count;

	for (size_t i = 0; i < base_machines.count; i++) {
		if (has(&new_machines, base_machines.name[i]))
			add_stratum(m, base, new, how, base_machines.name[i]);
	}
	if (m->count == before) {
		notes_add(&m->notes, "the two sides ran on different machines (%s; %s): unpaired",
			  base_machines.name[0], new_machines.name[0]);
		add_stratum(m, base, new, how, NULL);
	} else if (m->count - before < base_machines.count ||
		   m->count - before < new_machines.count) {
		notes_add(&m->notes, "machines that only one side ran on are left out");
	}
	free(base_machines.name);
	free(new_machines.name);
}

static void note_unmatched(struct match *m, const struct results *r, const struct names *theirs)
{
	struct names mine = hows(r);

	for (size_t i = 0; i < mine.count; i++) {
		if (!has(theirs, mine.name[i])) {
			notes_add(&m->notes,
				  "left out: figures that only '%s' has (%s); kinds of figures "
				  "are not mixed",
				  r->label, mine.name[i]);
		}
	}
	free(mine.name);
}

bool match_boots(const struct results *base, const struct results *new, struct match *m, char **why)
{
	struct names base_hows = hows(base), new_hows = hows(new);

	*m = (struct match){ 0 };
	*why = NULL;
	for (size_t i = 0; i < base_hows.count; i++) {
		if (has(&new_hows, base_hows.name[i]))
			match_kind(m, base, new, base_hows.name[i]);
	}
	if (m->count) {
		note_unmatched(m, base, &new_hows);
		note_unmatched(m, new, &base_hows);
	} else if (!base_hows.count || !new_hows.count) {
		*why = xasprintf("no boot of '%s' came to run a workload; its boots failed",
				 base_hows.count ? new->label : base->label);
	} else {
		*why = xasprintf(
			"'%s' (%s) and '%s' (%s) are not comparable: executed instructions are "
			"not time, an emulated machine is no real one; run both in one way",
			base->label, base_hows.name[0], new->label, new_hows.name[0]);
	}
	free(base_hows.name);
	free(new_hows.name);
	return m->count > 0;
}

void match_free(struct match *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->strata[i].base);
		free(m->strata[i].new);
	}
	free(m->strata);
	notes_free(&m->notes);
	*m = (struct match){ 0 };
}
