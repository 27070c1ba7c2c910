// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/programs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"

static const char *folder_of(enum arch a)
{
	if (a == arch_host())
		return "";
	return a == ARCH_ARM64 ? "/arm64" : "/x86_64";
}

/* The folder that `run` on this machine would take its workloads from, too. */
static void take_named_folder(enum arch a, char **workloads)
{
	const char *named = getenv("RMAPBENCH_WORKLOADS");

	if (!named || a != arch_host())
		return;
	free(*workloads);
	*workloads = xstrdup(named);
}

int guest_programs(enum arch a, char **runner, char **workloads)
{
	static const char *const places[] = { "%s%s", "%s/../libexec/rmapbench%s" };
	char self[PATH_MAX] = "";

	*runner = *workloads = NULL;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return -1;
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char folder[PATH_MAX + 64];

		snprintf(folder, sizeof(folder), places[i], self, folder_of(a));
		*runner = xasprintf("%s/rmapbench-guest", folder);
		*workloads = xasprintf("%s/workloads", folder);
		if (!access(*runner, X_OK) && !access(*workloads, X_OK)) {
			take_named_folder(a, workloads);
			return 0;
		}
		free(*runner);
		free(*workloads);
		*runner = *workloads = NULL;
	}
	error("%s%s: no rmapbench-guest and workloads for %s there; build them with 'make guest%s'",
	      self, folder_of(a), arch_name(a), a == arch_host() ? "" : " ARCH=arm64");
	return -1;
}
