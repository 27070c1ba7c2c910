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
	static const struct option options[] = { { "json", 0, 0, 'j' }, { 0 } };
	struct catalogue catalogue;
	json_t *all = json_array();
	bool as_json = false;
	size_t shown = 0;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j')
			return command_usage(&list_command);
		as_json = true;
	}
	if (argc - optind > 1)
		return command_usage(&list_command);
	if (catalogue_read(&catalogue))
		return STATUS_FAILED;
	for (size_t i = 0; i < catalogue.count; i++) {
		const struct descriptor *d = &catalogue.items[i];
		char *missing;

		if (optind < argc && fnmatch(argv[optind], d->name, 0))
			continue;
		shown++;
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
	.usage = "[--json] [PATTERN]",
	.summary = "the workloads with their parameters, and why one cannot run here",
	.help = "  --json     everything that the workloads declare\n"
		"  PATTERN    only names like this, as 'fork/*'\n",
	.order = 10,
	.main = list_main,
};
