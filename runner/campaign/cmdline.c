// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/cmdline.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"

/* " a b c ", to be freed. */
static char *squeeze(const char *line)
{
	char *to = xcalloc(strlen(line) + 3, 1), *at = to;

	*at++ = ' ';
	for (; *line; line++) {
		if (!isspace((unsigned char)*line))
			*at++ = *line;
		else if (at[-1] != ' ')
			*at++ = ' ';
	}
	if (at[-1] != ' ')
		*at++ = ' ';
	return to;
}

bool cmdline_has(const char *line, const char *asked)
{
	char *all = squeeze(line), *words = squeeze(asked);
	bool has = strstr(all, words) != NULL;

	free(words);
	free(all);
	return has;
}

bool cmdline_has_start(const char *line, const char *start)
{
	char *all = squeeze(line), *sought = xasprintf(" %s", start);
	bool found = strstr(all, sought) != NULL;

	free(sought);
	free(all);
	return found;
}

char *cmdline_own(const char *line)
{
	char *copy = xstrdup(line), *rest, *words = xstrdup("");

	for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
		char *longer;

		if (!strncmp(w, "BOOT_IMAGE=", 11) || !strncmp(w, "initrd=", 7))
			continue;
		longer = xasprintf("%s%s%s", words, *words ? " " : "", w);
		free(words);
		words = longer;
	}
	free(copy);
	return words;
}
