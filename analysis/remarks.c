// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/remarks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* Smaller changes can come from the layout of the code alone. */
static const double layout_noise = .02;

static void note_failures(struct comparison *c, const struct results *r)
{
	for (size_t i = 0; i < r->boot_count; i++) {
		const struct boot *b = &r->boots[i];
		size_t same = 0;
		const char *in = b->failed_in ? b->failed_in : "";

		if (!b->failure)
			continue;
		for (size_t j = 0; j < r->boot_count; j++) {
			const struct boot *o = &r->boots[j];

			same += o->failure && !strcmp(o->failure, b->failure) &&
				!strcmp(o->failed_in ? o->failed_in : "", in);
		}
		notes_add(&c->notes, "'%s': %zu of %zu boots failed: %s%s%s", r->label, same,
			  r->boot_count, b->failure, *in ? " while it ran " : "", in);
	}
}

static const char *trouble_name(enum trouble_kind kind)
{
	return kind == TROUBLE_SKIP ? "skip" : "invalid";
}

static bool has_trouble(const struct boot *b, const struct trouble *t)
{
	for (size_t i = 0; i < b->trouble_count; i++) {
		if (b->troubles[i].kind == t->kind &&
		    !strcmp(b->troubles[i].workload, t->workload) &&
		    !strcmp(b->troubles[i].reason, t->reason))
			return true;
	}
	return false;
}

static void note_troubles(struct comparison *c, const struct results *r)
{
	for (size_t i = 0; i < r->boot_count; i++) {
		for (size_t k = 0; k < r->boots[i].trouble_count; k++) {
			const struct trouble *t = &r->boots[i].troubles[k];
			size_t boots = 0;

			for (size_t j = 0; j < r->boot_count; j++)
				boots += has_trouble(&r->boots[j], t);
			notes_add(&c->notes, "'%s': %s is %s in %zu of %zu boots: %s", r->label,
				  t->workload, trouble_name(t->kind), boots, r->boot_count,
				  t->reason);
		}
	}
}

static bool any_boot_has(const struct results *r, const struct measurement *m)
{
	for (size_t i = 0; i < r->boot_count; i++) {
		if (boot_measurement(&r->boots[i], m->workload, m->params, m->metric))
			return true;
	}
	return false;
}

static bool has_workload(const struct results *r, const char *name)
{
	for (size_t i = 0; i < r->boot_count; i++) {
		for (size_t k = 0; k < r->boots[i].measurement_count; k++) {
			if (!strcmp(r->boots[i].measurements[k].workload, name))
				return true;
		}
		for (size_t k = 0; k < r->boots[i].slab_count; k++) {
			if (!strcmp(r->boots[i].slabs[k].workload, name))
				return true;
		}
	}
	return false;
}

/* Names what `r` has and `other` has not, each workload or set of parameters once. */
static void note_only(struct comparison *c, const struct results *r, const struct results *other)
{
	for (size_t i = 0; i < r->boot_count; i++) {
		for (size_t k = 0; k < r->boots[i].measurement_count; k++) {
			const struct measurement *m = &r->boots[i].measurements[k];

			if (any_boot_has(other, m) || !any_boot_has(r, m))
				continue;
			if (has_workload(other, m->workload))
				notes_add(&c->notes, "only '%s' has %s with %s", r->label,
					  m->workload, *m->params ? m->params : m->metric);
			else
				notes_add(&c->notes, "only '%s' has %s", r->label, m->workload);
		}
	}
}

static void note_kinds(struct comparison *c)
{
	size_t small = 0;
	bool path = false;

	for (size_t i = 0; i < c->count; i++) {
		const struct row *r = &c->rows[i];

		small += (r->verdict == BETTER || r->verdict == WORSE) && r->slab_base == NULL &&
			 fabs(r->e.ratio - 1) < layout_noise;
		path = path || r->kind == KIND_PATH_LENGTH;
	}
	if (small) {
		notes_add(&c->notes,
			  "%zu verdicts rest on changes under 2%%: one build is one code layout, "
			  "so rebuild "
			  "both sides a few times before you claim them",
			  small);
	}
	if (path) {
		notes_add(&c->notes, "path length is executed instructions on one emulated CPU: it "
				     "says nothing of "
				     "contention, of IPIs, or of the cost of copying pages");
	}
}

static bool shares_workload(const struct results *a, const struct results *b)
{
	for (size_t i = 0; i < a->boot_count; i++) {
		for (size_t k = 0; k < a->boots[i].measurement_count; k++) {
			if (has_workload(b, a->boots[i].measurements[k].workload))
				return true;
		}
	}
	return false;
}

static char *workloads_of(const struct results *r)
{
	struct notes names = { 0 };
	char *list = xstrdup("");

	for (size_t i = 0; i < r->boot_count; i++) {
		for (size_t k = 0; k < r->boots[i].measurement_count; k++)
			notes_add(&names, "%s", r->boots[i].measurements[k].workload);
	}
	for (size_t i = 0; i < names.count; i++) {
		char *longer = xasprintf("%s%s%s", list, i ? ", " : "", names.lines[i]);

		free(list);
		list = longer;
	}
	if (!names.count) {
		free(list);
		list = xstrdup("none that counts");
	}
	notes_free(&names);
	return list;
}

char *remarks_nothing_shared(const struct results *base, const struct results *new)
{
	char *b, *n, *why;

	if (shares_workload(base, new)) {
		return xasprintf(
			"'%s' and '%s' ran the same workloads, but share no parameters or no valid "
			"run of one; run both with the same config",
			base->label, new->label);
	}
	b = workloads_of(base);
	n = workloads_of(new);
	why = xasprintf(
		"'%s' and '%s' share no workload ('%s' has %s; '%s' has %s); run both with the "
		"same config",
		base->label, new->label, base->label, b, new->label, n);
	free(b);
	free(n);
	return why;
}

void remarks_add(struct comparison *c)
{
	if (!strcmp(c->base->origin, c->new->origin))
		notes_add(&c->notes, "both sides are the same records: nothing can differ");
	note_failures(c, c->base);
	note_failures(c, c->new);
	note_troubles(c, c->base);
	note_troubles(c, c->new);
	note_only(c, c->base, c->new);
	note_only(c, c->new, c->base);
	note_kinds(c);
}
