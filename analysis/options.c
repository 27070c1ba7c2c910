// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "command.h"
#include "error.h"
#include "analysis/comparable.h"

bool parse_blocks(const char *option, const char *text, size_t *blocks)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (end != text && !*end && v >= 2 && v <= 10000) {
		*blocks = v;
		return true;
	}
	error("%s '%s': give a number of blocks from 2 to 10000", option, text);
	return false;
}

bool add_accepted(const char *const **list, char *names)
{
	const char **all = (const char **)*list, *allowed;
	size_t count = 0;

	while (all && all[count])
		count++;
	for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
		if (!comparable_knows(name, &allowed)) {
			error("--accept '%s': allowed are %s", name, allowed);
			return false;
		}
		all = xrealloc(all, count + 2, sizeof(*all));
		all[count++] = name;
		all[count] = NULL;
		*list = all;
	}
	return true;
}

bool make_folder(const char *path)
{
	char *copy = xstrdup(path);
	bool made = true;

	for (char *slash = copy + 1; made && *slash; slash++) {
		if (*slash != '/')
			continue;
		*slash = '\0';
		made = !mkdir(copy, 0777) || errno == EEXIST;
		*slash = '/';
	}
	made = made && (!mkdir(copy, 0777) || errno == EEXIST);
	if (!made)
		error("cannot make the folder '%s': %s; --out names another", path,
		      strerror(errno));
	free(copy);
	return made;
}

static void tell_apart(struct results **results, char **names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool shared = false;

		for (size_t k = 0; k < count; k++)
			shared =
				shared || (k != i && !strcmp(results[i]->label, results[k]->label));
		if (!shared)
			continue;
		/* all of one label, so that none keeps a name that means two */
		for (size_t k = count; k-- > i;) {
			if (!strcmp(results[k]->label, results[i]->label) || k == i) {
				free(results[k]->label);
				results[k]->label = xstrdup(names[k]);
			}
		}
	}
}

struct results **load_all(char **names, size_t n, const char *root, size_t *count, int *status)
{
	struct results **all = xcalloc(n, sizeof(*all));

	for (*count = 0; *count < n; (*count)++) {
		char *why;

		all[*count] = results_load(names[*count], root, &why, status);
		if (!all[*count]) {
			error("%s", why);
			free(why);
			free_all(all, *count);
			return NULL;
		}
	}
	tell_apart(all, names, n);
	return all;
}

void free_all(struct results **results, size_t count)
{
	for (size_t i = 0; i < count; i++)
		results_free(results[i]);
	free(results);
}

struct comparison **compare_all(struct results *const *results, size_t count,
				const struct compare_options *o)
{
	struct comparison **c = xcalloc(count, sizeof(*c));

	for (size_t i = 0; i + 1 < count; i++) {
		char *why = NULL;

		c[i] = compare_results(results[0], results[i + 1], o, &why);
		if (c[i])
			continue;
		error("%s", why);
		free(why);
		free_comparisons(c, i);
		return NULL;
	}
	return c;
}

void free_comparisons(struct comparison **c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		comparison_free(c[i]);
	free(c);
}
