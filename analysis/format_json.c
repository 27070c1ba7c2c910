// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON for programs. Every row, at full precision; null where there is no number. A change of
 * meaning raises the schema.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/objects.h"
#include "analysis/params.h"
#include "analysis/table.h"

enum { JSON_SCHEMA = 1 };

static json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *text(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *side(const struct results *r, size_t boots, double value)
{
	return json_pack("{s:o, s:I, s:o}", "label", text(r->label), "boots", (json_int_t)boots,
			 "value", real(value));
}

static json_t *slab(const struct row *r)
{
	const struct slab_count *b = r->slab_base, *n = r->slab_new;

	if (!b)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:[o,o], s:[o,o], s:[o,o]}", "cache", b->cache, "point",
			 b->point, "figure", slab_figure_name(r->figure), "object_size",
			 real(b->object_size), real(n->object_size), "slab_size",
			 real(b->slab_size), real(n->slab_size), "model", real(b->model),
			 real(n->model));
}

static json_t *metric(const struct comparison *c, const struct row *r)
{
	const struct estimate *e = &r->e;
	char *name = row_name(r);
	json_t *m = json_object();

	json_object_set_new(m, "workload", text(r->workload));
	json_object_set_new(m, "params", params_object(r->params));
	json_object_set_new(m, "metric", text(name));
	json_object_set_new(m, "unit", text(r->unit));
	json_object_set_new(m, "kind", text(kind_name(r->kind)));
	json_object_set_new(m, "statistic", text(statistic_name(r->statistic)));
	json_object_set_new(m, "better", text(r->lower_is_better ? "lower" : "higher"));
	json_object_set_new(m, "figures", text(r->how));
	json_object_set_new(m, "machine", text(r->machine));
	json_object_set_new(m, "base", side(c->base, e->n_base, e->base));
	json_object_set_new(m, "new", side(c->new, e->n_new, e->new));
	json_object_set_new(m, "ratio", real(e->ratio));
	json_object_set_new(m, "ci",
			    isnan(e->low) ? json_null() : json_pack("[f,f]", e->low, e->high));
	json_object_set_new(m, "p", real(e->p));
	json_object_set_new(m, "p_adjusted", real(r->p_adjusted));
	json_object_set_new(m, "p_sign_flip", real(e->p_sign_flip));
	json_object_set_new(m, "mde", real(e->smallest));
	json_object_set_new(m, "paired", json_boolean(e->paired));
	json_object_set_new(m, "primary", json_boolean(r->primary));
	json_object_set_new(m, "exact", json_boolean(r->exact));
	json_object_set_new(m, "slab", slab(r));
	json_object_set_new(m, "verdict", text(verdict_name(r->verdict)));
	free(name);
	return m;
}

static json_t *result(const struct results *r)
{
	json_t *o = json_pack("{s:o, s:o, s:I, s:I, s:[]}", "label", text(r->label), "origin",
			      text(r->origin), "boots", (json_int_t)r->boot_count, "failed",
			      (json_int_t)results_failed(r), "failures");

	for (size_t i = 0; i < r->boot_count; i++) {
		const struct boot *b = &r->boots[i];

		if (b->failure) {
			json_array_append_new(json_object_get(o, "failures"),
					      json_pack("{s:o, s:o, s:o}", "boot_id", text(b->id),
							"outcome", text(b->failure), "workload",
							text(b->failed_in)));
		}
	}
	return o;
}

static void write_json(FILE *to, struct comparison *const *c, size_t count)
{
	json_t *metrics = json_array(), *notes = json_array(), *results = json_array(), *root;

	json_array_append_new(results, result(c[0]->base));
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(results, result(c[i]->new));
		for (size_t k = 0; k < c[i]->count; k++)
			json_array_append_new(metrics, metric(c[i], &c[i]->rows[k]));
		for (size_t k = 0; k < c[i]->notes.count; k++)
			json_array_append_new(notes, text(c[i]->notes.lines[k]));
	}
	root = json_pack("{s:i, s:f, s:o, s:o, s:o}", "schema", JSON_SCHEMA, "margin", c[0]->margin,
			 "results", results, "metrics", metrics, "notes", notes);
	json_dumpf(root, to, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
	fputc('\n', to);
	json_decref(root);
}

const struct format format_json = { "json", ".json", write_json };
