// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/boots.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/environment.h"
#include "runner/record.h"

enum { LOOK_MS = 100 }; /* how often the guests are looked after */

/* A guest that runs now. */
struct slot {
	struct planned_boot *boot; /* NULL: free */
	struct guest guest;
	struct record_file *file; /* NULL until the first record */
	char *running;		  /* workload and parameters, or NULL */
	long runs, runs_done;
	bool has_run, ended;
	int status; /* of the run, when ended */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction a = { .sa_handler = interrupt };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

double clock_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static const struct kernel *kernel_of(const struct lab *lab, const struct planned_boot *boot)
{
	return &lab->kernels[boot->kernel];
}

char *boot_folder(const struct lab *lab, const struct planned_boot *boot)
{
	return xasprintf("%s/%s/%s", lab->out, kernel_of(lab, boot)->label, boot->boot_id);
}

static uint64_t guest_seed(const struct lab *lab, const struct planned_boot *boot)
{
	return lab->seed_by_block ? lab->schedule.seed + boot->index : 1;
}

/* ----------------------------------------------------------------- progress */

static bool on_terminal(void)
{
	static int known = -1;

	if (known < 0)
		known = isatty(STDERR_FILENO);
	return known;
}

static void clear_line(void)
{
	if (on_terminal())
		fprintf(stderr, "\r\033[K");
}

static double fraction_done(const struct slot *s)
{
	return s->runs ? (double)s->runs_done / s->runs : 0;
}

/* Seconds until the last boot ends, from those behind us; 0: nobody can know yet. */
static double seconds_left(const struct lab *lab, const struct slot *slots, double spent)
{
	double left = 0, done = lab->done + lab->failed;

	for (int i = 0; i < lab->jobs; i++) {
		if (slots[i].boot)
			done += fraction_done(&slots[i]);
	}
	for (size_t i = 0; i < lab->schedule.count; i++) {
		if (lab->schedule.boots[i].state < BOOT_DONE)
			left++;
	}
	for (int i = 0; i < lab->jobs; i++) {
		if (slots[i].boot)
			left -= fraction_done(&slots[i]);
	}
	return done > 0 ? spent / done * left : 0;
}

static void show_progress(const struct lab *lab, const struct slot *slots, double spent)
{
	double left = seconds_left(lab, slots, spent);

	if (!on_terminal())
		return;
	fprintf(stderr, "\r\033[K%ld of %zu boots", lab->done + lab->failed, lab->schedule.count);
	for (int i = 0; i < lab->jobs; i++) {
		const struct slot *s = &slots[i];

		if (s->boot)
			fprintf(stderr, " | block %ld %s: %s %.0f%%", s->boot->index,
				kernel_of(lab, s->boot)->label, s->running ? s->running : "booting",
				100 * fraction_done(s));
	}
	if (left)
		fprintf(stderr, " | %d:%02d left", (int)left / 60, (int)left % 60);
	fflush(stderr);
}

static void tell(const struct lab *lab, const struct slot *s, const char *what)
{
	clear_line();
	fprintf(stderr, "%2ld of %zu  block %ld  %-12s %s  %.1f s\n", lab->done + lab->failed,
		lab->schedule.count, s->boot->index, kernel_of(lab, s->boot)->label, what,
		clock_seconds() - s->guest.started);
}

/* ------------------------------------------------------------------ records */

static json_t *block_json(const struct lab *lab, const struct planned_boot *boot)
{
	return json_pack("{s:s, s:I, s:I}", "schedule", lab->schedule.id, "index",
			 (json_int_t)boot->index, "position", (json_int_t)boot->position);
}

static char *utc_now(void)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	gmtime_r(&now, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return xstrdup(text);
}

/*
 * The guest knows neither its name nor the hour: whatever differs from boot to boot is kept out of
 * it, or its instructions would differ too. `start` is the one field with the host's time.
 */
static void complete_run(const struct lab *lab, const struct slot *s, json_t *run)
{
	static const char *const accels[] = { "tcg icount", "kvm", "tcg" };
	char *start = utc_now();
	json_t *kernel;

	json_object_set_new(run, "label", json_string(kernel_of(lab, s->boot)->label));
	json_object_set_new(run, "boot_id", json_string(s->boot->boot_id));
	json_object_set_new(run, "block", block_json(lab, s->boot));
	json_object_set_new(run, "start", json_string(start));
	json_object_set_new(run, "mode", json_string(lab->mode));
	/* The guest guesses; we know. */
	json_object_set_new(run, "virtualisation",
			    json_string(lab->machine->accel == ACCEL_KVM ? "kvm" : "tcg"));
	json_object_set_new(run, "guest",
			    json_pack("{s:s, s:s, s:s, s:I}", "qemu", s->guest.qmp.version, "accel",
				      accels[lab->machine->accel], "cpu", machine_cpu(lab->machine),
				      "seed", (json_int_t)guest_seed(lab, s->boot)));
	json_object_set_new(json_object_get(run, "config"), "file", json_string(lab->plan_name));
	/* A kernel without IKCONFIG cannot tell; the file beside its image can. */
	kernel = json_object_get(run, "kernel");
	if (json_is_null(json_object_get(kernel, "config")) && kernel_of(lab, s->boot)->config)
		environment_add_config(kernel, kernel_of(lab, s->boot)->config);
	free(start);
}

/* A figure that is no time carries the word wherever it goes. */
static void mark_emulated(const struct lab *lab, const char *type, json_t *record)
{
	const char *unit = json_string_value(json_object_get(record, "unit"));
	const char *kind = json_string_value(json_object_get(record, "kind"));
	char *marked;

	if (lab->machine->accel != ACCEL_TCG || strcmp(type, "samples") || !unit || !kind ||
	    !strcmp(kind, "count"))
		return;
	marked = xasprintf("emulated %s", unit);
	json_object_set_new(record, "unit", json_string(marked));
	free(marked);
}

static bool write_record(struct lab *lab, struct slot *s, const char *type, json_t *record)
{
	if (!s->file)
		s->file = record_create(lab->out, kernel_of(lab, s->boot)->label, s->boot->boot_id);
	if (s->file && !record_write(s->file, type, json_incref(record)))
		return true;
	lab->stopped = true;
	return false;
}

/* One record of the guest. False if it is none. */
static bool take_record(struct lab *lab, struct slot *s, const struct frame *f)
{
	json_t *record = json_loadb(f->payload, f->bytes, 0, NULL);
	const char *type = json_string_value(json_object_get(record, "record"));
	bool good = type && s->has_run == (strcmp(type, "run") != 0);

	if (!good) {
		json_decref(record);
		return false;
	}
	if (!s->has_run) {
		complete_run(lab, s, record);
		s->runs = json_integer_value(
			json_object_get(json_object_get(record, "plan"), "runs"));
		s->has_run = true;
	}
	if (!strcmp(type, "process") || !strcmp(type, "coverage"))
		s->runs_done++;
	if (!lab->first_sample && !strcmp(type, "process"))
		lab->first_sample = clock_seconds() - lab->begun;
	if (!strcmp(type, "end")) {
		s->ended = true;
		s->status = json_integer_value(json_object_get(record, "status"));
	}
	mark_emulated(lab, type, record);
	write_record(lab, s, type, record);
	json_decref(record);
	return true;
}

static void take_frames(struct lab *lab, struct slot *s)
{
	struct frame f;

	while (!lab->stopped && guest_frame(&s->guest, &f)) {
		if (f.type == FRAME_RUNNING) {
			free(s->running);
			s->running = xstrdup(f.payload);
		}
		if (f.type == FRAME_RECORD && !take_record(lab, s, &f))
			s->guest.garbage = true;
		free(f.payload);
	}
}

/* ----------------------------------------------------------------- failures */

/* "fork/vmas" of "fork/vmas vmas=64". */
static json_t *running_workload(const struct slot *s)
{
	if (!s->running)
		return json_null();
	return json_stringn(s->running, strcspn(s->running, " "));
}

static void record_failure(struct lab *lab, struct slot *s, enum outcome outcome, char **lines,
			   size_t count)
{
	json_t *quoted = json_array(), *record;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(quoted, json_string(lines[i]));
	record = json_pack("{s:i, s:s, s:s, s:o, s:s, s:o, s:o}", "schema", SCHEMA, "label",
			   kernel_of(lab, s->boot)->label, "boot_id", s->boot->boot_id, "block",
			   block_json(lab, s->boot), "outcome", outcome_name(outcome), "workload",
			   running_workload(s), "lines", quoted);
	write_record(lab, s, "boot_failed", record);
	json_decref(record);
}

static void tell_failure(struct lab *lab, struct slot *s, enum outcome outcome, char **lines,
			 size_t count)
{
	char *folder = boot_folder(lab, s->boot);

	tell(lab, s, outcome_name(outcome));
	error("%s, block %ld: %s%s%s%s; the whole console is %s/console.log",
	      kernel_of(lab, s->boot)->label, s->boot->index, outcome_name(outcome),
	      s->running ? " while " : "", s->running ? s->running : "", s->running ? " ran" : "",
	      folder);
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "    %s\n", lines[i]);
	free(folder);
}

static void fail(struct lab *lab, struct slot *s, enum outcome outcome)
{
	size_t count;
	char **lines = guest_log_lines(&s->guest, outcome, &count);

	s->boot->state = BOOT_FAILED;
	lab->failed++;
	tell_failure(lab, s, outcome, lines, count);
	record_failure(lab, s, outcome, lines, count);
	for (size_t i = 0; i < count; i++)
		free(lines[i]);
	free(lines);
}

static void succeed(struct lab *lab, struct slot *s)
{
	s->boot->state = BOOT_DONE;
	lab->done++;
	lab->invalid += s->status != 0;
	tell(lab, s, s->status ? "done, something was invalid" : "done");
}

/* ------------------------------------------------------------------- guests */

static void free_slot(struct slot *s)
{
	guest_end(&s->guest);
	record_close(s->file);
	free(s->running);
	*s = (struct slot){ 0 };
}

static int make_folder(const char *path)
{
	char *copy = xstrdup(path);
	int rc = 0;

	for (char *slash = strchr(copy + 1, '/'); slash && !rc; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		rc = mkdir(copy, 0777) && errno != EEXIST;
		*slash = '/';
	}
	if (!rc)
		rc = mkdir(copy, 0777) && errno != EEXIST;
	if (rc)
		error("%s: cannot be made: %s; name a folder that can be written with --out", path,
		      strerror(errno));
	free(copy);
	return rc;
}

static void start_boot(struct lab *lab, struct slot *s, struct planned_boot *boot)
{
	char *folder = boot_folder(lab, boot);
	char *log = xasprintf("%s/console.log", folder);

	*s = (struct slot){ .boot = boot };
	if (make_folder(folder) || guest_start(&s->guest, lab->machine, kernel_of(lab, boot),
					       lab->initramfs, guest_seed(lab, boot), log)) {
		lab->stopped = true;
		*s = (struct slot){ 0 };
	} else {
		boot->state = BOOT_RUNS;
	}
	free(log);
	free(folder);
}

static struct planned_boot *next_boot(struct lab *lab)
{
	for (size_t i = 0; i < lab->schedule.count; i++) {
		if (lab->schedule.boots[i].state == BOOT_WAITING)
			return &lab->schedule.boots[i];
	}
	return NULL;
}

/* Takes what a guest has to give; frees the slot if it ended. */
static void look_after(struct lab *lab, struct slot *s)
{
	bool alive = guest_alive(&s->guest);
	enum outcome outcome;

	take_frames(lab, s);
	if (alive || lab->stopped)
		return;
	outcome = guest_outcome(&s->guest);
	if (outcome == GUEST_DONE && !s->ended)
		outcome = GUEST_KILLED;
	if (outcome == GUEST_DONE)
		succeed(lab, s);
	else
		fail(lab, s, outcome);
	free_slot(s);
}

static void wait_a_little(const struct lab *lab, const struct slot *slots)
{
	struct pollfd fds[lab->jobs];

	for (int i = 0; i < lab->jobs; i++)
		fds[i] = (struct pollfd){ slots[i].boot ? slots[i].guest.qmp.fd : -1, POLLIN, 0 };
	poll(fds, lab->jobs, LOOK_MS);
	/* A closed socket stays readable until the process behind it is gone. */
	usleep(10000);
}

static bool anybody(const struct lab *lab, const struct slot *slots)
{
	for (int i = 0; i < lab->jobs; i++) {
		if (slots[i].boot)
			return true;
	}
	return false;
}

void boots_run(struct lab *lab)
{
	struct slot *slots = xcalloc(lab->jobs, sizeof(*slots));
	double begun = clock_seconds();

	catch_signals();
	while (!interrupted && !lab->stopped) {
		for (int i = 0; i < lab->jobs && !lab->stopped; i++) {
			struct planned_boot *boot = slots[i].boot ? NULL : next_boot(lab);

			if (boot)
				start_boot(lab, &slots[i], boot);
		}
		if (!anybody(lab, slots))
			break;
		for (int i = 0; i < lab->jobs; i++) {
			if (slots[i].boot)
				look_after(lab, &slots[i]);
		}
		show_progress(lab, slots, clock_seconds() - begun);
		wait_a_little(lab, slots);
	}
	clear_line();
	for (int i = 0; i < lab->jobs; i++) {
		if (slots[i].boot)
			free_slot(&slots[i]);
	}
	free(slots);
	lab->interrupted = interrupted;
}
