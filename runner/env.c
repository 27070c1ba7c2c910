// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench env: what this host is, as it would stand in a run record.
 */
#include <stdio.h>

#include "command.h"
#include "runner/environment.h"
#include "runner/slab.h"

static const struct command env_command;

static json_t *caches(void)
{
	static const char *const names[] = { "vm_area_struct", "anon_vma", "anon_vma_chain" };
	json_t *all = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct slab_cache cache;

		slab_open(&cache, names[i]);
		json_object_set_new(all, names[i],
				    json_pack("{s:b, s:I, s:I, s:s?, s:s?}", "present",
					      cache.present, "object_size",
					      (json_int_t)cache.object_size, "slab_size",
					      (json_int_t)cache.slab_size, "aliases", cache.aliases,
					      "inexact_because", slab_inexact(&cache)));
		slab_close(&cache);
	}
	return all;
}

static int env_main(int argc, char **argv)
{
	json_t *host;
	char boot_id[64];

	(void)argv;
	if (argc > 1)
		return command_usage(&env_command);
	host = environment();
	environment_boot_id(boot_id, sizeof(boot_id));
	json_object_set_new(host, "boot_id", json_string(boot_id));
	json_object_set_new(host, "caches", caches());
	json_dumpf(host, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(host);
	return STATUS_DONE;
}

COMMAND(env_command) = {
	.name = "env",
	.usage = "",
	.summary = "what this host is: kernel, machine, topology, settings, slab caches, as JSON",
	.order = 60,
	.main = env_main,
};
