// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench lab: boots kernels in guests and measures them, kernel against kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/command.h"
#include "lib/error.h"
#include "lib/parse.h"
#include "runner/files.h"
#include "runner/lab/boots.h"
#include "runner/lab/config.h"
#include "runner/lab/earlier.h"
#include "runner/lab/exactness.h"
#include "runner/lab/image.h"
#include "runner/lab/kvm.h"
#include "runner/lab/programs.h"
#include "runner/lab/repeat.h"
#include "runner/lab/until.h"
#include "version.h"

enum { MOST_WORDS = 64, MOST_KERNELS = 32, MOST_BLOCKS = 100 };

/* The guest's own name for its boot: the same in all, see complete_run(). */
#define NAMELESS_BOOT "00000000-0000-4000-8000-000000000000"

struct options {
	const char *config, *plan, *out, *mode, *arch;
	const char *blocks, *jobs, *seed, *until;
	const char *pass_on[2 * MOST_WORDS]; /* --only and --set, for the run in the guest */
	size_t pass_on_count;
	bool resume, force;
};

struct session {
	struct options options;
	struct lab_config config;
	struct kernel kernels[MOST_KERNELS];
	size_t kernel_count;
	char *plan;		  /* text */
	char *runner, *workloads; /* programs of the guest */
	struct lab lab;
	long most_blocks; /* with --until */
};

static const struct command lab_command;

/* ----------------------------------------------------------------- the call */

static bool label_is_valid(const char *label)
{
	return *label && *label != '.' && !strchr(label, '/') && strlen(label) < 100;
}

static int open_kernel(struct session *s, const char *word)
{
	const char *equals = strchr(word, '=');
	struct kernel *k = &s->kernels[s->kernel_count];
	char *label;
	int rc;

	if (!equals || !equals[1]) {
		error("'%s': each kernel is given as LABEL=KERNEL, for example base=bzImage", word);
		return -1;
	}
	label = strndup(word, equals - word);
	rc = label_is_valid(label) ? 0 : -1;
	if (rc)
		error("'%s': a label is the name of a folder: no slash, no dot at its start, 1 to "
		      "99 characters",
		      word);
	for (size_t i = 0; !rc && i < s->kernel_count; i++) {
		if (!strcmp(s->kernels[i].label, label)) {
			error("'%s': the label '%s' is given twice", word, label);
			rc = -1;
		}
	}
	if (!rc) {
		rc = kernel_open(k, label, equals + 1);
		s->kernel_count++;
	}
	free(label);
	return rc;
}

/* All of them, so that all that is wrong is told at once. */
static int open_kernels(struct session *s, char **words, int count)
{
	int rc = 0;

	if (count < 2) {
		error("%d kernel%s given; a comparison takes two or more, as LABEL=KERNEL", count,
		      count == 1 ? " is" : "s are");
		return -1;
	}
	if (count > MOST_KERNELS) {
		error("%d kernels given; at most %d", count, MOST_KERNELS);
		return -1;
	}
	for (int i = 0; i < count; i++)
		rc |= open_kernel(s, words[i]);
	return rc;
}

static int take_count(const char *option, const char *text, long min, long max, long *to)
{
	char *end;
	long n;

	if (!text)
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	if (!errno && end != text && !*end && n >= min && n <= max) {
		*to = n;
		return 0;
	}
	error("--%s %s: allowed are whole numbers from %ld to %ld", option, text, min, max);
	return -1;
}

/* Blocks that a mode starts with when neither file nor option says how many. */
static long default_blocks(enum mode mode)
{
	return mode == MODE_EXACT ? 2 : mode == MODE_LAYOUT ? 8 : 10;
}

/* With --until the blocks asked for are the most there may be, and the pilot comes first. */
static int apply_until(struct session *s)
{
	struct lab_config *c = &s->config;
	double share;

	if (!parse_share("--until", s->options.until, &share))
		return -1;
	if (c->mode == MODE_EXACT) {
		error("--until %s: mode exact has no noise and needs no more than 2 blocks; it is "
		      "for the modes layout and time",
		      s->options.until);
		return -1;
	}
	s->most_blocks = s->options.blocks ? c->blocks : MOST_BLOCKS;
	if (s->most_blocks < PILOT_BLOCKS) {
		error("--blocks %ld: with --until the pilot alone takes %d", s->most_blocks,
		      PILOT_BLOCKS);
		return -1;
	}
	c->blocks = PILOT_BLOCKS;
	return 0;
}

static int apply_options(struct session *s)
{
	const struct options *o = &s->options;
	struct lab_config *c = &s->config;
	enum mode before = c->mode;
	long seed = c->seed;

	if (o->mode && !mode_parse(o->mode, &c->mode)) {
		error("--mode %s: allowed are exact, layout and time", o->mode);
		return -1;
	}
	if (c->mode != before) {
		c->blocks = default_blocks(c->mode);
		c->watchdog = default_watchdog(c->mode);
	}
	if (take_count("blocks", o->blocks, 1, 10000, &c->blocks) ||
	    take_count("jobs", o->jobs, 1, 64, &c->jobs) ||
	    take_count("seed", o->seed, 1, INT_MAX, &seed))
		return -1;
	c->seed = seed;
	if (o->until && apply_until(s))
		return -1;
	if (o->plan) {
		free(c->plan);
		c->plan = xstrdup(o->plan);
	}
	c->machine.arch = s->kernels[0].arch;
	if (o->arch && !arch_parse(o->arch, &c->machine.arch)) {
		error("--arch %s: allowed are x86_64 and arm64", o->arch);
		return -1;
	}
	return 0;
}

/* ---------------------------------------------------------------- preflight */

static struct kernel *kernel_named(struct session *s, const char *label)
{
	for (size_t i = 0; i < s->kernel_count; i++) {
		if (!strcmp(s->kernels[i].label, label))
			return &s->kernels[i];
	}
	return NULL;
}

static int check_kernels(struct session *s)
{
	const struct machine *m = &s->config.machine;
	struct guest_needs needs = { m->arch, m->node_count, machine_cpus(m) };
	int reasons = 0;

	for (size_t i = 0; i < s->config.kernel_count; i++) {
		const struct kernel_words *w = &s->config.kernels[i];
		struct kernel *k = kernel_named(s, w->label);

		if (!k) {
			warning("%s: [kernel %s]: no kernel of that label was given",
				s->config.file, w->label);
			continue;
		}
		free(k->cmdline);
		k->cmdline = xstrdup(w->cmdline);
	}
	for (size_t i = 0; i < s->kernel_count; i++)
		reasons += kernel_check(&s->kernels[i], &needs);
	return reasons ? -1 : 0;
}

static int choose_accel(struct session *s)
{
	struct machine *m = &s->config.machine;
	enum mode mode = s->config.mode;
	char *why;

	m->fixed_layout = mode == MODE_EXACT;
	m->accel = ACCEL_ICOUNT;
	s->lab.mode = mode == MODE_EXACT ? "unrepeated" : mode_name(mode);
	if (mode != MODE_TIME)
		return 0;
	why = kvm_refusal(m->arch);
	m->accel = why ? ACCEL_TCG : ACCEL_KVM;
	if (!why)
		return 0;
	s->lab.mode = "emulated";
	if (s->options.force) {
		warning("no KVM for %s guests here (%s): times of an emulated processor are called "
			"emulated everywhere, and say nothing about a real one",
			arch_name(m->arch), why);
		free(why);
		return 0;
	}
	error("mode time needs KVM for %s guests (%s): an emulator's times are not times. Take "
	      "--mode exact, which counts instructions; or --force, and every figure is called "
	      "emulated",
	      arch_name(m->arch), why);
	free(why);
	return -1;
}

static int check_qemu(const struct session *s)
{
	enum arch a = s->config.machine.arch;
	char *path = qemu_find(a);

	free(path);
	if (path)
		return 0;
	error("%s is not installed; on Debian it is in the package %s ('make deps GROUPS=lab' "
	      "installs what the lab needs)",
	      qemu_name(a), a == ARCH_ARM64 ? "qemu-system-arm" : "qemu-system-x86");
	return -1;
}

/* MemAvailable, bytes. */
static uint64_t memory_available(void)
{
	unsigned long long kib = 0;
	char line[256];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			break;
	}
	if (f)
		fclose(f);
	return (uint64_t)kib << 10;
}

static int allowed_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

/* How many guests at once: as many as have a core each, two at most unless asked for, time: one. */
static int choose_jobs(struct session *s)
{
	const struct machine *m = &s->config.machine;
	uint64_t each = machine_memory(m) + GUEST_OVERHEAD, available = memory_available();
	long jobs = s->config.jobs;

	if (s->config.mode == MODE_TIME && jobs > 1) {
		error("%ld guests at once in mode time: they would disturb each other's times; "
		      "leave jobs out",
		      jobs);
		return -1;
	}
	if (!jobs)
		jobs = s->config.mode == MODE_TIME || allowed_cpus() < 2 ? 1 : 2;
	if (!s->config.jobs && jobs > 1 && available < each * jobs)
		jobs = 1;
	s->lab.jobs = jobs;
	if (available >= each * jobs)
		return 0;
	error("%ld guest%s of %llu MiB at once, and %llu MiB each for QEMU, but only %llu MiB of "
	      "memory are available: give the nodes less memory%s",
	      jobs, jobs == 1 ? "" : "s", (unsigned long long)machine_memory(m) >> 20,
	      (unsigned long long)GUEST_OVERHEAD >> 20, (unsigned long long)available >> 20,
	      jobs == 1 ? "" : ", or say --jobs 1");
	return -1;
}

static int read_plan(struct session *s)
{
	const char *path = s->config.plan;
	size_t length;

	if (!path) {
		s->plan = xstrdup(lab_smoke_plan());
		s->lab.plan_name = "smoke.ini (built in)";
		return 0;
	}
	s->plan = read_whole(path, &length);
	s->lab.plan_name = path;
	if (s->plan)
		return 0;
	error("the plan %s: %s", path, strerror(errno));
	return -1;
}

/* What a mistake in the plan would say in every guest, it says here, before the first one. */
static int check_plan(const struct session *s)
{
	const char *argv[2 * MOST_WORDS + 5] = { "run", "--dry-run", "--config" };
	int fd = memfd_create("plan", 0), argc = 3, status;
	size_t length = strlen(s->plan);
	pid_t pid;

	if (fd < 0 || write(fd, s->plan, length) != (ssize_t)length)
		die(STATUS_FAILED, "no memory for the plan: %s", strerror(errno));
	argv[argc] = s->config.plan ? s->config.plan : xasprintf("/proc/self/fd/%d", fd);
	argc++;
	for (size_t i = 0; i < s->options.pass_on_count; i++)
		argv[argc++] = s->options.pass_on[i];
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(STATUS_FAILED);
		exit(command_find("run")->main(argc, (char **)argv));
	}
	close(fd);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die(STATUS_FAILED, "checking the plan: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_FAILED;
}

/* ---------------------------------------------------------------------- image */

static char *orders_text(const struct session *s)
{
	bool icount = s->config.mode != MODE_TIME;
	json_t *argv = json_pack("[s, s,s, s,s, s,s, s,s, s,s, s,s, s]", "run", "--config",
				 "/plan.ini", "--label", "guest", "--out", "/results", "--boot-id",
				 NAMELESS_BOOT, "--mode", mode_name(s->config.mode), "--clock",
				 icount ? "icount" : "host", "--allow-dangerous");
	json_t *orders;
	char *text;

	for (size_t i = 0; i < s->options.pass_on_count; i++)
		json_array_append_new(argv, json_string(s->options.pass_on[i]));
	orders = json_pack("{s:o, s:I, s:I}", "argv", argv, "watchdog",
			   (json_int_t)s->config.watchdog, "stall", (json_int_t)s->config.stall);
	text = json_dumps(orders, JSON_COMPACT);
	json_decref(orders);
	return text;
}

static int build_image(struct session *s)
{
	double begun = clock_seconds();
	char *orders = orders_text(s);
	struct image_source source = {
		.runner = s->runner, .workloads = s->workloads, .plan = s->plan, .orders = orders
	};
	size_t bytes;

	s->lab.initramfs = image_build(&source, &bytes);
	free(orders);
	if (s->lab.initramfs < 0)
		return -1;
	fprintf(stderr, "guest image: %zu MiB in %.2f s\n", bytes >> 20, clock_seconds() - begun);
	return 0;
}

/* ------------------------------------------------------------------- schedule */

/* All that makes two runs of the lab the same experiment. */
static json_t *what_is_measured(const struct session *s)
{
	const struct machine *m = &s->config.machine;
	json_t *kernels = json_array(), *nodes = json_array(), *options = json_array();
	char hash[65];

	for (size_t i = 0; i < s->kernel_count; i++) {
		const struct kernel *k = &s->kernels[i];
		char *cmdline = machine_cmdline(m, k);

		json_array_append_new(kernels, json_pack("{s:s, s:s, s:s, s:I, s:s}", "label",
							 k->label, "file", k->given, "version",
							 k->version ? k->version : "", "bytes",
							 (json_int_t)k->size, "cmdline", cmdline));
		free(cmdline);
	}
	for (int i = 0; i < m->node_count; i++)
		json_array_append_new(nodes, json_pack("{s:i, s:I}", "cpus", m->nodes[i].cpus,
						       "memory", (json_int_t)m->nodes[i].memory));
	for (size_t i = 0; i < s->options.pass_on_count; i++)
		json_array_append_new(options, json_string(s->options.pass_on[i]));
	sha256_hex(s->plan, strlen(s->plan), hash);
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o, s:o, s:o}", "tool",
			 "rmapbench " VERSION, "mode", mode_name(s->config.mode), "arch",
			 arch_name(m->arch), "accel", s->lab.mode, "blocks",
			 (json_int_t)s->config.blocks, "until",
			 s->options.until ? s->options.until : "", "plan", hash, "nodes", nodes,
			 "options", options, "kernels", kernels);
}

/* A boot that was cut off is booted anew, under a new name; its records are put aside. */
static void settle_old_boot(struct lab *lab, struct planned_boot *b)
{
	char *folder = boot_folder(lab, b), *path, *aside;

	switch (record_file_of(folder, &path)) {
	case FILE_WHOLE:
		b->state = BOOT_DONE;
		lab->done++;
		break;
	case FILE_FAILED:
		b->state = BOOT_FAILED;
		lab->failed++;
		break;
	case FILE_CUT:
		aside = xasprintf("%s.cut", path);
		if (rename(path, aside))
			warning("%s: %s", path, strerror(errno));
		free(aside);
		new_boot_id(b->boot_id);
		break;
	case FILE_NONE:
		new_boot_id(b->boot_id);
		break;
	}
	free(path);
	free(folder);
}

static int resume_schedule(struct session *s, const json_t *what)
{
	struct lab *lab = &s->lab;

	if (schedule_find(&lab->schedule, s->options.out, what)) {
		error("--resume: no schedule in %s is of these kernels, plan, mode, nodes and "
		      "version of rmapbench; leave --resume out to begin one",
		      s->options.out);
		return -1;
	}
	for (size_t i = 0; i < lab->schedule.count; i++) {
		if (lab->schedule.boots[i].kernel >= s->kernel_count) {
			error("%s: names a kernel that there is not", lab->schedule.path);
			return -1;
		}
		settle_old_boot(lab, &lab->schedule.boots[i]);
	}
	fprintf(stderr, "resuming schedule %s: %ld of %zu boots are there\n", lab->schedule.id,
		lab->done + lab->failed, lab->schedule.count);
	return schedule_save(&lab->schedule, s->options.out, what);
}

static int prepare_schedule(struct session *s)
{
	json_t *what = what_is_measured(s);
	struct lab *lab = &s->lab;
	int rc;

	if (mkdir(s->options.out, 0777) && errno != EEXIST) {
		error("--out %s: %s", s->options.out, strerror(errno));
		json_decref(what);
		return -1;
	}
	if (s->options.resume) {
		rc = resume_schedule(s, what);
	} else {
		schedule_make(&lab->schedule, s->kernel_count, s->config.blocks,
			      s->config.seed ? s->config.seed : random_seed());
		rc = schedule_save(&lab->schedule, s->options.out, what);
	}
	json_decref(what);
	return rc;
}

/* -------------------------------------------------------------------- command */

static void print_summary(const struct session *s)
{
	const struct lab *lab = &s->lab;

	printf("\nschedule %s, seed %llu, mode %s: %ld boots done, %ld failed, %.0f s",
	       lab->schedule.id, (unsigned long long)lab->schedule.seed, mode_name(s->config.mode),
	       lab->done, lab->failed, clock_seconds() - lab->begun);
	if (lab->first_sample)
		printf(" (first measured operation after %.1f s)", lab->first_sample);
	printf("\n");
	for (size_t k = 0; k < s->kernel_count; k++) {
		char *release = kernel_release(&s->kernels[k]);
		long done = 0, failed = 0;

		for (size_t i = 0; i < lab->schedule.count; i++) {
			const struct planned_boot *b = &lab->schedule.boots[i];

			done += b->kernel == k && b->state == BOOT_DONE;
			failed += b->kernel == k && b->state == BOOT_FAILED;
		}
		printf("  %-12s %-32s %ld boots, %ld failed: %s/%s\n", s->kernels[k].label, release,
		       done, failed, lab->out, s->kernels[k].label);
		free(release);
	}
	printf("next: rmapbench compare");
	if (s->options.until)
		printf(" --pilot %d", PILOT_BLOCKS);
	for (size_t k = 0; k < s->kernel_count; k++)
		printf(" %s/%s", lab->out, s->kernels[k].label);
	printf("\n");
}

/* Everything that can be found wrong before a guest starts. Returns an exit status. */
static int preflight(struct session *s, char **words, int count)
{
	int wrong;

	if (lab_config_read(&s->config, s->options.config))
		return STATUS_USAGE;
	if (open_kernels(s, words, count) || apply_options(s))
		return STATUS_USAGE;
	if (lab_config_check(&s->config))
		return STATUS_USAGE;
	/* None hides another. */
	wrong = !!check_kernels(s) | !!read_plan(s);
	if (s->plan)
		wrong |= !!check_plan(s);
	if (wrong)
		return STATUS_USAGE;
	if (check_qemu(s) || choose_accel(s) || choose_jobs(s) ||
	    guest_programs(s->config.machine.arch, &s->runner, &s->workloads))
		return STATUS_FAILED;
	for (size_t i = 0; i < s->kernel_count; i++)
		wrong |= !!earlier_check(s->options.out, s->lab.mode, &s->kernels[i]);
	return wrong ? STATUS_USAGE : STATUS_DONE;
}

/* Blocks that --until takes for the pair of kernels that takes most; -1 after a message. */
static long blocks_wanted(const struct session *s)
{
	char *base = xasprintf("%s/%s", s->lab.out, s->kernels[0].label);
	long most = 0;

	for (size_t k = 1; k < s->kernel_count && most >= 0; k++) {
		char *new = xasprintf("%s/%s", s->lab.out, s->kernels[k].label);
		long n = until_blocks(s->options.until, base, new);

		most = n < 0 ? -1 : n > most ? n : most;
		free(new);
	}
	free(base);
	return most;
}

/* After the pilot: what it asks for, and what that costs. 0 or -1 after a message. */
static int extend_schedule(struct session *s, long blocks, double boot_seconds)
{
	struct lab *lab = &s->lab;
	long pilot = lab->schedule.count / s->kernel_count, wanted = blocks;
	json_t *what;
	int rc;

	if (blocks > s->most_blocks)
		blocks = s->most_blocks;
	printf("\npilot of %ld blocks: +-%s takes %ld blocks; %ld more, about %.0f minutes\n",
	       pilot, s->options.until, wanted, blocks - pilot,
	       ceil(boot_seconds * s->kernel_count * (blocks - pilot) / 60));
	if (wanted > blocks)
		warning("--until %s takes %ld blocks and --blocks allows %ld: the intervals will "
			"be wider",
			s->options.until, wanted, blocks);
	fflush(stdout);
	schedule_extend(&lab->schedule, s->kernel_count, blocks);
	what = what_is_measured(s);
	rc = schedule_save(&lab->schedule, s->options.out, what);
	json_decref(what);
	return rc;
}

/*
 * The boots of the schedule; with --until those of the pilot, then as many as it asks for. The
 * pilot's variance alone decides, so the answer is the same whenever it is asked.
 */
static int run_boots(struct session *s)
{
	struct lab *lab = &s->lab;
	long there = lab->done + lab->failed, ran, wanted;
	double begun = clock_seconds();

	if (s->options.until)
		printf("until +-%s: a pilot of %d blocks, %zu boots, then as many as Stein's rule "
		       "asks for, at most %ld blocks in all\n",
		       s->options.until, PILOT_BLOCKS, PILOT_BLOCKS * s->kernel_count,
		       s->most_blocks);
	fflush(stdout);
	boots_run(lab);
	if (!s->options.until || lab->interrupted || lab->stopped)
		return 0;
	wanted = blocks_wanted(s);
	if (wanted < 0) {
		error("--until %s: the boots so far cannot be compared, so nothing tells how many "
		      "it takes",
		      s->options.until);
		return -1;
	}
	if ((size_t)wanted * s->kernel_count <= lab->schedule.count ||
	    s->most_blocks * s->kernel_count <= lab->schedule.count)
		return 0;
	ran = lab->done + lab->failed - there;
	if (extend_schedule(s, wanted, (clock_seconds() - begun) / (ran ? ran : 1)))
		return -1;
	boots_run(lab);
	return 0;
}

static int run_lab(struct session *s)
{
	struct lab *lab = &s->lab;

	lab->machine = &s->config.machine;
	lab->kernels = s->kernels;
	lab->kernel_count = s->kernel_count;
	lab->out = s->options.out;
	lab->seed_by_block = s->config.mode != MODE_EXACT;
	if (prepare_schedule(s) || build_image(s))
		return STATUS_FAILED;
	if (run_boots(s))
		return STATUS_FAILED;
	if (lab->interrupted || lab->stopped) {
		if (lab->interrupted)
			error("interrupted: the guests are ended, what was recorded is whole. Go "
			      "on "
			      "with the same command and --resume");
		return STATUS_FAILED;
	}
	print_summary(s);
	if (s->config.mode == MODE_EXACT && !exactness_judge(lab))
		return STATUS_FAILED;
	return lab->failed || lab->invalid ? STATUS_FAILED : STATUS_DONE;
}

static void close_session(struct session *s)
{
	for (size_t i = 0; i < s->kernel_count; i++)
		kernel_close(&s->kernels[i]);
	if (s->lab.initramfs >= 0)
		close(s->lab.initramfs);
	schedule_free(&s->lab.schedule);
	lab_config_free(&s->config);
	free(s->plan);
	free(s->runner);
	free(s->workloads);
}

static int pass_on(struct options *o, const char *option, const char *value)
{
	if (o->pass_on_count + 2 > sizeof(o->pass_on) / sizeof(o->pass_on[0])) {
		error("%s %s: more than %d of --only and --set", option, value, MOST_WORDS);
		return -1;
	}
	o->pass_on[o->pass_on_count++] = option;
	o->pass_on[o->pass_on_count++] = value;
	return 0;
}

/* Index of the first kernel, or -1: the call was wrong. */
static int parse_options(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", 1, 0, 'c' }, { "plan", 1, 0, 'p' },
		{ "out", 1, 0, 'o' },	 { "mode", 1, 0, 'm' },
		{ "arch", 1, 0, 'a' },	 { "blocks", 1, 0, 'b' },
		{ "jobs", 1, 0, 'j' },	 { "seed", 1, 0, 's' },
		{ "only", 1, 0, 'O' },	 { "set", 1, 0, 'S' },
		{ "resume", 0, 0, 'r' }, { "until", 1, 0, 'u' },
		{ "force", 0, 0, 'f' },	 { 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'p':
			o->plan = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'm':
			o->mode = optarg;
			break;
		case 'a':
			o->arch = optarg;
			break;
		case 'b':
			o->blocks = optarg;
			break;
		case 'j':
			o->jobs = optarg;
			break;
		case 's':
			o->seed = optarg;
			break;
		case 'O':
		case 'S':
			if (pass_on(o, c == 'O' ? "--only" : "--set", optarg))
				return -1;
			break;
		case 'u':
			o->until = optarg;
			break;
		case 'r':
			o->resume = true;
			break;
		case 'f':
			o->force = true;
			break;
		default:
			return -1;
		}
	}
	return optind;
}

static int lab_main(int argc, char **argv)
{
	struct session s = { .options = { .out = "results" },
			     .lab = { .initramfs = -1, .begun = clock_seconds() } };
	int first = parse_options(&s.options, argc, argv);
	int status;

	if (first < 0 || argc == first)
		return command_usage(&lab_command);
	status = preflight(&s, argv + first, argc - first);
	if (!status)
		status = run_lab(&s);
	close_session(&s);
	return status;
}

COMMAND(lab_command) = {
	.name = "lab",
	.usage = "[--config F] [--blocks N] [--mode exact|layout|time] [--arch x86_64|arm64] "
		 "LABEL=KERNEL LABEL=KERNEL...",
	.summary = "boot kernels in guests and measure them, kernel against kernel",
	.help = "  KERNEL is a bzImage or arm64 Image, a folder with vmlinuz and config, or a "
		"Debian "
		"kernel package\n"
		"  --config F          nodes, mode, blocks, command lines (default: built in; "
		"docs/lab.md)\n"
		"  --mode M            exact: executed instructions, the same at every boot; "
		"layout: "
		"the same\n"
		"                      with another memory layout in each block; time: needs KVM\n"
		"  --blocks N          a block is one boot of each kernel, next to each other\n"
		"  --until 1%          modes layout and time: as many blocks as intervals of "
		"+-1% take, by\n"
		"                      Stein's rule: a pilot of 10, then what its spread asks "
		"for; --blocks\n"
		"                      is the most there may be (default: 100)\n"
		"  --plan F            what runs in the guest (default: the smoke plan)\n"
		"  --only P, --set K   as for run\n"
		"  --arch A            of the guests (default: that of the first kernel)\n"
		"  --jobs N            guests at once (default: 2 where there are cores; time: 1)\n"
		"  --seed N            of the order of boots and of the layouts\n"
		"  --out DIR           where results go (default: results)\n"
		"  --resume            go on where an interrupted lab stopped\n"
		"  --force             mode time without KVM, every figure called emulated\n",
	.order = 50,
	.main = lab_main,
};
