// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects and bytes that workloads held, kernel beside kernel.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/letter.h"
#include "analysis/objects.h"
#include "analysis/table.h"

/* Settings with the most bytes that are shown even where no count differs. */
enum { ALWAYS_SHOWN = 6, NAME = 17 };

static const double kib = 1024;

/* One workload with its parameters: the rows [first, last) of the first comparison's list. */
struct setting {
	size_t first, last;
	double bytes; /* slots that the base held */
	bool differs; /* some kernel held another number of objects */
	bool largest; /* of its workload */
	bool shown;
};

/* Objects while held of one cache, in all comparisons of the group. */
struct held {
	const struct row *objects[LETTER_GROUP], *slots[LETTER_GROUP];
};

struct list {
	const struct letter *l;
	struct comparison *const *c;
	size_t kernels;
	struct held *held; /* by how, workload, params, cache */
	size_t held_count;
	struct setting *settings;
	size_t count;
};

static bool is_held(const struct row *r, enum slab_figure figure)
{
	return r->slab_base && r->figure == figure && !strcmp(r->slab_base->point, "held");
}

static const struct row *find(const struct comparison *c, const struct row *like,
			      enum slab_figure figure)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct row *r = &c->rows[i];

		if (is_held(r, figure) && !strcmp(r->how, like->how) &&
		    !strcmp(r->workload, like->workload) && !strcmp(r->metric, like->metric) &&
		    !strcmp(r->params, like->params) && !r->machine == !like->machine &&
		    (!r->machine || !strcmp(r->machine, like->machine)))
			return r;
	}
	return NULL;
}

static bool same_setting(const struct row *a, const struct row *b)
{
	return !strcmp(a->how, b->how) && !strcmp(a->workload, b->workload) &&
	       !strcmp(a->params, b->params);
}

/* Rows come by cache, then params; here those of one setting stand together. */
static void collect(struct list *list)
{
	const struct comparison *c = list->c[0];

	for (size_t i = 0; i < c->count; i++) {
		const struct row *r = &c->rows[i];
		size_t at = list->held_count;
		struct held h = { .objects = { r } };

		if (!is_held(r, SLAB_OBJECTS))
			continue;
		while (at && !same_setting(list->held[at - 1].objects[0], r))
			at--;
		if (!at)
			at = list->held_count;
		for (size_t k = 0; k < list->kernels; k++) {
			h.objects[k] = k ? find(list->c[k], r, SLAB_OBJECTS) : r;
			h.slots[k] = find(list->c[k], r, SLAB_SLOT_BYTES);
		}
		array_grow(list->held, list->held_count);
		memmove(&list->held[at + 1], &list->held[at], (list->held_count - at) * sizeof(h));
		list->held[at] = h;
		list->held_count++;
	}
}

static void judge_setting(const struct list *list, struct setting *s)
{
	for (size_t i = s->first; i < s->last; i++) {
		const struct held *h = &list->held[i];

		s->bytes += h->slots[0] ? h->slots[0]->e.base : 0;
		for (size_t k = 0; k < list->kernels; k++)
			s->differs = s->differs || (h->objects[k] &&
						    h->objects[k]->e.base != h->objects[k]->e.new);
	}
}

static int by_bytes(const void *a, const void *b)
{
	double x = (*(struct setting *const *)a)->bytes, y = (*(struct setting *const *)b)->bytes;

	return (x < y) - (x > y);
}

/* The largest setting of a workload is shown if its counts differ or it is one of the biggest. */
static void choose(struct list *list)
{
	struct setting **order = xcalloc(list->count + 1, sizeof(*order));
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct setting *s = &list->settings[i];

		s->shown = list->l->full || (s->largest && s->differs);
		if (s->largest)
			order[n++] = s;
	}
	qsort(order, n, sizeof(*order), by_bytes);
	for (size_t i = 0; i < n && i < ALWAYS_SHOWN; i++)
		order[i]->shown = order[i]->shown || order[i]->bytes > 0;
	free(order);
}

static void make_settings(struct list *list)
{
	size_t last;

	for (size_t first = 0; first < list->held_count; first = last) {
		const struct row *r = list->held[first].objects[0];
		struct setting s = { .first = first, .largest = true };

		for (last = first;
		     last < list->held_count && same_setting(r, list->held[last].objects[0]);
		     last++)
			;
		s.last = last;
		judge_setting(list, &s);
		if (list->count) {
			struct setting *before = &list->settings[list->count - 1];
			const struct row *b = list->held[before->first].objects[0];

			before->largest =
				strcmp(b->how, r->how) || strcmp(b->workload, r->workload);
		}
		array_grow(list->settings, list->count);
		list->settings[list->count++] = s;
	}
	choose(list);
}

/* ----------------------------------------------------------------- printing */

static void put_header(const struct list *list)
{
	FILE *to = list->l->to;
	char fit[16];

	fprintf(to, "\n%-*s", NAME, "");
	for (int bytes = 0; bytes < 2; bytes++) {
		int width = bytes ? 10 : 9;

		fprintf(to, "%*s", width,
			letter_fit(fit, sizeof(fit), list->c[0]->base->label, width - 1));
		for (size_t k = 0; k < list->kernels; k++)
			fprintf(to, "%*s", width,
				letter_fit(fit, sizeof(fit), list->c[k]->new->label, width - 1));
		if (list->kernels == 1)
			fprintf(to, "%9s", "change");
	}
	fprintf(to, "\n%-*s", NAME, "");
	if (list->kernels == 1)
		fprintf(to, "%18s%9s%20s%9s\n", "objects", "%", "KiB", "%");
	else
		fprintf(to, "%*s%*s\n", (int)(9 * (list->kernels + 1)), "objects",
			(int)(10 * (list->kernels + 1)), "KiB");
}

static struct cells cells_of(const struct list *list, size_t k, const struct row *r, double scale)
{
	struct section s = { .common = "", .scale = scale };
	struct cells none = { .base = "-", .new = "-", .change = "-" };

	return r ? row_cells(list->c[k], &s, r) : none;
}

/* A count that is not exact is marked. */
static const char *mark(const struct row *r)
{
	return r && !r->exact && !(r->slab_base->exact && r->slab_new->exact) ? "~" : "";
}

static void put_held(const struct list *list, const struct held *h)
{
	FILE *to = list->l->to;
	struct cells objects[LETTER_GROUP], slots[LETTER_GROUP];
	bool changed = false;

	for (size_t k = 0; k < list->kernels; k++) {
		objects[k] = cells_of(list, k, h->objects[k], 1);
		slots[k] = cells_of(list, k, h->slots[k], kib);
		changed = changed || (h->slots[k] && h->slots[k]->e.base != h->slots[k]->e.new);
	}
	fprintf(to, "  %-*s", NAME - 2, h->objects[0]->metric);
	if (list->kernels == 1) {
		fprintf(to, "%9s%s%*s%9s%10s%10s%9s\n", objects[0].base, mark(h->objects[0]),
			*mark(h->objects[0]) ? 8 : 9, objects[0].new, objects[0].change,
			slots[0].base, slots[0].new, slots[0].change);
		return;
	}
	fprintf(to, "%9s", objects[0].base);
	for (size_t k = 0; k < list->kernels; k++)
		fprintf(to, "%9s", objects[k].new);
	fprintf(to, "%10s", slots[0].base);
	for (size_t k = 0; k < list->kernels; k++)
		fprintf(to, "%10s", slots[k].new);
	fputc('\n', to);
	if (!changed)
		return;
	fprintf(to, "  %-*s%9s", NAME - 2, "  change, %", "");
	for (size_t k = 0; k < list->kernels; k++)
		fprintf(to, "%9s", objects[k].change);
	fprintf(to, "%10s", "");
	for (size_t k = 0; k < list->kernels; k++)
		fprintf(to, "%10s", slots[k].change);
	fputc('\n', to);
}

static void put_setting(const struct list *list, const struct setting *s)
{
	const struct row *r = list->held[s->first].objects[0];

	letter_wrap(list->l, "", "    ", "%s%s%s", r->workload, *r->params ? ", " : "", r->params);
	for (size_t i = s->first; i < s->last; i++)
		put_held(list, &list->held[i]);
}

/* Workloads with the same counts in all kernels, in a sentence. */
static void put_rest(const struct list *list)
{
	char *names = xstrdup("");
	size_t more = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct setting *s = &list->settings[i];
		const char *workload = list->held[s->first].objects[0]->workload;
		char *longer;

		if (s->shown)
			continue;
		if (!s->largest || s->differs) {
			more++;
			continue;
		}
		longer = xasprintf("%s%s%s", names, *names ? ", " : "", workload);
		free(names);
		names = longer;
	}
	if (*names)
		letter_wrap(list->l, "", "", "As many objects in every kernel: %s.", names);
	if (more)
		letter_wrap(list->l, "", "",
			    "(%zu smaller settings are left out: letter --full has them)", more);
	free(names);
}

static void put_group(const struct letter *l, struct comparison *const *c, size_t kernels)
{
	struct list list = { .l = l, .c = c, .kernels = kernels };
	const char *how = NULL;

	collect(&list);
	make_settings(&list);
	for (size_t i = 0; i < list.count; i++) {
		const struct row *r = list.held[list.settings[i].first].objects[0];

		if (!list.settings[i].shown)
			continue;
		if (!how || strcmp(how, r->how)) {
			letter_wrap(l, "\n", "   ", "%s", r->how);
			put_header(&list);
		}
		how = r->how;
		put_setting(&list, &list.settings[i]);
	}
	put_rest(&list);
	free(list.settings);
	free(list.held);
}

static bool any_held(const struct letter *l)
{
	for (size_t i = 0; i + 1 < l->count; i++) {
		for (size_t k = 0; k < l->comparisons[i]->count; k++) {
			if (is_held(&l->comparisons[i]->rows[k], SLAB_OBJECTS))
				return true;
		}
	}
	return false;
}

void letter_objects(const struct letter *l)
{
	if (!any_held(l))
		return;
	letter_heading(l, "Objects and bytes");
	letter_wrap(l, "", "",
		    "Slab growth while each workload holds all it made, at its largest parameters. "
		    "KiB: objects times the cache's slot, without the free slots of its slabs. "
		    "~: not exact.");
	for (size_t i = 0; i + 1 < l->count; i += LETTER_GROUP)
		put_group(l, &l->comparisons[i],
			  l->count - 1 - i < LETTER_GROUP ? l->count - 1 - i : LETTER_GROUP);
}
