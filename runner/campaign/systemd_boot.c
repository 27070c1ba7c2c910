// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * systemd-boot: which of the entries that bootctl lists boots an image?
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "runner/campaign/boot_loader.h"
#include "runner/campaign/host.h"

static const char *text(const json_t *entry, const char *key)
{
	const char *s = json_string_value(json_object_get(entry, key));

	return s ? s : "";
}

/* Image or version: a copy on the EFI partition has another path. */
static bool boots(const json_t *entry, const struct target *t)
{
	return !strcmp(text(entry, "version"), t->release) ||
	       !strcmp(text(entry, "linux"), t->image);
}

static char *find_entry(struct target *t, const json_t *entries)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (entries, i, entry) {
		if (!boots(entry, t) || !*text(entry, "id"))
			continue;
		free(t->entry);
		t->entry = xstrdup(text(entry, "id"));
		free(t->cmdline);
		t->cmdline = *text(entry, "options") ? xstrdup(text(entry, "options")) : NULL;
		return NULL;
	}
	return xasprintf("systemd-boot has no entry for %s; 'kernel-install add %s %s' makes one",
			 t->image, t->release, t->image);
}

char *systemd_boot_find(struct target *t, size_t count)
{
	int status;
	char *listed = host_output((const char *[]){ "bootctl", "--json=short", "list", NULL },
				   &status),
	     *why = NULL;
	json_t *entries = json_loads(listed, 0, NULL);

	free(listed);
	if (status || !json_is_array(entries))
		why = xstrdup("'bootctl --json=short list' does not list the entries of "
			      "systemd-boot");
	for (size_t i = 0; i < count && !why; i++)
		why = find_entry(&t[i], entries);
	json_decref(entries);
	return why;
}
