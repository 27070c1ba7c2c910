// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "runner/files.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

enum { CHOICES = 8 };

/* Choices are the words that are allowed; none means a whole number. */
static const struct setting {
	const char *name;
	const char *path;
	const char *choices[CHOICES];
} settings[] = {
	{ "thp", THP "enabled", { "always", "madvise", "never" } },
	{ "thp_defrag", THP "defrag", { "always", "defer", "defer+madvise", "madvise", "never" } },
	{ "khugepaged_defrag", THP "khugepaged/defrag", { "0", "1" } },
	{ "khugepaged_sleep_ms", THP "khugepaged/scan_sleep_millisecs", { NULL } },
	{ "ksm", "/sys/kernel/mm/ksm/run", { "0", "1" } },
	{ "numa_balancing", "/proc/sys/kernel/numa_balancing", { "0", "1" } },
	{ "aslr", "/proc/sys/kernel/randomize_va_space", { "0", "1", "2" } },
	{ "overcommit_memory", "/proc/sys/vm/overcommit_memory", { "0", "1", "2" } },
	{ "swappiness", "/proc/sys/vm/swappiness", { NULL } },
	{ "compaction_proactiveness", "/proc/sys/vm/compaction_proactiveness", { NULL } },
	{ "max_map_count", "/proc/sys/vm/max_map_count", { NULL } },
};

enum { SETTINGS = sizeof(settings) / sizeof(*settings) };

static char before[SETTINGS][64];
static bool changed[SETTINGS];
static int janitor_pipe = -1;
static pid_t janitor;

static const struct setting *find(const char *name)
{
	for (int i = 0; i < SETTINGS; i++) {
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	}
	return NULL;
}

bool setting_known(const char *name, const char **allowed)
{
	static char list[512];
	size_t n = 0;

	for (int i = 0; i < SETTINGS; i++)
		n += snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", settings[i].name);
	*allowed = list;
	return find(name) != NULL;
}

const char *setting_refuses(const char *name, const char *value)
{
	static char list[256];
	const struct setting *s = find(name);
	size_t n = 0;

	if (!s->choices[0])
		return *value && strspn(value, "0123456789") == strlen(value) ? NULL
									      : "a whole number";
	for (int i = 0; i < CHOICES && s->choices[i]; i++) {
		if (!strcmp(s->choices[i], value))
			return NULL;
		n += snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", s->choices[i]);
	}
	return list;
}

/* Files of THP show all choices with the one in force in brackets. */
static bool read_setting(const struct setting *s, char *value, size_t size)
{
	char text[256], *open, *close;

	if (read_text(s->path, text, sizeof(text)) < 0)
		return false;
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close) {
		*close = '\0';
		snprintf(value, size, "%.63s", open + 1);
	} else {
		snprintf(value, size, "%.63s", text);
	}
	return true;
}

json_t *settings_read(void)
{
	json_t *all = json_object();
	char value[64];

	for (int i = 0; i < SETTINGS; i++)
		json_object_set_new(all, settings[i].name,
				    read_setting(&settings[i], value, sizeof(value))
					    ? json_string(value)
					    : json_null());
	return all;
}

/* In reverse, should one setting ever depend on another. */
static void put_back(void)
{
	for (int i = SETTINGS - 1; i >= 0; i--) {
		if (changed[i])
			write_text(settings[i].path, before[i]);
	}
}

/*
 * The janitor reads group numbers until the pipe closes, which happens however its parent ends.
 * Signals that end the parent are not for it.
 */
static void keep_house(int fd) __attribute__((noreturn));
static void keep_house(int fd)
{
	pid_t group = 0, next;
	ssize_t n;

	setsid();
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_IGN);
	prctl(PR_SET_NAME, "rmap-janitor");
	for (;;) {
		n = read(fd, &next, sizeof(next));
		if (n == sizeof(next))
			group = next;
		else if (n == 0 || errno != EINTR)
			break;
	}
	if (group > 0)
		kill(-group, SIGKILL);
	put_back();
	_exit(0);
}

static int start_janitor(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	janitor = fork();
	if (janitor < 0)
		return -1;
	if (!janitor) {
		close(ends[1]);
		keep_house(ends[0]);
	}
	close(ends[0]);
	janitor_pipe = ends[1];
	return 0;
}

int settings_apply(const json_t *wanted)
{
	const char *name;
	json_t *value;

	memset(changed, 0, sizeof(changed));
	/* The janitor must know what to put back before anything changes. */
	json_object_foreach ((json_t *)wanted, name, value) {
		int i = find(name) - settings;

		changed[i] = read_setting(&settings[i], before[i], sizeof(before[i])) &&
			     strcmp(before[i], json_string_value(value));
	}
	if (start_janitor())
		return -1;
	json_object_foreach ((json_t *)wanted, name, value) {
		int i = find(name) - settings;

		if (changed[i] && write_text(settings[i].path, json_string_value(value)))
			warning("%s: cannot be set to %s: %s; going on with %s (run as root to set "
				"it)",
				settings[i].path, json_string_value(value), strerror(errno),
				before[i]);
	}
	return 0;
}

void settings_restore(void)
{
	if (!janitor)
		return;
	close(janitor_pipe);
	while (waitpid(janitor, NULL, 0) < 0 && errno == EINTR)
		;
	janitor = 0;
}

void settings_guard_group(pid_t group)
{
	if (janitor && write(janitor_pipe, &group, sizeof(group)) < 0)
		warning("the janitor is gone: a setting may stay changed if this run is killed");
}

pid_t settings_janitor(void)
{
	return janitor;
}
