// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/step.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/command.h"
#include "lib/error.h"
#include "runner/campaign/boot_loader.h"
#include "runner/campaign/cmdline.h"
#include "runner/campaign/host.h"
#include "runner/campaign/kexec.h"
#include "runner/campaign/lost.h"
#include "runner/campaign/people.h"
#include "runner/campaign/unit.h"
#include "runner/files.h"
#include "runner/lab/repeat.h"

enum {
	MOST_START_SECONDS = 180, /* the rest of the system may take to come up */
	PANIC_SECONDS = 30,	  /* after which a panicked kernel reboots */
};

static const struct target *target_of(const struct campaign *c, long boot)
{
	return &c->kernels[c->schedule.boots[boot].kernel];
}

void file_hash(const char *path, char hex[65])
{
	size_t length;
	char *data = read_whole(path, &length);

	*hex = '\0';
	if (data)
		sha256_hex(data, length, hex);
	free(data);
}

/* ------------------------------------------------------------ which boot is this */

static bool is_kernel(const struct running *now, const char *release, const char *version)
{
	return !strcmp(now->release, release) && *now->version && strstr(version, now->version);
}

static bool is_origin(const struct campaign *c, const struct running *now)
{
	return is_kernel(now, c->origin_release, c->origin_version) &&
	       !strcmp(now->cmdline, c->origin_cmdline);
}

/* Did it come up as it was asked to? NULL, or what is wrong, to be freed. */
static char *wrong_boot(const struct campaign *c, const struct running *now)
{
	const struct target *t = target_of(c, c->current);

	if (!is_kernel(now, t->release, t->version))
		return xasprintf("asked for %s, and %s %s came up", t->version, now->release,
				 now->version);
	/* The kernel or the boot loader may put words around ours. */
	if (t->cmdline && !cmdline_has(now->cmdline, t->cmdline))
		return xasprintf("asked for the command line '%s', and '%s' came up", t->cmdline,
				 now->cmdline);
	if (c->way == WAY_KEXEC && !kexec_booted())
		return xasprintf("%s came up, but by the boot loader and not by kexec",
				 now->release);
	return NULL;
}

/* ------------------------------------------------------------------ measuring */

/* Services that start late would be measured with. */
static void wait_until_started(void)
{
	for (int i = 0; i < MOST_START_SECONDS; i++) {
		int status;
		char *state = host_output(
			(const char *[]){ "systemctl", "is-system-running", NULL }, &status);
		bool starts = !strncmp(state, "starting", 8) || !strncmp(state, "initializing", 12);

		free(state);
		if (!starts)
			return;
		sleep(1);
	}
	warning("the system is still starting after %d s; it is measured as it is",
		MOST_START_SECONDS);
}

static void settle(const struct campaign *c)
{
	char text[32], wanted[16];

	/* Also where its command line does not say so: a panic is to bring the machine back. */
	host_text("/proc/sys/kernel/panic", text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "%d", PANIC_SECONDS);
	if (!strcmp(text, "0") && host_write("/proc/sys/kernel/panic", wanted))
		warning("/proc/sys/kernel/panic: %s", strerror(errno));
	wait_until_started();
	sleep(c->settle);
}

/* In the child. */
static int run(const struct campaign *c)
{
	const struct planned_boot *b = &c->schedule.boots[c->current];
	size_t more = json_array_size(c->pass_on), argc = 0;
	const char **argv = xcalloc(more + 12, sizeof(*argv));
	const char *const words[] = {
		"run",	 "--config", c->config,	  "--label",  target_of(c, c->current)->label,
		"--out", c->out,     "--boot-id", c->boot_id, "--block"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		argv[argc++] = words[i];
	argv[argc++] = xasprintf("%s:%ld:%ld", c->schedule.id, b->index, b->position);
	for (size_t i = 0; i < more; i++)
		argv[argc++] = json_string_value(json_array_get(c->pass_on, i));
	running_watch();
	return command_find("run")->main(argc, (char **)argv);
}

/* Exit status of the run, or -1. */
static int run_in_child(const struct campaign *c)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		exit(run(c));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool ran_to_its_end(const struct campaign *c)
{
	char *folder = xasprintf("%s/%s/%s", c->out, target_of(c, c->current)->label, c->boot_id);
	char *path;
	bool whole = record_file_of(folder, &path) == FILE_WHOLE;

	free(path);
	free(folder);
	return whole;
}

/* This boot has been up so long; with the pause that is most of what a boot costs. */
static double seconds_of_boot(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec;
}

static int measure(struct campaign *c)
{
	const struct planned_boot *b = &c->schedule.boots[c->current];
	char *line;
	int status, rc = 0;

	fprintf(stderr, "campaign %s: %s, block %ld: measuring in %ld s\n", c->schedule.id,
		target_of(c, c->current)->label, b->index, c->settle);
	settle(c);
	status = run_in_child(c);
	if (ran_to_its_end(c)) {
		running_none();
		state_note(c, c->current, c->boot_id, "done", NULL,
			   host_is_real() ? seconds_of_boot() + c->pause : 0);
	} else {
		line = xasprintf("the run ended with status %d before its end", status);
		rc = lost_boot(c, c->boot_id, "cut off", line);
		free(line);
	}
	c->phase = PHASE_READY;
	return rc | state_save(c);
}

static int arrived(struct campaign *c, const struct running *now)
{
	char *wrong = wrong_boot(c, now);
	int rc;

	if (wrong) {
		rc = lost_boot(c, NULL, is_origin(c, now) ? "did not come back" : "other kernel",
			       wrong);
		c->phase = PHASE_READY;
		free(wrong);
		return rc | state_save(c);
	}
	c->phase = PHASE_RUNS;
	snprintf(c->boot_id, sizeof(c->boot_id), "%s", now->boot_id);
	running_none();
	return state_save(c) ? -1 : measure(c);
}

/* The step that measured did not end: the kernel died, or the power, or somebody ended it. */
static int was_cut_off(struct campaign *c, const struct running *now)
{
	bool same = !strcmp(c->boot_id, now->boot_id);
	char *line = same ? xstrdup("somebody ended the measurement")
			  : xasprintf("the machine went down and came back with %s", now->release);
	int rc;

	/* Between its last record and the state. */
	if (ran_to_its_end(c)) {
		state_note(c, c->current, c->boot_id, "done", NULL, 0);
		rc = 0;
	} else {
		rc = lost_boot(c, c->boot_id, "cut off", line);
	}
	c->phase = PHASE_READY;
	free(line);
	return rc | state_save(c);
}

/* ------------------------------------------------------------------ the next boot */

static bool changed(const char *what, const char *path, const char *was)
{
	char hex[65];

	file_hash(path, hex);
	if (!strcmp(hex, was))
		return false;
	error("%s %s was changed since the campaign began, and boots before and after could not be "
	      "compared: put it back and 'systemctl start " UNIT_NAME
	      "', or 'rmapbench campaign stop'",
	      what, path);
	return true;
}

static void tell_next(const struct campaign *c, const char *what)
{
	char *text = xasprintf("rmapbench campaign %s: this machine reboots into %s in %ld s; "
			       "'rmapbench campaign stop' ends the campaign",
			       c->schedule.id, what, c->pause);
	char *wall = host_program("wall");

	fprintf(stderr, "%s\n", text);
	if (wall)
		host_run((const char *[]){ "wall", text, NULL });
	free(wall);
	free(text);
}

/* Nothing is rebooted under somebody's hands. */
static void wait_for_people(const struct campaign *c)
{
	bool told = false;
	char *who;

	while (!c->force && (who = people_here(c->owner))) {
		if (!told)
			fprintf(stderr, "waiting until %s has logged out\n", who);
		told = true;
		free(who);
		sleep(10);
	}
}

static void pause_before(const struct campaign *c, const char *what)
{
	tell_next(c, what);
	sleep(c->pause);
	wait_for_people(c);
}

static void forget(const struct campaign *c)
{
	if (c->way == WAY_KEXEC)
		kexec_unload();
	else
		boot_loader_forget(c->way);
}

/* `how`: "kexec" or "reboot". The state is on the disk before. */
static int go_down(struct campaign *c, enum phase phase, const struct running *now, const char *how)
{
	int status;

	if (!host_has(STATE_FILE)) {
		error("the campaign was stopped meanwhile; nothing is rebooted");
		forget(c);
		return STATUS_FAILED;
	}
	if (c->reboots >= c->most) {
		error("%ld reboots were made, which is the most this campaign may make; it ends "
		      "here, in %s",
		      c->reboots, now->release);
		campaign_close(c);
		return STATUS_FAILED;
	}
	c->phase = phase;
	c->reboots++;
	snprintf(c->from, sizeof(c->from), "%s", now->boot_id);
	if (state_save(c)) {
		error("the state is not on the disk, so nothing is rebooted; make room, then "
		      "'systemctl start " UNIT_NAME "' goes on");
		forget(c);
		return STATUS_FAILED;
	}
	status = host_run((const char *[]){ "systemctl", how, NULL });
	if (!status)
		return STATUS_DONE;
	error("systemctl %s: status %d; the machine stays up. 'systemctl start " UNIT_NAME
	      "' tries again, 'rmapbench campaign stop' ends the campaign",
	      how, status);
	return STATUS_FAILED;
}

/* Loads or sets the next boot. NULL, or why it cannot be, to be freed. */
static char *prepare(const struct campaign *c)
{
	const struct target *t = target_of(c, c->current);

	return c->way == WAY_KEXEC ? kexec_load(t) : boot_loader_once(c->way, t);
}

static int end(struct campaign *c, const struct running *now)
{
	forget(c);
	if (is_origin(c, now) && !(c->way == WAY_KEXEC && *c->from && kexec_booted())) {
		campaign_print_tally(c);
		return campaign_close(c) ? STATUS_FAILED : STATUS_DONE;
	}
	pause_before(c, "its own default kernel, the campaign is at its end");
	return go_down(c, PHASE_ENDING, now, "reboot");
}

static int go_on(struct campaign *c, const struct running *now)
{
	long next;
	char *why;

	if (changed("the program", c->program, c->program_hash) ||
	    changed("the plan", c->config, c->config_hash))
		return STATUS_FAILED;
	while ((next = state_next(c)) >= 0) {
		c->current = next;
		pause_before(c, target_of(c, next)->label);
		why = prepare(c);
		if (!why)
			return go_down(c, PHASE_ASKED, now,
				       c->way == WAY_KEXEC ? "kexec" : "reboot");
		lost_boot(c, NULL, "not started", why);
		free(why);
		if (state_save(c))
			return STATUS_FAILED;
	}
	return end(c, now);
}

/* ---------------------------------------------------------------------- the end */

int campaign_close(struct campaign *c)
{
	int rc = unit_remove();

	forget(c);
	rc |= state_retire(c);
	if (!rc)
		fprintf(stderr,
			"campaign %s: the unit is removed; its course is in "
			"%s/campaign-%s.json\n",
			c->schedule.id, c->out, c->schedule.id);
	return rc;
}

void campaign_print_tally(const struct campaign *c)
{
	for (size_t k = 0; k < c->kernel_count; k++) {
		struct kernel_tally t = state_tally(c, k);
		long blocks = c->schedule.count / c->kernel_count;

		printf("  %-12s %-32s %ld of %ld boots measured, %ld failed%s: %s/%s\n",
		       c->kernels[k].label, c->kernels[k].release, t.done, blocks, t.failed,
		       state_given_up(c, k) ? ", given up" : "", c->out, c->kernels[k].label);
	}
	printf("next: rmapbench compare");
	for (size_t k = 0; k < c->kernel_count; k++)
		printf(" %s/%s", c->out, c->kernels[k].label);
	printf("\n");
	fflush(stdout);
}

static int ended(struct campaign *c, const struct running *now)
{
	if (!is_origin(c, now))
		warning("the campaign began under %s and %s came up at its end; the boot loader's "
			"default was not changed",
			c->origin_release, now->release);
	printf("campaign %s is at its end, this is %s again:\n", c->schedule.id, now->release);
	campaign_print_tally(c);
	return campaign_close(c) ? STATUS_FAILED : STATUS_DONE;
}

int step_take(struct campaign *c)
{
	struct running now;
	bool rebooted;
	int rc = 0;

	host_running(&now);
	if (!*now.boot_id) {
		error("the kernel does not tell the identity of this boot; nothing is rebooted");
		return STATUS_FAILED;
	}
	rebooted = strcmp(c->from, now.boot_id);
	if (c->phase == PHASE_RUNS)
		rc = was_cut_off(c, &now);
	else if (c->phase == PHASE_ASKED && rebooted)
		rc = arrived(c, &now);
	else if (c->phase == PHASE_ENDING && rebooted)
		return ended(c, &now);
	if (rc) {
		error("nothing is rebooted before that is settled; then 'systemctl start " UNIT_NAME
		      "' goes on");
		return STATUS_FAILED;
	}
	return go_on(c, &now);
}
