// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/earlier.h"

#include <glob.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "version.h"

/* Until the repeats were compared, and after they were. */
static bool is_exact(const char *mode)
{
	return !strcmp(mode, "exact") || !strcmp(mode, "inexact") || !strcmp(mode, "unrepeated");
}

/* Says what a record file of another run of the lab would mix with ours; NULL: nothing. */
static char *stranger(const char *lab_mode, const struct kernel *k, const json_t *run)
{
	const char *release = "", *version = "", *mode = "", *tool = "";
	bool ours;

	json_unpack((json_t *)run, "{s:{s:s, s:s}, s:s, s:s}", "kernel", "release", &release,
		    "version", &version, "mode", &mode, "tool", &tool);
	ours = is_exact(lab_mode) ? is_exact(mode) : !strcmp(mode, lab_mode);
	if (!ours)
		return xasprintf("boots of mode %s", mode);
	if (k->version &&
	    (strncmp(k->version, release, strlen(release)) || !strstr(k->version, version)))
		return xasprintf("another kernel, %s %s", release, version);
	if (strcmp(tool, "rmapbench " VERSION))
		return xasprintf("boots measured by %s, and this is rmapbench " VERSION, tool);
	return NULL;
}

int earlier_check(const char *out, const char *lab_mode, const struct kernel *k)
{
	char *pattern = xasprintf("%s/%s/*/*.jsonl", out, k->label), *mixed = NULL;
	glob_t g = { 0 };

	glob(pattern, 0, NULL, &g);
	free(pattern);
	for (size_t i = 0; i < g.gl_pathc && !mixed; i++) {
		FILE *f = fopen(g.gl_pathv[i], "re");
		json_t *run = f ? json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
		const char *type = json_string_value(json_object_get(run, "record"));

		if (type && !strcmp(type, "run"))
			mixed = stranger(lab_mode, k, run);
		json_decref(run);
		if (f)
			fclose(f);
	}
	globfree(&g);
	if (!mixed)
		return 0;
	error("%s/%s holds %s: boots of both under one label could not be told apart; take another "
	      "label or another --out",
	      out, k->label, mixed);
	free(mixed);
	return -1;
}
