// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rmapbench command: finds the subcommand and runs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "command.h"
#include "error.h"
#include "version.h"

static int by_order(const void *a, const void *b)
{
	const struct command *const *x = a, *const *y = b;

	return (*x)->order - (*y)->order;
}

static void help(FILE *to)
{
	size_t n = __stop_commands - __start_commands;
	const struct command **all = xcalloc(n, sizeof(*all));

	memcpy(all, __start_commands, n * sizeof(*all));
	qsort(all, n, sizeof(*all), by_order);
	fprintf(to, "rmapbench " VERSION ": benchmarks of Linux anonymous reverse mapping, kernel "
		    "against kernel\n\n");
	for (size_t i = 0; i < n; i++) {
		command_print(to, all[i]);
		fprintf(to, "      %s\n", all[i]->summary);
	}
	fprintf(to, "\nrmapbench COMMAND --help tells the options of one command. Exit status: 0 "
		    "done,\n"
		    "1 something was invalid or failed, 2 the call was wrong.\n");
	free(all);
}

static int command_help(const struct command *c)
{
	printf("rmapbench %s: %s\n\nusage:\n", c->name, c->summary);
	command_print(stdout, c);
	if (c->help)
		printf("\n%s", c->help);
	return STATUS_DONE;
}

int main(int argc, char **argv)
{
	const struct command *c;

	/* Process 1 of a lab guest; its arguments are what the kernel could not use. */
	if (!strcmp(argv[0], "/init"))
		return command_find("init")->main(argc, argv);
	if (argc < 2) {
		help(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		help(stdout);
		return STATUS_DONE;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("rmapbench " VERSION "\n");
		return STATUS_DONE;
	}
	c = command_find(argv[1]);
	if (!c) {
		error("'%s' is no command of rmapbench; 'rmapbench --help' lists them", argv[1]);
		return STATUS_USAGE;
	}
	for (int i = 2; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--help"))
			return command_help(c);
	}
	return c->main(argc - 1, argv + 1);
}
