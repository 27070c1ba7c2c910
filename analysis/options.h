/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands that read results have in common. Errors are told on stderr.
 */
#ifndef RMAPBENCH_OPTIONS_H
#define RMAPBENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/load.h"
#include "analysis/verdict.h"
#include "lib/parse.h"

/* A number of blocks, 2 to 10000. */
bool parse_blocks(const char *option, const char *text, size_t *blocks);

/*
 * Adds the names in "a,b,c" to a list that ends with NULL; the caller frees the list alone. False
 * if one is unknown.
 */
bool add_accepted(const char *const **list, char *names);

/* Makes a folder and those above it. */
bool make_folder(const char *path);

/*
 * Loads each name and gives every result a label of its own: where two results have one label, the
 * names on the command line take its place. NULL with *status if one cannot be loaded.
 */
struct results **load_all(char **names, size_t n, const char *root, size_t *count, int *status);
void free_all(struct results **results, size_t count);

/*
 * Compares each result with the first: `count` - 1 comparisons, [i] of results[0] and
 * results[i + 1]. NULL if one must not be compared. The results must outlive them.
 */
struct comparison **compare_all(struct results *const *results, size_t count,
				const struct compare_options *o);
void free_comparisons(struct comparison **c, size_t count);

#endif
