// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the machines and kernels were, where they differ, and what went wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/report.h"

static json_t *run_of(const struct results *r)
{
	for (size_t i = 0; i < r->boot_count; i++) {
		if (r->boots[i].run)
			return r->boots[i].run;
	}
	return NULL;
}

static char *text_of(const json_t *value);

/* "name: value; name: value" */
static char *object_text(const json_t *object)
{
	char *all = xstrdup("");
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)object, name, value) {
		char *text = text_of(value);
		char *longer = xasprintf("%s%s%s: %s", all, *all ? "; " : "", name, text);

		free(text);
		free(all);
		all = longer;
	}
	return all;
}

/* A value as people read it. The caller frees. */
static char *text_of(const json_t *value)
{
	if (!value || json_is_null(value))
		return xstrdup("not recorded");
	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_object(value))
		return object_text(value);
	return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* ------------------------------------------------------------- differences */

/* Fields of one object of the `run` records, "" for the record itself. */
struct group {
	const char *object;
	const char *const *leave_out; /* ends with NULL */
};

static const json_t *object_of(const struct results *r, const char *object)
{
	const json_t *run = run_of(r);

	return *object ? json_object_get(run, object) : run;
}

static bool is_named(const char *const *names, const char *name)
{
	for (; *names; names++) {
		if (!strcmp(*names, name))
			return true;
	}
	return false;
}

static bool differs(const struct report *r, const char *object, const char *field)
{
	const json_t *first = json_object_get(object_of(r->results[0], object), field);

	for (size_t i = 1; i < r->count; i++) {
		const json_t *other = json_object_get(object_of(r->results[i], object), field);

		if (!first != !other || (first && !json_equal(first, other)))
			return true;
	}
	return false;
}

static void put_field(const struct report *r, const char *object, const char *field, bool differs)
{
	FILE *to = r->to;

	fprintf(to, "<tr><th scope=\"row\">");
	html_printf(to, "%s%s%s", object, *object ? "." : "", field);
	fprintf(to, "</th><td>%s</td>",
		differs ? "<span class=\"differs\">differs</span>" : "same");
	for (size_t i = 0; i < r->count; i++) {
		char *text = text_of(json_object_get(object_of(r->results[i], object), field));

		fprintf(to, "<td class=\"w\">");
		html_text(to, text);
		fprintf(to, "</td>");
		free(text);
	}
	fprintf(to, "</tr>\n");
}

/* Fields of all results' objects, each once. */
static json_t *fields_of(const struct report *r, const struct group *g)
{
	json_t *fields = json_object(), *value;
	const char *name;

	for (size_t i = 0; i < r->count; i++) {
		json_object_foreach ((json_t *)object_of(r->results[i], g->object), name, value) {
			if (!is_named(g->leave_out, name) && (*g->object || !json_is_object(value)))
				json_object_set_new(fields, name, json_null());
		}
	}
	return fields;
}

static void put_group(const struct report *r, const struct group *g, bool wanted)
{
	json_t *fields = fields_of(r, g), *value;
	const char *name;

	json_object_foreach (fields, name, value) {
		if (differs(r, g->object, name) == wanted)
			put_field(r, g->object, name, wanted);
	}
	json_decref(fields);
}

/* Options that differ, of kernels whose whole config was recorded. */
static void put_config(const struct report *r)
{
	json_t *options = json_object(), *value;
	const char *name;
	bool recorded = true;
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++) {
		json_t *config = json_object_get(object_of(r->results[i], "kernel"), "config");

		recorded = recorded && json_is_object(config);
		json_object_foreach (config, name, value)
			json_object_set_new(options, name, json_null());
	}
	fprintf(r->to, "<h3>Kernel config</h3>\n");
	if (!recorded)
		fprintf(r->to, "<p>Not recorded for every kernel.</p>\n");
	json_object_foreach (options, name, value) {
		const json_t *first = NULL;
		bool other = false;

		for (size_t i = 0; recorded && i < r->count; i++) {
			const json_t *v = json_object_get(
				json_object_get(object_of(r->results[i], "kernel"), "config"),
				name);

			other = other || (i && (!v != !first || (v && !json_equal(v, first))));
			first = i ? first : v;
		}
		if (!other)
			continue;
		if (!count++)
			fprintf(r->to, "<details open><summary>Options that differ</summary><pre>");
		html_printf(r->to, "%s:", name);
		for (size_t i = 0; i < r->count; i++) {
			const json_t *v = json_object_get(
				json_object_get(object_of(r->results[i], "kernel"), "config"),
				name);
			char *text = v ? text_of(v) : xstrdup("not set");

			html_printf(r->to, " %s%s", text, i + 1 < r->count ? " |" : "\n");
			free(text);
		}
	}
	if (count)
		fprintf(r->to, "</pre></details>\n");
	else if (recorded)
		fprintf(r->to, "<p>The same in every kernel.</p>\n");
	json_decref(options);
}

void report_environment(const struct report *r)
{
	static const char *const of_run[] = { "record", "schema", "label",   "boot_id",
					      "block",	"start",  "primary", NULL };
	static const char *const of_kernel[] = { "config", NULL };
	static const char *const none[] = { NULL };
	static const struct group groups[] = {
		{ "kernel", of_kernel }, { "machine", none }, { "topology", none },
		{ "settings", none },	 { "", of_run },      { "config", none },
		{ "guest", none },
	};

	fprintf(r->to, "<h2 id=\"environment\">Environment</h2>\n"
		       "<p>Of the first boot of each; what differs comes first.</p>\n");
	html_table(r->to, "fields", "Environment");
	fprintf(r->to, "<thead><tr><th scope=\"col\">field</th><th scope=\"col\"></th>");
	for (size_t i = 0; i < r->count; i++)
		html_cell(r->to, "th", r->results[i]->label);
	fprintf(r->to, "</tr></thead>\n<tbody>\n");
	for (int wanted = 1; wanted >= 0; wanted--) {
		for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
			put_group(r, &groups[g], wanted);
	}
	fprintf(r->to, "</tbody></table></div>\n");
	put_config(r);
}

/* -------------------------------------------------------------------- boots */

static void put_boot(FILE *to, const struct results *r, const struct boot *b)
{
	const char *start = json_string_value(json_object_get(b->run, "start"));

	fprintf(to, "<tr>");
	html_cell(to, "th scope=\"row\"", r->label);
	html_cell(to, "td", b->id);
	fprintf(to, "<td class=\"n\">");
	if (b->schedule)
		html_printf(to, "%s:%ld", b->schedule, b->index);
	else
		fputc('-', to);
	fprintf(to, "</td>");
	html_cell(to, "td", start ? start : "-");
	html_cell(to, "td", b->how ? b->how : "-");
	fprintf(to, "<td class=\"%s\">", b->failure ? "worse" : "");
	if (b->failure)
		html_printf(to, "%s%s%s", b->failure, b->failed_in ? " in " : "",
			    b->failed_in ? b->failed_in : "");
	else
		html_text(to, b->finished ? "done" : "cut off");
	fprintf(to, "</td></tr>\n");
}

void report_boots(const struct report *r)
{
	fprintf(r->to, "<h2 id=\"boots\">Boots</h2>\n");
	html_table(r->to, "boot-list", "Boots");
	fprintf(r->to, "<thead><tr><th scope=\"col\">kernel</th><th scope=\"col\">boot</th>"
		       "<th scope=\"col\" class=\"n\">block</th><th scope=\"col\">start</th>"
		       "<th scope=\"col\">figures</th><th scope=\"col\">outcome</th></tr></thead>\n"
		       "<tbody>\n");
	for (size_t i = 0; i < r->count; i++) {
		for (size_t k = 0; k < r->results[i]->boot_count; k++)
			put_boot(r->to, r->results[i], &r->results[i]->boots[k]);
	}
	fprintf(r->to, "</tbody></table></div>\n");
}

/* ----------------------------------------------------------------- troubles */

static const char *trouble_name(enum trouble_kind kind)
{
	static const char *const names[] = { [TROUBLE_SKIP] = "skip",
					     [TROUBLE_INVALID] = "invalid",
					     [TROUBLE_KERNEL_LOG] = "kernel log" };

	return names[kind];
}

static bool same_trouble(const struct trouble *a, const struct trouble *b)
{
	return a->kind == b->kind && !strcmp(a->workload, b->workload) &&
	       !strcmp(a->reason, b->reason) && !a->params == !b->params &&
	       (!a->params || !strcmp(a->params, b->params));
}

/* Boots of the result that have the trouble; 0 if an earlier boot (or place) told it. */
static size_t boots_with(const struct results *r, size_t boot, size_t place)
{
	const struct trouble *t = &r->boots[boot].troubles[place];
	size_t count = 0;

	for (size_t i = 0; i < r->boot_count; i++) {
		bool has = false;

		for (size_t k = 0; k < r->boots[i].trouble_count; k++) {
			if (!same_trouble(&r->boots[i].troubles[k], t))
				continue;
			if (i < boot || (i == boot && k < place))
				return 0;
			has = true;
		}
		count += has;
	}
	return count;
}

static size_t put_troubles(FILE *to, const struct results *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->boot_count; i++) {
		for (size_t k = 0; k < r->boots[i].trouble_count; k++) {
			const struct trouble *t = &r->boots[i].troubles[k];
			size_t boots = boots_with(r, i, k);

			if (!boots)
				continue;
			if (to) {
				fprintf(to, "<tr>");
				html_cell(to, "th scope=\"row\"", r->label);
				html_cell(to, "td", t->workload);
				html_cell(to, "td", t->params ? t->params : "all");
				html_cell(to, "td", trouble_name(t->kind));
				fprintf(to, "<td class=\"n\">%zu of %zu</td>", boots,
					r->boot_count);
				html_cell(to, "td class=\"w\"", t->reason);
				fprintf(to, "</tr>\n");
			}
			count++;
		}
	}
	return count;
}

static void put_log(FILE *to, const struct results *r, const struct boot *b)
{
	json_t *entry, *line;
	size_t i, k;

	json_array_foreach (b->log, i, entry) {
		const char *workload = json_string_value(json_object_get(entry, "workload"));

		fprintf(to, "<h3>");
		html_printf(to, "%s, boot %s%s%s%s%s", r->label, b->id, workload ? ", " : "",
			    workload ? workload : "", b->failure ? ": " : "",
			    b->failure ? b->failure : "");
		fprintf(to, "</h3>\n<pre>");
		json_array_foreach (json_object_get(entry, "lines"), k, line)
			html_printf(to, "%s\n",
				    json_string_value(line) ? json_string_value(line) : "");
		fprintf(to, "</pre>\n");
	}
}

void report_troubles(const struct report *r)
{
	FILE *to = r->to;
	struct notes all = { 0 };
	size_t count = 0, logs = 0;

	fprintf(to, "<h2 id=\"troubles\">Not measured, and what else to know</h2>\n");
	for (size_t i = 0; i < r->count; i++) {
		count += put_troubles(NULL, r->results[i]);
		notes_join(&all, &r->results[i]->notes);
	}
	for (size_t i = 0; i + 1 < r->count; i++)
		notes_join(&all, &r->comparisons[i]->notes);
	if (count) {
		html_table(to, "no-figures", "Workloads that gave no figure");
		fprintf(to,
			"<thead><tr><th scope=\"col\">kernel</th><th scope=\"col\">workload</th>"
			"<th scope=\"col\">parameters</th><th scope=\"col\">what</th>"
			"<th scope=\"col\" class=\"n\">boots</th><th scope=\"col\">reason</th>"
			"</tr></thead>\n<tbody>\n");
		for (size_t i = 0; i < r->count; i++)
			put_troubles(to, r->results[i]);
		fprintf(to, "</tbody></table></div>\n");
	} else {
		fprintf(to, "<p>No workload of the plan was skipped or invalid.</p>\n");
	}
	if (all.count)
		fprintf(to, "<ul>\n");
	for (size_t i = 0; i < all.count; i++) {
		html_cell(to, "li", all.lines[i]);
		fputc('\n', to);
	}
	if (all.count)
		fprintf(to, "</ul>\n");
	notes_free(&all);
	fprintf(to, "<h2 id=\"log\">Kernel log</h2>\n");
	for (size_t i = 0; i < r->count; i++) {
		for (size_t k = 0; k < r->results[i]->boot_count; k++) {
			logs += json_array_size(r->results[i]->boots[k].log);
			put_log(to, r->results[i], &r->results[i]->boots[k]);
		}
	}
	if (!logs)
		fprintf(to, "<p>No kernel complained while a workload ran.</p>\n");
}
