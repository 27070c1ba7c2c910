// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

#include <string.h>

void command_print(FILE *to, const struct command *c)
{
	fprintf(to, "  rmapbench %s%s%s\n", c->name, *c->usage ? " " : "", c->usage);
}

int command_usage(const struct command *c)
{
	fprintf(stderr, "usage:\n");
	command_print(stderr, c);
	if (c->help)
		fprintf(stderr, "\n%s", c->help);
	return STATUS_USAGE;
}

const struct command *command_find(const char *name)
{
	/* Two marks of the linker around one array, not two arrays. cppcheck-suppress
	 * comparePointers */
	for_each_command (c) {
		if (!strcmp((*c)->name, name))
			return *c;
	}
	return NULL;
}
