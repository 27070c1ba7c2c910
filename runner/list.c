// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench list: the workloads, and whether each can run here.
 */
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "runner/catalogue.h"

static const struct command list_command;

static void print_text(const struct descriptor *d, const char *missing)
{
	json_t *param;
	size_t i;

	printf("%-22s %s\n", d->name, json_string_value(json_object_get(d->json, "summary")));
	json_array_foreach (json_object_get(d->json, "params"), i, param) {
		json_t *def = json_object_get(param, "default");

		printf("    %-18s %s", json_string_value(json_object_get(param, "name")),
		       json_string_value(json_object_get(param, "help")));
		if (json_is_integer(def))
			printf(" (%lld; %lld to %lld %s)", (long long)json_integer_value(def),
			       (long long)json_integer_value(json_object_get(param, "min")),
			       (long long)json_integer_value(json_object_get(param, "max")),
			       json_string_value(json_object_get(param, "unit")));
		printf("\n");
	}
	if (missing)
		printf("    not here: %s\n", missing);
}

static void print_markdown(const struct descriptor *d)
{
	json_t *item;
	size_t i;

	printf("\n## %s\n\n%s.\n\nDrives: %s.\n", d->name,
	       json_string_value(json_object_get(d->json, "summary")),
	       json_string_value(json_object_get(d->json, "drives")));
	if (json_array_size(json_object_get(d->json, "params")))
		printf("\n| parameter | what | default | range | unit |\n|---|---|---|---|---|\n");
	json_array_foreach (json_object_get(d->json, "params"), i, item) {
		char *def = json_dumps(json_object_get(item, "default"), JSON_ENCODE_ANY);

		printf("| %s | %s | %s | ", json_string_value(json_object_get(item, "name")),
		       json_string_value(json_object_get(item, "help")), def);
		if (json_object_get(item, "min"))
			printf("%lld to %lld",
			       (long long)json_integer_value(json_object_get(item, "min")),
			       (long long)json_integer_value(json_object_get(item, "max")));
		printf(" | %s |\n", json_string_value(json_object_get(item, "unit")));
		free(def);
	}
	if (json_array_size(json_object_get(d->json, "metrics")))
		printf("\n| metric | what | unit | kind | better |\n|---|---|---|---|---|\n");
	json_array_foreach (json_object_get(d->json, "metrics"), i, item)
		printf("| %s | %s | %s | %s | %s |\n",
		       json_string_value(json_object_get(item, "name")),
		       json_string_value(json_object_get(item, "help")),
		       json_string_value(json_object_get(item, "unit")),
		       json_string_value(json_object_get(item, "kind")),
		       json_string_value(json_object_get(item, "better")));
	printf("\nEvidence, without which there is no figure:\n\n");
	json_array_foreach (json_object_get(d->json, "evidence"), i, item) {
		double factor = json_number_value(json_object_get(item, "factor"));

		printf("- `%s` grows by %s ", json_string_value(json_object_get(item, "counter")),
		       json_string_value(json_object_get(item, "relation")));
		if (factor != 1)
			printf("%g x ", factor);
		printf("`%s`: %s\n", json_string_value(json_object_get(item, "work")),
		       json_string_value(json_object_get(item, "why")));
	}
	printf("\nNeeds: ");
	json_array_foreach (json_object_get(d->json, "needs"), i, item)
		printf("%s%s", i ? ", " : "", json_string_value(item));
	printf("%s.\n", i ? "" : "nothing");
}

/* The reason, to be freed, or NULL if it can run. */
static char *missing_here(const struct descriptor *d)
{
	int status;
	char *text = program_output(d->program, "--check", NULL, &status);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	if (text && status)
		return text;
	free(text);
	return NULL;
}

static int list_main(int argc, char **argv)
{
	static const struct option options[] = { { "json", 0, 0, 'j' },
						 { "markdown", 0, 0, 'm' },
						 { 0 } };
	struct catalogue catalogue;
	json_t *all = json_array();
	bool as_json = false, as_markdown = false;
	size_t shown = 0;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return command_usage(&list_command);
		as_json = c == 'j';
		as_markdown = c == 'm';
	}
	if (argc - optind > 1)
		return command_usage(&list_command);
	if (catalogue_read(&catalogue))
		return STATUS_FAILED;
	if (as_markdown)
		printf("# The workloads\n\nMade by `make docs` from what each says of itself "
		       "(`--describe`); "
		       "do not edit.\n");
	for (size_t i = 0; i < catalogue.count; i++) {
		const struct descriptor *d = &catalogue.items[i];
		char *missing;

		if (optind < argc && fnmatch(argv[optind], d->name, 0))
			continue;
		shown++;
		if (as_markdown) {
			print_markdown(d);
			continue;
		}
		missing = missing_here(d);
		if (as_json) {
			json_object_set_new(d->json, "missing",
					    missing ? json_string(missing) : json_null());
			json_array_append(all, d->json);
		} else {
			print_text(d, missing);
		}
		free(missing);
	}
	if (as_json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		printf("\n");
	}
	if (!shown)
		fprintf(stderr,
			"rmapbench: list: no workload has a name like '%s'; without a pattern all "
			"are listed\n",
			argv[optind]);
	json_decref(all);
	catalogue_free(&catalogue);
	return shown ? STATUS_DONE : STATUS_USAGE;
}

COMMAND(list_command) = {
	.name = "list",
	.usage = "[--json | --markdown] [PATTERN]",
	.summary = "the workloads with their parameters, and why one cannot run here",
	.help = "  --json     everything that the workloads declare\n"
		"  --markdown the same as text, for docs/workloads.md\n"
		"  PATTERN    only names like this, as 'fork/*'\n",
	.order = 10,
	.main = list_main,
};
