// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who waits for locks: the lock:contention_begin tracepoint, gathered by call stack in the kernel
 * (Documentation/trace/histogram.rst), in a tracing instance of our own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads/harness/harness.h"
#include "workloads/machine.h"

enum { MOST_CALLERS = 64, TOLD = 8 };

static char instance[128];

static struct caller {
	char name[64];
	long waits;
} callers[MOST_CALLERS];
static int caller_count;

static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

static const char *file_of_instance(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", instance, name);
	return path;
}

static void remove_instance(void *arg)
{
	(void)arg;
	if (*instance)
		rmdir(instance);
	*instance = '\0';
}

void lock_waits_begin(struct bench *b)
{
	static const char trigger[] = "events/lock/contention_begin/trigger";
	char pid[16];

	for (int i = 0; i < 2 && !*instance; i++) {
		snprintf(instance, sizeof(instance), "%s/instances/rmapbench-%d", places[i],
			 (int)getpid());
		if (mkdir(instance, 0700))
			*instance = '\0';
	}
	if (!*instance)
		bench_skip(b, "no tracing instance can be made (tracefs mounted, root)");
	bench_undo(b, remove_instance, NULL);
	/* This process and all that it forks. */
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (file_write(file_of_instance("options/event-fork"), "1") ||
	    file_write(file_of_instance("set_event_pid"), pid))
		bench_skip(b, "%s: %m", file_of_instance("set_event_pid"));
	/* The key was renamed in 6.4. */
	if (file_write(file_of_instance(trigger), "hist:keys=common_stacktrace:size=4096") &&
	    file_write(file_of_instance(trigger), "hist:keys=stacktrace:size=4096"))
		bench_skip(b,
			   "%s: %m (lock:contention_begin is in Linux 5.19 and later, "
			   "CONFIG_HIST_TRIGGERS)",
			   file_of_instance(trigger));
}

/* Functions of the locks themselves, up to the one that takes the lock. */
static bool is_lock_code(const char *name)
{
	static const char *const prefixes[] = {
		"__traceiter_",
		"trace_",
		"__bpf_trace",
		"rwsem_",
		"down_",
		"__down",
		"mutex_",
		"__mutex",
		"queued_",
		"native_",
		"__pv_queued",
		"_raw_",
		"do_raw_",
		"percpu_",
		"__percpu_down",
		"rt_",
		"__lock_text_start",
		"pv_",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	return false;
}

static void add(const char *name, long waits)
{
	int i = 0;

	while (i < caller_count && strcmp(callers[i].name, name) != 0)
		i++;
	if (i == MOST_CALLERS)
		return;
	if (i == caller_count)
		snprintf(callers[caller_count++].name, sizeof(callers->name), "%s", name);
	callers[i].waits += waits;
}

/*
 * A stack is "{ common_stacktrace:", a line "function+0x1/0x2" for each frame, and
 * "} hitcount:  5".
 */
static long parse(FILE *f)
{
	char line[512], caller[64] = "", name[64];
	long total = 0;

	while (fgets(line, sizeof(line), f)) {
		const char *hits = strstr(line, "} hitcount:");

		if (strchr(line, '{')) {
			*caller = '\0';
		} else if (hits) {
			long waits = strtol(hits + strlen("} hitcount:"), NULL, 10);

			add(*caller ? caller : "unknown", waits);
			total += waits;
		} else if (!*caller && sscanf(line, " %63[^+ \n]+0x", name) == 1 &&
			   !is_lock_code(name)) {
			snprintf(caller, sizeof(caller), "%s", name);
		}
	}
	return total;
}

static int by_waits(const void *a, const void *b)
{
	const struct caller *x = a, *y = b;

	return (x->waits < y->waits) - (x->waits > y->waits);
}

long lock_waits_end(struct bench *b)
{
	FILE *f = fopen(file_of_instance("events/lock/contention_begin/hist"), "re");
	char list[512] = "none";
	long total;
	int n = 0;

	if (!f)
		bench_fail(b, "%s: %m", file_of_instance("events/lock/contention_begin/hist"));
	caller_count = 0;
	memset(callers, 0, sizeof(callers));
	total = parse(f);
	fclose(f);
	qsort(callers, caller_count, sizeof(*callers), by_waits);
	for (int i = 0; i < caller_count && i < TOLD; i++)
		n += snprintf(list + n, sizeof(list) - n, "%s%s %ld", i ? ", " : "",
			      callers[i].name, callers[i].waits);
	bench_note(b, "lock waits by caller: %s", list);
	remove_instance(NULL);
	return total;
}
