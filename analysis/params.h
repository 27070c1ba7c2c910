/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters of a workload as one line of text, "children=4 vmas=64": sorted by name, so that two
 * sets are the same exactly when the lines are. In values that are text, a blank is %20.
 */
#ifndef RMAPBENCH_PARAMS_H
#define RMAPBENCH_PARAMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The line for a JSON object of integers and texts; NULL if it is none. The caller frees. */
char *params_line(const json_t *object);
/* The object for a line. The caller decrefs. */
json_t *params_object(const char *line);
/* Value of one parameter; false if the line has no number of that name. */
bool params_get(const char *line, const char *name, long *value);
/* The line without the parameter `name`. The caller frees. */
char *params_without(const char *line, const char *name);
/*
 * The part of `line` whose values are not the same in all `count` lines (with `same`: are the
 * same). The caller frees.
 */
char *params_part(const char *line, const char *const *lines, size_t count, bool same);
/* Names of the parameters of a line; ends with NULL. Free each and the array. */
char **params_names(const char *line);
/* Order for people: 4 before 64. For qsort on lines with the same names. */
int params_compare(const char *a, const char *b);

#endif
