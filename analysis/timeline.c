// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Raw slab use while a workload runs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/drawing.h"
#include "analysis/params.h"

static const struct timeline *find_timeline(const struct drawing *d, const struct results *r,
					    const struct timeline *like)
{
	for (size_t i = 0; i < r->boot_count; i++) {
		const struct boot *b = &r->boots[i];

		for (size_t k = 0; drawing_counts(d, b) && k < b->timeline_count; k++) {
			const struct timeline *t = &b->timelines[k];

			if (t->count && !strcmp(t->workload, like->workload) &&
			    !strcmp(t->params, like->params) && !strcmp(t->cache, like->cache))
				return t;
		}
	}
	return NULL;
}

static void timeline(struct drawing *d, const struct timeline *like)
{
	struct script s;
	char *tail;

	script_open(&s);
	script_label(&s, "x", "ms since the warm-up process started");
	script_label(&s, "y", "objects, with those that are free on CPUs");
	for (size_t i = 0; i < d->count; i++) {
		const struct timeline *t = find_timeline(d, d->results[i], like);
		char *title, *what;

		if (!t)
			continue;
		fprintf(s.to_settings, "$s%zu << EOD\n", i);
		for (size_t k = 0; k < t->count; k++)
			fprintf(s.to_settings, "%.15g %.15g\n", t->ms[k], t->objects[k]);
		fprintf(s.to_settings, "EOD\n");
		title = xasprintf("%s, 1 process of 1 boot", d->results[i]->label);
		what = xasprintf("$s%zu using 1:2 with steps ls %zu", i, i % 6 + 1);
		script_curve(s.to_plot, what, title);
		free(what);
		what = xasprintf("$s%zu using 1:2 with points pt '%c'", i, "*o+x#@"[i % 6]);
		script_curve(s.to_ascii, what, title);
		free(what);
		free(title);
	}
	tail = xasprintf("timeline-%s%s%s", like->cache, *like->params ? "." : "", like->params);
	drawing_add(d, &s, like->workload,
		    xasprintf("%s: %s in use while it runs", like->workload, like->cache),
		    like->params, tail, false);
	free(tail);
}

/* One of each workload and cache: with the largest parameters. */
void draw_timelines(struct drawing *d, bool (*wanted)(const char *only, const char *workload),
		    const char *only)
{
	const struct timeline **best = NULL;
	size_t count = 0;

	for (size_t i = 0; i < d->count; i++) {
		for (size_t b = 0; b < d->results[i]->boot_count; b++) {
			const struct boot *boot = &d->results[i]->boots[b];

			for (size_t k = 0; drawing_counts(d, boot) && k < boot->timeline_count;
			     k++) {
				const struct timeline *t = &boot->timelines[k];
				size_t at = 0;

				if (!t->count || !wanted(only, t->workload))
					continue;
				while (at < count && (strcmp(best[at]->workload, t->workload) ||
						      strcmp(best[at]->cache, t->cache)))
					at++;
				if (at == count) {
					array_grow(best, count);
					best[count++] = t;
				} else if (params_compare(t->params, best[at]->params) > 0) {
					best[at] = t;
				}
			}
		}
	}
	for (size_t i = 0; i < count; i++)
		timeline(d, best[i]);
	free(best);
}
