// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/campaign/host.h"

enum { STATE_SCHEMA = 1 };

static const char *const phases[] = { "ready", "asked", "runs", "ending" };
static const char *const ways[] = { "kexec", "grub", "systemd-boot" };

static int index_of(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (name && !strcmp(names[i], name))
			return i;
	}
	return -1;
}

const char *way_name(enum way w)
{
	return ways[w];
}

bool way_parse(const char *name, enum way *w)
{
	int i = index_of(ways, sizeof(ways) / sizeof(*ways), name);

	if (i >= 0)
		*w = i;
	return i >= 0;
}

/* --------------------------------------------------------------------- JSON */

static json_t *target_json(const struct target *t)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s}", "label", t->label, "image",
			 t->image, "initrd", t->initrd, "release", t->release, "version",
			 t->version, "cmdline", t->cmdline, "entry", t->entry);
}

static int take_target(struct target *t, json_t *j)
{
	const char *label, *image, *initrd, *release, *version, *entry;
	const char *cmdline = json_string_value(json_object_get(j, "cmdline"));

	if (json_unpack(j, "{s:s, s:s, s:s, s:s, s:s, s:s}", "label", &label, "image", &image,
			"initrd", &initrd, "release", &release, "version", &version, "entry",
			&entry))
		return -1;
	*t = (struct target){ .label = xstrdup(label),
			      .image = xstrdup(image),
			      .initrd = xstrdup(initrd),
			      .release = xstrdup(release),
			      .version = xstrdup(version),
			      .cmdline = cmdline ? xstrdup(cmdline) : NULL,
			      .entry = xstrdup(entry) };
	return 0;
}

static json_t *state_json(const struct campaign *c)
{
	json_t *kernels = json_array(), *all;

	for (size_t i = 0; i < c->kernel_count; i++)
		json_array_append_new(kernels, target_json(&c->kernels[i]));
	all = json_pack("{s:i, s:s, s:I, s:s, s:I, s:s, s:s, s:I, s:I}", "campaign", STATE_SCHEMA,
			"schedule", c->schedule.id, "seed", (json_int_t)c->schedule.seed, "phase",
			phases[c->phase], "current", (json_int_t)c->current, "from", c->from,
			"boot_id", c->boot_id, "reboots", (json_int_t)c->reboots, "most",
			(json_int_t)c->most);
	json_object_update_new(all,
			       json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O, s:s}", "way",
					 way_name(c->way), "program", c->program, "program_hash",
					 c->program_hash, "config", c->config, "config_hash",
					 c->config_hash, "out", c->out, "workloads", c->workloads,
					 "pass_on", c->pass_on, "owner", c->owner));
	json_object_update_new(
		all, json_pack("{s:I, s:I, s:I, s:I, s:b, s:{s:s, s:s, s:s}, s:o, s:o, s:O}",
			       "settle", (json_int_t)c->settle, "pause", (json_int_t)c->pause,
			       "retries", (json_int_t)c->retries, "give_up", (json_int_t)c->give_up,
			       "force", c->force, "origin", "release", c->origin_release, "version",
			       c->origin_version, "cmdline", c->origin_cmdline, "kernels", kernels,
			       "boots", schedule_boots(&c->schedule), "history", c->history));
	return all;
}

static int take_kernels(struct campaign *c, json_t *kernels)
{
	int rc = 0;

	c->kernel_count = json_array_size(kernels);
	c->kernels = xcalloc(c->kernel_count, sizeof(*c->kernels));
	for (size_t i = 0; i < c->kernel_count; i++)
		rc |= take_target(&c->kernels[i], json_array_get(kernels, i));
	return rc || !c->kernel_count ? -1 : 0;
}

static int take_schedule(struct campaign *c, json_t *all)
{
	json_int_t seed;
	const char *id;
	json_t *boots;

	if (json_unpack(all, "{s:s, s:I, s:o}", "schedule", &id, "seed", &seed, "boots", &boots) ||
	    schedule_take(&c->schedule, id, seed, boots))
		return -1;
	for (size_t i = 0; i < c->schedule.count; i++) {
		if (c->schedule.boots[i].kernel >= c->kernel_count)
			return -1;
	}
	return 0;
}

static int take_place(struct campaign *c, json_t *all)
{
	json_int_t current, reboots, most;
	const char *phase, *from, *boot_id;
	int p;

	if (json_unpack(all, "{s:s, s:I, s:s, s:s, s:I, s:I, s:O}", "phase", &phase, "current",
			&current, "from", &from, "boot_id", &boot_id, "reboots", &reboots, "most",
			&most, "history", &c->history))
		return -1;
	p = index_of(phases, sizeof(phases) / sizeof(*phases), phase);
	if (p < 0 || current < 0 || (size_t)current >= c->schedule.count ||
	    strlen(from) >= sizeof(c->from) || strlen(boot_id) >= sizeof(c->boot_id))
		return -1;
	c->phase = p;
	c->current = current;
	strcpy(c->from, from);
	strcpy(c->boot_id, boot_id);
	c->reboots = reboots;
	c->most = most;
	return 0;
}

static int take_texts(struct campaign *c, json_t *all)
{
	struct {
		const char *key;
		char **to;
	} texts[] = {
		{ "program", &c->program },
		{ "program_hash", &c->program_hash },
		{ "config", &c->config },
		{ "config_hash", &c->config_hash },
		{ "out", &c->out },
		{ "workloads", &c->workloads },
		{ "owner", &c->owner },
		{ "release", &c->origin_release },
		{ "version", &c->origin_version },
		{ "cmdline", &c->origin_cmdline },
	};
	json_t *origin = json_object_get(all, "origin");

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *text =
			json_string_value(json_object_get(i < 7 ? all : origin, texts[i].key));

		if (!text)
			return -1;
		*texts[i].to = xstrdup(text);
	}
	return 0;
}

static int take_options(struct campaign *c, json_t *all)
{
	json_int_t settle, pause, retries, give_up;
	const char *way;
	int force;

	if (json_unpack(all, "{s:s, s:I, s:I, s:I, s:I, s:b, s:O}", "way", &way, "settle", &settle,
			"pause", &pause, "retries", &retries, "give_up", &give_up, "force", &force,
			"pass_on", &c->pass_on) ||
	    !way_parse(way, &c->way))
		return -1;
	c->settle = settle;
	c->pause = pause;
	c->retries = retries;
	c->give_up = give_up;
	c->force = force;
	return 0;
}

/* --------------------------------------------------------------------- file */

int state_load(struct campaign *c)
{
	char *path = host_path(STATE_FILE);
	json_error_t e;
	json_t *all;
	int rc = 0;

	*c = (struct campaign){ 0 };
	if (access(path, F_OK) && errno == ENOENT) {
		free(path);
		return 1;
	}
	all = json_load_file(path, 0, &e);
	if (!all || json_integer_value(json_object_get(all, "campaign")) != STATE_SCHEMA ||
	    take_kernels(c, json_object_get(all, "kernels")) || take_schedule(c, all) ||
	    take_place(c, all) || take_texts(c, all) || take_options(c, all)) {
		error("%s: is no state of a campaign%s%s; nothing will be rebooted. 'rmapbench "
		      "campaign stop' removes the campaign",
		      path, all ? "" : ": ", all ? "" : e.text);
		state_free(c);
		rc = -1;
	}
	json_decref(all);
	free(path);
	return rc;
}

static int sync_folder(const char *file)
{
	char *folder = strndup(file, strrchr(file, '/') - file);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	free(folder);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* Whole and on the disk, or as it was. */
static int write_whole(const char *path, const char *text)
{
	char *fresh = xasprintf("%s.new", path);
	size_t n = strlen(text);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool good = fd >= 0 && write(fd, text, n) == (ssize_t)n && !fsync(fd);

	if (fd >= 0 && close(fd))
		good = false;
	good = good && !rename(fresh, path) && !sync_folder(path);
	if (!good) {
		error("%s: cannot be written: %s", path, strerror(errno));
		unlink(fresh);
	}
	free(fresh);
	return good ? 0 : -1;
}

static int save_to(const struct campaign *c, const char *path)
{
	json_t *all = state_json(c);
	char *text = all ? json_dumps(all, JSON_INDENT(1)) : NULL;
	int rc = -1;

	if (text)
		rc = write_whole(path, text);
	else
		error("the state of the campaign is no JSON; please report this");
	free(text);
	json_decref(all);
	return rc;
}

int state_save(const struct campaign *c)
{
	char *path = host_path(STATE_FILE), *folder = host_path(STATE_FOLDER);
	int rc;

	if (mkdir(folder, 0755) && errno != EEXIST) {
		error("%s: cannot be made: %s", folder, strerror(errno));
		rc = -1;
	} else {
		rc = save_to(c, path);
	}
	free(folder);
	free(path);
	return rc;
}

int state_discard(void)
{
	char *path = host_path(STATE_FILE), *running = host_path(RUNNING_FILE);
	int rc = unlink(path) && errno != ENOENT ? -1 : 0;

	if (rc)
		error("%s: cannot be removed: %s", path, strerror(errno));
	unlink(running);
	sync_folder(path);
	free(running);
	free(path);
	return rc;
}

int state_retire(const struct campaign *c)
{
	char *kept = xasprintf("%s/campaign-%s.json", c->out, c->schedule.id);
	int rc = save_to(c, kept);

	free(kept);
	return rc ? rc : state_discard();
}

void state_free(struct campaign *c)
{
	for (size_t i = 0; i < c->kernel_count; i++)
		target_free(&c->kernels[i]);
	free(c->kernels);
	schedule_free(&c->schedule);
	free(c->program);
	free(c->program_hash);
	free(c->config);
	free(c->config_hash);
	free(c->out);
	free(c->workloads);
	free(c->owner);
	free(c->origin_release);
	free(c->origin_version);
	free(c->origin_cmdline);
	json_decref(c->pass_on);
	json_decref(c->history);
	*c = (struct campaign){ 0 };
}

/* ------------------------------------------------------------------ history */

void state_note(struct campaign *c, long boot, const char *boot_id, const char *outcome,
		const char *workload, double seconds)
{
	time_t now = time(NULL);
	struct tm utc;
	char at[32];

	gmtime_r(&now, &utc);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &utc);
	json_array_append_new(c->history,
			      json_pack("{s:I, s:s, s:s, s:s, s:s?, s:s, s:I}", "boot",
					(json_int_t)boot, "label",
					c->kernels[c->schedule.boots[boot].kernel].label, "boot_id",
					boot_id, "outcome", outcome, "workload", workload, "at", at,
					"seconds", (json_int_t)seconds));
}

static bool is_done(const json_t *entry)
{
	return !strcmp(json_string_value(json_object_get(entry, "outcome")), "done");
}

static long boot_of(const json_t *entry)
{
	return json_integer_value(json_object_get(entry, "boot"));
}

long state_tries(const struct campaign *c, long boot)
{
	json_t *entry;
	long n = 0;
	size_t i;

	json_array_foreach (c->history, i, entry)
		n += boot_of(entry) == boot;
	return n;
}

bool state_boot_done(const struct campaign *c, long boot)
{
	json_t *entry;
	size_t i;

	json_array_foreach (c->history, i, entry) {
		if (boot_of(entry) == boot && is_done(entry))
			return true;
	}
	return false;
}

struct kernel_tally state_tally(const struct campaign *c, size_t kernel)
{
	struct kernel_tally t = { 0 };
	json_t *entry;
	size_t i;

	json_array_foreach (c->history, i, entry) {
		size_t boot = boot_of(entry);

		if (boot >= c->schedule.count || c->schedule.boots[boot].kernel != kernel)
			continue;
		if (is_done(entry)) {
			t.done++;
			t.failed_in_a_row = 0;
		} else {
			t.failed++;
			t.failed_in_a_row++;
		}
	}
	return t;
}

bool state_given_up(const struct campaign *c, size_t kernel)
{
	return state_tally(c, kernel).failed_in_a_row >= c->give_up;
}

/* One kernel alone has nobody to be compared with. */
static bool comparable(const struct campaign *c)
{
	size_t left = 0;

	for (size_t k = 0; k < c->kernel_count; k++)
		left += !state_given_up(c, k);
	return left > 1;
}

long state_next(const struct campaign *c)
{
	if (!comparable(c))
		return -1;
	for (size_t i = 0; i < c->schedule.count; i++) {
		if (!state_boot_done(c, i) && state_tries(c, i) <= c->retries &&
		    !state_given_up(c, c->schedule.boots[i].kernel))
			return i;
	}
	return -1;
}

double state_seconds(const struct campaign *c)
{
	double sum = 0;
	json_t *entry;
	long n = 0;
	size_t i;

	json_array_foreach (c->history, i, entry) {
		json_int_t seconds = json_integer_value(json_object_get(entry, "seconds"));

		if (is_done(entry) && seconds > 0) {
			sum += seconds;
			n++;
		}
	}
	return n ? sum / n : 0;
}
