// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was compared and how, what is not in the tables, and the commands that do it again.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "analysis/letter.h"
#include "analysis/table.h"

/* The first boot that wrote a `run` record, or NULL. */
static const json_t *run_of(const struct results *r)
{
	for (size_t i = 0; i < r->boot_count; i++) {
		if (r->boots[i].run)
			return r->boots[i].run;
	}
	return NULL;
}

static const char *text_at(const json_t *record, const char *object, const char *field)
{
	const json_t *in = *object ? json_object_get(record, object) : record;
	const char *text = json_string_value(json_object_get(in, field));

	return text ? text : "";
}

static long number_at(const json_t *record, const char *object, const char *field)
{
	return json_integer_value(json_object_get(json_object_get(record, object), field));
}

/* ------------------------------------------------------------ what and how */

static bool all_share(const struct letter *l, const char *object, const char *field)
{
	for (size_t i = 1; i < l->count; i++) {
		if (strcmp(text_at(run_of(l->results[i]), object, field),
			   text_at(run_of(l->results[0]), object, field)))
			return false;
	}
	return true;
}

/* "what  value", its further lines below the value. */
static void put(const struct letter *l, const char *what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put(const struct letter *l, const char *what, const char *format, ...)
{
	char first[16], *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort(); /* out of memory */
	va_end(args);
	snprintf(first, sizeof(first), "%-10s ", what);
	letter_wrap(l, first, "           ", "%s", text);
	free(text);
}

/* Once where all kernels share it, else for each. */
static void put_field(const struct letter *l, const char *what, const char *object,
		      const char *field)
{
	if (all_share(l, object, field)) {
		if (*text_at(run_of(l->results[0]), object, field))
			put(l, what, "%s", text_at(run_of(l->results[0]), object, field));
		return;
	}
	for (size_t i = 0; i < l->count; i++)
		put(l, i ? "" : what, "%s: %s", l->results[i]->label,
		    text_at(run_of(l->results[i]), object, field));
}

static const char *mode_means(const struct boot *b)
{
	if (b->icount && !strcmp(b->mode, "layout"))
		return "executed instructions in guests with one emulated CPU, a new memory layout "
		       "in each block; no times";
	if (b->icount)
		return "executed instructions in deterministic guests with one emulated CPU; no "
		       "times";
	if (!strcmp(b->virtualisation, "tcg"))
		return "an emulated machine: objects and events count, times do not";
	if (!strcmp(b->virtualisation, "none"))
		return "time on the machine itself";
	return "time in a virtual machine";
}

static void put_kinds(const struct letter *l)
{
	const struct comparison *c = l->comparisons[0];
	const char *how = NULL;

	for (size_t i = 0; i < c->match.count; i++) {
		const struct stratum *s = &c->match.strata[i];
		char *summary, *lines;
		size_t line = 0;

		if (how && !strcmp(how, s->how))
			continue;
		how = s->how;
		lines = summary = how_summary(c, how);
		for (char *text; (text = strsep(&lines, "\n")); line++)
			put(l, line ? "" : "mode", "%s%s%s", text, line ? "" : ": ",
			    line ? "" : mode_means(s->base[0]));
		free(summary);
	}
}

static void put_machine(const struct letter *l)
{
	const json_t *run = run_of(l->results[0]), *machine = json_object_get(run, "machine");
	size_t nodes = json_array_size(json_object_get(json_object_get(run, "topology"), "nodes"));
	const char *virtualisation = text_at(run, "", "virtualisation");

	put(l, "machine", "%s, %ld CPU%s, %.1f GiB, %zu node%s, %s%s%s; microcode %s",
	    text_at(run, "machine", "cpu"), number_at(run, "machine", "cpus"),
	    number_at(run, "machine", "cpus") == 1 ? "" : "s",
	    json_integer_value(json_object_get(machine, "memory_kib")) / 1048576.,
	    nodes ? nodes : 1, nodes > 1 ? "s" : "", text_at(run, "kernel", "arch"),
	    strcmp(virtualisation, "none") ? ", virtualised by " : ", bare metal",
	    strcmp(virtualisation, "none") ? virtualisation : "",
	    *text_at(run, "machine", "microcode") ? text_at(run, "machine", "microcode")
						  : "unknown");
}

static void put_settings(const struct letter *l)
{
	json_t *settings = json_object_get(run_of(l->results[0]), "settings"), *value;
	char *list = xstrdup(""), *longer;
	const char *name;

	json_object_foreach (settings, name, value) {
		const char *text = json_string_value(value);

		longer = xasprintf("%s%s%s=%s", list, *list ? ", " : "", name, text ? text : "?");
		free(list);
		list = longer;
	}
	if (*list)
		put(l, "settings", "%s", list);
	free(list);
}

static void put_title(const struct letter *l)
{
	char *labels = xstrdup(l->results[1]->label);

	for (size_t i = 2; i < l->count; i++) {
		char *longer = xasprintf("%s%s%s", labels, i + 1 < l->count ? ", " : " and ",
					 l->results[i]->label);

		free(labels);
		labels = longer;
	}
	letter_wrap(l, "", "", "Anonymous reverse mapping: what %s cost%s and save%s beside %s",
		    labels, l->count == 2 ? "s" : "", l->count == 2 ? "s" : "",
		    l->results[0]->label);
	free(labels);
}

void letter_how(const struct letter *l)
{
	const json_t *run = run_of(l->results[0]);

	put_title(l);
	letter_heading(l, "What was compared, and how");
	for (size_t i = 0; i < l->count; i++) {
		char *side = side_summary(l->results[i]);

		put(l, i ? "new" : "base", "%s", side);
		free(side);
	}
	put_machine(l);
	put_kinds(l);
	put_settings(l);
	put_field(l, "compiler", "kernel", "compiler");
	put_field(l, "cmdline", "kernel", "cmdline");
	put(l, "plan", "%s (SHA-256 %.12s), %ld processes planned a boot",
	    text_at(run, "config", "file"), text_at(run, "config", "hash"),
	    number_at(run, "plan", "runs"));
	put(l, "suite", "%s, from %s", text_at(run, "", "tool"), text_at(run, "", "start"));
	put(l, "unit",
	    "a boot is one observation: samples and processes of a boot are averaged before "
	    "anything is compared; a block is one boot of each kernel, next to each other in time");
}

/* -------------------------------------------------------- what is not there */

static size_t troubles_of(const struct letter *l)
{
	size_t count = 0;

	for (size_t i = 0; i < l->count; i++) {
		for (size_t k = 0; k < l->results[i]->boot_count; k++) {
			const struct boot *b = &l->results[i]->boots[k];

			count += b->trouble_count + (b->failure != NULL) + !b->finished;
		}
	}
	return count;
}

void letter_missing(const struct letter *l)
{
	struct notes all = { 0 };

	letter_heading(l, "Not measured, and what else to know");
	for (size_t i = 0; i < l->count; i++)
		notes_join(&all, &l->results[i]->notes);
	for (size_t i = 0; i + 1 < l->count; i++)
		notes_join(&all, &l->comparisons[i]->notes);
	if (!troubles_of(l))
		letter_wrap(l, "- ", "  ",
			    "no workload of the plan was skipped or invalid, no boot failed or was "
			    "cut off");
	for (size_t i = 0; i < all.count; i++)
		letter_wrap(l, "- ", "  ", "%s", all.lines[i]);
	notes_free(&all);
}

/* ------------------------------------------------------------------ commands */

/* As a shell reads it back as one word. The caller frees. */
static char *shell_word(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-./=:,+@%";
	char *word, *to;

	if (*text && strspn(text, plain) == strlen(text))
		return xstrdup(text);
	to = word = xcalloc(4 * strlen(text) + 3, 1);
	*to++ = '\'';
	for (; *text; text++)
		to += *text == '\'' ? sprintf(to, "'\\''") : sprintf(to, "%c", *text);
	*to = '\'';
	return word;
}

/* A command over as many lines as it needs, broken so that a shell reads it. */
struct line {
	FILE *to;
	size_t column;
};

static void put_word(struct line *line, const char *text)
{
	char *word = shell_word(text);

	if (line->column && line->column + strlen(word) + 3 > LETTER_COLUMNS)
		line->column = fprintf(line->to, " \\\n      ") - 3;
	line->column += fprintf(line->to, "%s%s", line->column ? " " : "  ", word);
	free(word);
}

static void put_words(struct line *line, const char *const *words)
{
	for (; *words; words++)
		put_word(line, *words);
}

static size_t blocks_of(const struct letter *l)
{
	const struct match *m = &l->comparisons[0]->match;
	size_t blocks = 0;

	for (size_t i = 0; i < m->count; i++)
		blocks = m->strata[i].base_count > blocks ? m->strata[i].base_count : blocks;
	return blocks;
}

static void put_lab(const struct letter *l, const json_t *run)
{
	const char *file = text_at(run, "config", "file");
	char *blocks = xasprintf("%zu", blocks_of(l));
	struct line line = { l->to, 0 };

	put_words(&line, (const char *[]){ "rmapbench", "lab", "--mode", text_at(run, "", "mode"),
					   "--blocks", blocks, NULL });
	if (!strstr(file, "(built in)"))
		put_words(&line, (const char *[]){ "--plan", file, NULL });
	for (size_t i = 0; i < l->count; i++) {
		char *word = xasprintf("%s=KERNEL-%zu", l->results[i]->label, i);

		put_word(&line, word);
		free(word);
	}
	fputc('\n', l->to);
	for (size_t i = 0; i < l->count; i++)
		letter_wrap(l, "    # ", "    # ", "KERNEL-%zu: the image of %s", i,
			    text_at(run_of(l->results[i]), "kernel", "release"));
	free(blocks);
}

static void put_runs(const struct letter *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const json_t *run = run_of(l->results[i]);
		struct line line = { l->to, 0 };

		letter_wrap(l, "  # ", "  # ", "%zu boots of %s", l->results[i]->boot_count,
			    text_at(run, "kernel", "release"));
		put_words(&line, (const char *[]){ "rmapbench", "run", "--config",
						   text_at(run, "config", "file"), "--label",
						   l->results[i]->label, NULL });
		fputc('\n', l->to);
	}
}

void letter_commands(const struct letter *l, char *const *names, const char *root)
{
	const json_t *run = run_of(l->results[0]);
	struct line line = { l->to, 0 };

	letter_heading(l, "Do it again");
	if (json_object_get(run, "guest"))
		put_lab(l, run);
	else
		put_runs(l);
	put_words(&line, (const char *[]){ "rmapbench", "letter", NULL });
	if (strcmp(root, "results"))
		put_words(&line, (const char *[]){ "--results", root, NULL });
	for (size_t i = 0; i < l->count; i++)
		put_word(&line, names[i]);
	fputc('\n', l->to);
	letter_wrap(l, "", "",
		    "The records hold every sample, the schedule and its seed; 'rmapbench compare "
		    "--format json' has every figure.");
}
