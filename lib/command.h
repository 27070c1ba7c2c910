/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A subcommand of rmapbench. A file that defines one with COMMAND() is in the
 * command as soon as it is linked; there is no list to keep. To use the symbol before, declare it
 * `static const struct command <symbol>;`.
 */
#ifndef RMAPBENCH_COMMAND_H
#define RMAPBENCH_COMMAND_H

#include <stdio.h>

/* Exit statuses, for every subcommand. */
enum {
	STATUS_DONE = 0,
	STATUS_FAILED = 1, /* something was invalid or failed; named on stderr */
	STATUS_USAGE = 2,  /* the call was wrong; nothing was done */
};

struct command {
	const char *name;
	const char *usage;   /* arguments, without the name */
	const char *summary; /* one line */
	const char *help;    /* options, one a line, or NULL */
	int order;	     /* place in the help */
	/* argv[0] is the name of the subcommand. Returns an exit status. */
	int (*main)(int argc, char **argv);
};

#define COMMAND(symbol)                                                                            \
	static const struct command symbol;                                                        \
	static const struct command *const symbol##_entry                                          \
		__attribute__((used, section("commands"))) = &symbol;                              \
	static const struct command symbol

/* The linker collects the section; in no particular order. */
extern const struct command *const __start_commands[];
extern const struct command *const __stop_commands[];

#define for_each_command(c)                                                                        \
	for (const struct command *const *c = __start_commands; c < __stop_commands; c++)

/* "  rmapbench NAME ARGUMENTS" and a newline. */
void command_print(FILE *to, const struct command *c);

/* Prints the usage of a subcommand to stderr and returns STATUS_USAGE. */
int command_usage(const struct command *c);

/* The subcommand of that name, or NULL. */
const struct command *command_find(const char *name);

#endif
