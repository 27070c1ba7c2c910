// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/announce.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "runner/campaign/host.h"
#include "runner/campaign/step.h"
#include "runner/campaign/unit.h"

enum { REBOOT_SECONDS = 60 }; /* guessed, until a boot has been made */

/* ---------------------------------------------------------------------- cost */

/* Seconds of a whole run of that plan; 0: it is none. */
static double seconds_of_file(const char *path, const char *hash)
{
	FILE *f = fopen(path, "re");
	double seconds = 0;
	bool ours = false;
	json_t *record;

	while (f && (record = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL))) {
		const char *type = json_string_value(json_object_get(record, "record"));
		json_t *config = json_object_get(record, "config");
		const char *its = json_string_value(json_object_get(config, "hash"));

		if (type && !strcmp(type, "run"))
			ours = its && !strcmp(its, hash);
		if (type && !strcmp(type, "end"))
			seconds = json_integer_value(json_object_get(record, "elapsed_ns")) / 1e9;
		json_decref(record);
		if (!ours)
			break;
	}
	if (f)
		fclose(f);
	return ours ? seconds : 0;
}

double cost_of_runs(const char *out, const char *hash)
{
	char *pattern = xasprintf("%s/*/*/*.jsonl", out);
	double sum = 0;
	glob_t g = { 0 };
	long n = 0;

	glob(pattern, 0, NULL, &g);
	free(pattern);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		double seconds = seconds_of_file(g.gl_pathv[i], hash);

		sum += seconds;
		n += seconds > 0;
	}
	globfree(&g);
	return n ? sum / n : 0;
}

static void print_duration(double seconds)
{
	long minutes = lround(seconds / 60);

	if (minutes < 1)
		printf("less than a minute");
	else if (minutes < 120)
		printf("about %ld minute%s", minutes, minutes == 1 ? "" : "s");
	else
		printf("about %ld hours %ld minutes", minutes / 60, minutes % 60);
}

static void print_cost(const struct campaign *c, const struct cost *cost)
{
	double around = REBOOT_SECONDS + c->settle + c->pause;

	printf("cost:     %zu boots and one back; at most %ld reboots, tries again included\n",
	       c->schedule.count, c->most);
	printf("          each boot: about %d s to come up (a guess), %ld s to settle, %ld "
	       "processes measured%s, %ld s before the next\n",
	       REBOOT_SECONDS, c->settle, cost->processes,
	       cost->run_seconds ? "" : " in a time not known yet", c->pause);
	printf("          ");
	if (cost->run_seconds) {
		print_duration(c->schedule.count * (around + cost->run_seconds));
		printf(" in all: this plan took %.0f s here before\n", cost->run_seconds);
	} else {
		print_duration(c->schedule.count * around);
		printf(" and %zu runs of the plan: no run of it is in %s to tell how long one "
		       "takes\n",
		       c->schedule.count, c->out);
	}
}

/* --------------------------------------------------------------------- order */

static void print_order(const struct campaign *c)
{
	for (size_t i = 0; i < c->schedule.count; i += c->kernel_count) {
		printf("%s%3ld:", i ? "          " : "order:    ", c->schedule.boots[i].index);
		for (size_t p = 0; p < c->kernel_count; p++)
			printf(" %s", c->kernels[c->schedule.boots[i + p].kernel].label);
		printf("\n");
	}
}

static void print_kernels(const struct campaign *c)
{
	for (size_t i = 0; i < c->kernel_count; i++) {
		const struct target *t = &c->kernels[i];

		printf("%s%s = %s\n          image %s, initrd %s\n",
		       i ? "          " : "kernels:  ", t->label, t->release, t->image, t->initrd);
		if (*t->entry)
			printf("          boot loader's entry %s\n", t->entry);
		if (t->cmdline)
			printf("          command line %s\n", t->cmdline);
	}
}

static const char *way_in_words(const struct campaign *c)
{
	switch (c->way) {
	case WAY_KEXEC:
		return "kexec_file_load(2), then 'systemctl kexec' after a clean stop";
	case WAY_GRUB:
		return "GRUB's one-shot entry (grub-reboot), then 'systemctl reboot'";
	case WAY_SYSTEMD_BOOT:
		break;
	}
	return "systemd-boot's one-shot entry (bootctl set-oneshot), then 'systemctl reboot'";
}

void announce(const struct campaign *c, const struct cost *cost)
{
	printf("campaign %s, seed %llu: %zu boots in %zu blocks\n", c->schedule.id,
	       (unsigned long long)c->schedule.seed, c->schedule.count,
	       c->schedule.count / c->kernel_count);
	print_kernels(c);
	print_order(c);
	printf("boot by:  %s\n", way_in_words(c));
	printf("plan:     %s, results in %s\n", c->config, c->out);
	print_cost(c, cost);
	printf("installs: %s, enabled by %s;\n          state in %s. Removed at the end and by "
	       "'rmapbench campaign stop'\n",
	       UNIT_FILE, UNIT_LINK, STATE_FILE);
	printf("default:  is not changed. At the end, after a crash and after a stop the machine "
	       "boots what it\n          boots by default; now runs %s\n",
	       c->origin_release);
	printf("lost:     a boot that is lost is recorded and tried again %ld time%s; a kernel "
	       "with %ld lost in a row is given up\n",
	       c->retries, c->retries == 1 ? "" : "s", c->give_up);
	fflush(stdout);
}

/* -------------------------------------------------------------------- status */

static void print_phase(const struct campaign *c)
{
	const struct planned_boot *b = &c->schedule.boots[c->current];
	const char *label = c->kernels[b->kernel].label;

	switch (c->phase) {
	case PHASE_READY:
		printf("between two boots\n");
		return;
	case PHASE_ASKED:
		printf("a boot of %s, block %ld, is asked for\n", label, b->index);
		return;
	case PHASE_RUNS:
		printf("%s, block %ld, is being measured\n", label, b->index);
		return;
	case PHASE_ENDING:
		printf("all is measured; the machine's default kernel is asked for\n");
	}
}

static long boots_left(const struct campaign *c)
{
	long n = 0;

	for (size_t i = 0; i < c->schedule.count; i++)
		n += !state_boot_done(c, i) && state_tries(c, i) <= c->retries &&
		     !state_given_up(c, c->schedule.boots[i].kernel);
	return n;
}

static void print_lost(const struct campaign *c)
{
	json_t *entry;
	size_t i;

	json_array_foreach (c->history, i, entry) {
		const char *workload = json_string_value(json_object_get(entry, "workload"));
		const char *label, *outcome, *at;

		if (json_unpack(entry, "{s:s, s:s, s:s}", "label", &label, "outcome", &outcome,
				"at", &at) ||
		    !strcmp(outcome, "done"))
			continue;
		printf("  lost: %s, %s%s%s, %s\n", label, outcome, workload ? " in " : "",
		       workload ? workload : "", at);
	}
}

void announce_status(const struct campaign *c)
{
	double seconds = state_seconds(c);
	long left = boots_left(c);

	printf("campaign %s, seed %llu, by %s: ", c->schedule.id,
	       (unsigned long long)c->schedule.seed, way_name(c->way));
	print_phase(c);
	printf("%ld of %zu boots are left, %ld reboots of at most %ld were made", left,
	       c->schedule.count, c->reboots, c->most);
	if (seconds) {
		printf("; ");
		print_duration(left * seconds);
		printf(" left");
	}
	printf("\n");
	print_lost(c);
	campaign_print_tally(c);
	if (!unit_installed())
		printf("its unit is gone, so it does not go on: 'rmapbench campaign stop' puts "
		       "the rest away\n");
}

void announce_stopped(const struct campaign *c)
{
	struct running now;

	host_running(&now);
	printf("stopped. This machine now runs %s; its next boot is its own default\n",
	       now.release);
	campaign_print_tally(c);
}
