// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench campaign: real reboots over a list of installed kernels.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/command.h"
#include "lib/error.h"
#include "runner/campaign/announce.h"
#include "runner/campaign/boot_loader.h"
#include "runner/campaign/cmdline.h"
#include "runner/campaign/host.h"
#include "runner/campaign/kexec.h"
#include "runner/campaign/people.h"
#include "runner/campaign/preflight.h"
#include "runner/campaign/state.h"
#include "runner/campaign/step.h"
#include "runner/campaign/unit.h"
#include "runner/catalogue.h"
#include "runner/plan.h"

enum { MOST_WORDS = 64, MOST_KERNELS = 32, PANIC_SECONDS = 30 };

struct options {
	const char *config, *out, *way, *cmdline, *append, *root;
	const char *only[MOST_WORDS], *sets[MOST_WORDS];
	size_t only_count, set_count;
	long blocks, seed, settle, pause, retries, give_up;
	bool dry_run, yes, force;
	bool refused; /* by the host, though its plan is shown */
};

static const struct command campaign_command;

/* ----------------------------------------------------------------- the call */

static int take_number(const char *option, const char *text, long min, long max, long *to)
{
	char *end;

	errno = 0;
	*to = strtol(text, &end, 10);
	if (!errno && end != text && !*end && *to >= min && *to <= max)
		return 0;
	error("--%s %s: allowed are whole numbers from %ld to %ld", option, text, min, max);
	return -1;
}

static int take_word(const char *option, const char *word, const char **list, size_t *count)
{
	if (*count == MOST_WORDS) {
		error("%s %s: more than %d of it", option, word, MOST_WORDS);
		return -1;
	}
	list[(*count)++] = word;
	return 0;
}

/* 0, or -1: the call was wrong (told, or by getopt). */
static int take_option(struct options *o, int c)
{
	switch (c) {
	case 'c':
		o->config = optarg;
		return 0;
	case 'o':
		o->out = optarg;
		return 0;
	case 'w':
		o->way = optarg;
		return 0;
	case 'C':
		o->cmdline = optarg;
		return 0;
	case 'A':
		o->append = optarg;
		return 0;
	case 'R':
		o->root = optarg;
		return 0;
	case 'O':
		return take_word("--only", optarg, o->only, &o->only_count);
	case 'S':
		return take_word("--set", optarg, o->sets, &o->set_count);
	case 'b':
		return take_number("blocks", optarg, 1, 1000, &o->blocks);
	case 's':
		return take_number("seed", optarg, 1, INT_MAX, &o->seed);
	case 'e':
		return take_number("settle", optarg, 0, 86400, &o->settle);
	case 'p':
		return take_number("pause", optarg, 0, 86400, &o->pause);
	case 'r':
		return take_number("retries", optarg, 0, 10, &o->retries);
	case 'g':
		return take_number("give-up", optarg, 1, 100, &o->give_up);
	case 'n':
		o->dry_run = true;
		return 0;
	case 'y':
		o->yes = true;
		return 0;
	case 'f':
		o->force = true;
		return 0;
	}
	return -1;
}

/* Index of the first word that is no option, or -1: the call was wrong. */
static int parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", 1, 0, 'c' },  { "out", 1, 0, 'o' },	    { "boot-by", 1, 0, 'w' },
		{ "cmdline", 1, 0, 'C' }, { "append", 1, 0, 'A' },  { "root", 1, 0, 'R' },
		{ "only", 1, 0, 'O' },	  { "set", 1, 0, 'S' },	    { "blocks", 1, 0, 'b' },
		{ "seed", 1, 0, 's' },	  { "settle", 1, 0, 'e' },  { "pause", 1, 0, 'p' },
		{ "retries", 1, 0, 'r' }, { "give-up", 1, 0, 'g' }, { "dry-run", 0, 0, 'n' },
		{ "yes", 0, 0, 'y' },	  { "force", 0, 0, 'f' },   { 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (take_option(o, c))
			return -1;
	}
	return optind;
}

/* ------------------------------------------------------------------ planning */

static char *whole_path(const char *path)
{
	char *whole = realpath(path, NULL);

	if (!whole)
		error("%s: %s", path, strerror(errno));
	return whole;
}

/* Made if it is not there; a plan alone leaves nothing behind. */
static char *whole_out(const struct options *o)
{
	int made = mkdir(o->out, 0777);
	char *whole;

	if (made && errno != EEXIST) {
		error("--out %s: cannot be made: %s", o->out, strerror(errno));
		return NULL;
	}
	whole = whole_path(o->out);
	if (!made && o->dry_run)
		rmdir(o->out);
	return whole;
}

static const char *default_config(void)
{
	return access("configs/default.ini", R_OK) ? RMAPBENCH_CONFIGS "/default.ini"
						   : "configs/default.ini";
}

static void pass_on(struct campaign *c, const char *option, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(c->pass_on, json_string(option));
		json_array_append_new(c->pass_on, json_string(words[i]));
	}
}

static int take_files(struct campaign *c, const struct options *o)
{
	const char *workloads = getenv("RMAPBENCH_WORKLOADS");
	char hash[65];

	c->program = whole_path("/proc/self/exe");
	c->config = whole_path(o->config ? o->config : default_config());
	c->out = whole_out(o);
	c->workloads = workloads && *workloads ? whole_path(workloads) : xstrdup("");
	if (!c->program || !c->config || !c->out || !c->workloads)
		return -1;
	file_hash(c->program, hash);
	c->program_hash = xstrdup(hash);
	file_hash(c->config, hash);
	c->config_hash = xstrdup(hash);
	c->pass_on = json_array();
	pass_on(c, "--only", o->only, o->only_count);
	pass_on(c, "--set", o->sets, o->set_count);
	return 0;
}

/* Is the plan right? Its hash and processes, for the estimate. */
static int check_plan(const struct campaign *c, const struct options *o, struct cost *cost)
{
	struct catalogue catalogue;
	struct plan plan;
	int rc;

	if (catalogue_read(&catalogue))
		return -1;
	rc = plan_read(&plan, c->config, &catalogue, o->only, o->only_count, o->sets, o->set_count);
	if (!rc) {
		cost->processes = plan_runs(&plan);
		cost->run_seconds = cost_of_runs(c->out, plan.hash);
		plan_free(&plan);
	}
	catalogue_free(&catalogue);
	return rc;
}

static int open_targets(struct campaign *c, char **words, int count)
{
	int rc = 0;

	if (count < 2 || count > MOST_KERNELS) {
		error("%d kernel%s given; a campaign takes 2 to %d, as LABEL=RELEASE or "
		      "LABEL=/boot/vmlinuz-...",
		      count, count == 1 ? " is" : "s are", MOST_KERNELS);
		return -1;
	}
	c->kernels = xcalloc(count, sizeof(*c->kernels));
	c->kernel_count = count;
	for (int i = 0; i < count; i++)
		rc |= target_open(&c->kernels[i], words[i]);
	return rc ? rc : targets_differ(c->kernels, count);
}

/* For kexec, where the words are ours. */
static void give_cmdlines(struct campaign *c, const struct options *o)
{
	char *base = o->cmdline ? xstrdup(o->cmdline) : cmdline_own(c->origin_cmdline), *line;

	line = xasprintf("%s%s%s", base, o->append ? " " : "", o->append ? o->append : "");
	free(base);
	if (!cmdline_has_start(line, "panic=")) {
		char *longer = xasprintf("%s panic=%d", line, PANIC_SECONDS);

		free(line);
		line = longer;
	}
	for (size_t i = 0; i < c->kernel_count; i++) {
		free(c->kernels[i].cmdline);
		c->kernels[i].cmdline = xstrdup(line);
	}
	free(line);
}

/*
 * By kexec unless it does not work. Loading is tried only if a campaign is to begin: it takes
 * memory, and root.
 */
static char *try_kexec(struct campaign *c, const struct options *o)
{
	char *why = kexec_refusal();

	give_cmdlines(c, o);
	return why || o->dry_run ? why : kexec_try(c->kernels, c->kernel_count);
}

static int choose_way(struct campaign *c, const struct options *o)
{
	bool any = !strcmp(o->way, "auto");
	char *no_kexec = NULL, *no_loader = NULL;

	if (!any && strcmp(o->way, "kexec") && strcmp(o->way, "loader")) {
		error("--boot-by %s: allowed are auto, kexec, loader", o->way);
		return STATUS_USAGE;
	}
	if (any || !strcmp(o->way, "kexec")) {
		c->way = WAY_KEXEC;
		no_kexec = try_kexec(c, o);
		if (!no_kexec)
			return STATUS_DONE;
		fprintf(stderr, "not by kexec: %s\n", no_kexec);
	}
	if (any || !strcmp(o->way, "loader")) {
		if (o->cmdline || o->append)
			no_loader = xstrdup("--cmdline and --append are for kexec; a boot loader "
					    "has the command lines in its entries");
		else
			no_loader = boot_loader_find(c->kernels, c->kernel_count, &c->way);
		if (no_loader)
			fprintf(stderr, "not by the boot loader: %s\n", no_loader);
	}
	free(no_kexec);
	any = strcmp(o->way, "kexec") && !no_loader;
	free(no_loader);
	if (any)
		return STATUS_DONE;
	error("--boot-by %s: these kernels cannot be booted on this machine; see above", o->way);
	return STATUS_FAILED;
}

static void take_origin(struct campaign *c)
{
	struct running now;

	host_running(&now);
	c->origin_release = xstrdup(now.release);
	c->origin_version = xstrdup(now.version);
	c->origin_cmdline = xstrdup(now.cmdline);
}

static void make_schedule(struct campaign *c, const struct options *o)
{
	schedule_make(&c->schedule, c->kernel_count, o->blocks,
		      o->seed ? o->seed : (long)random_seed());
	/* Each boot, each try again, and the way back. */
	c->most = c->schedule.count * (1 + c->retries) + 1;
	c->history = json_array();
}

/* Everything that can be found wrong before anything is touched. An exit status. */
static int prepare(struct campaign *c, struct options *o, char **words, int count,
		   struct cost *cost)
{
	int reasons = 0, status;

	c->settle = o->settle;
	c->pause = o->pause;
	c->retries = o->retries;
	c->give_up = o->give_up;
	c->force = o->force;
	c->owner = people_caller();
	/* None hides another. */
	if (open_targets(c, words, count))
		reasons++;
	if (take_files(c, o) || check_plan(c, o, cost))
		return STATUS_USAGE;
	reasons += preflight_files(c);
	if (reasons)
		return STATUS_USAGE;
	/* A plan can be looked at anywhere; what start would say is told with it. */
	o->refused = preflight_host(c);
	if (o->refused && !o->dry_run)
		return STATUS_FAILED;
	take_origin(c);
	status = choose_way(c, o);
	if (status)
		return status;
	make_schedule(c, o);
	preflight_warn(c);
	return STATUS_DONE;
}

/* -------------------------------------------------------------------- start */

static bool agreed(const struct options *o)
{
	char answer[16] = "";

	if (o->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		error("nobody is there to say yes: --yes begins the campaign as it is shown");
		return false;
	}
	printf("begin? [y/N] ");
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y'))
		return true;
	printf("nothing was done\n");
	return false;
}

static int begin(struct campaign *c)
{
	if (state_save(c))
		return STATUS_FAILED;
	if (unit_install(c)) {
		state_discard();
		return STATUS_FAILED;
	}
	if (host_run((const char *[]){ "systemctl", "start", "--no-block", UNIT_NAME, NULL })) {
		error("systemctl start " UNIT_NAME " failed; all is taken back");
		unit_remove();
		state_discard();
		return STATUS_FAILED;
	}
	printf("begun: the first reboot is in %ld s. 'rmapbench campaign status' tells how far it "
	       "is, 'rmapbench campaign stop' ends it\n",
	       c->pause);
	return STATUS_DONE;
}

static int start_main(struct options *o, char **words, int count)
{
	struct campaign c = { 0 };
	struct cost cost = { 0 };
	int status = prepare(&c, o, words, count, &cost);

	if (!status) {
		announce(&c, &cost);
		if (o->dry_run)
			status = o->refused ? STATUS_FAILED : STATUS_DONE;
		else
			status = agreed(o) ? begin(&c) : STATUS_FAILED;
	}
	state_free(&c);
	return status;
}

/* ------------------------------------------------------------ status, stop, step */

static int status_main(void)
{
	struct campaign c;
	int rc = state_load(&c);

	if (rc > 0)
		printf("no campaign is under way\n");
	if (rc)
		return rc > 0 ? STATUS_DONE : STATUS_FAILED;
	announce_status(&c);
	state_free(&c);
	return STATUS_DONE;
}

/* Also where the state is broken: the unit is what reboots. */
static int stop_main(void)
{
	struct campaign c;
	char *path = host_path(STATE_FILE), *aside = xasprintf("%s.broken", path);
	int rc = 0, loaded = state_load(&c);

	if (loaded > 0 && !unit_installed()) {
		printf("no campaign is under way\n");
	} else {
		if (unit_installed() &&
		    host_run((const char *[]){ "systemctl", "stop", UNIT_NAME, NULL }))
			warning("systemctl stop " UNIT_NAME " failed; a step that still runs finds "
				"no state and reboots nothing");
		/* The step may have gone on until it was stopped. */
		if (!loaded) {
			state_free(&c);
			loaded = state_load(&c);
		}
		if (!loaded) {
			rc = campaign_close(&c);
			announce_stopped(&c);
		} else {
			rc = unit_remove();
			if (loaded < 0 && rename(path, aside))
				rc = -1;
		}
	}
	if (!loaded)
		state_free(&c);
	free(aside);
	free(path);
	return rc ? STATUS_FAILED : STATUS_DONE;
}

static int step_main(void)
{
	struct campaign c;
	int rc = state_load(&c);

	if (rc > 0)
		error("no campaign is under way; 'rmapbench campaign start' begins one");
	if (rc)
		return STATUS_FAILED;
	rc = step_take(&c);
	state_free(&c);
	return rc;
}

/* An empty name, out of a script's variable, must not mean this machine. */
static bool is_other_root(const char *root)
{
	struct stat own, st;

	return *root == '/' && !stat("/", &own) && !stat(root, &st) && S_ISDIR(st.st_mode) &&
	       (st.st_dev != own.st_dev || st.st_ino != own.st_ino);
}

static int take_root(const char *root)
{
	if (!root)
		return 0;
	if (!is_other_root(root)) {
		error("--root '%s': give the whole path of a folder that is not /", root);
		return -1;
	}
	host_set_root(root);
	return 0;
}

static int need_root(const char *verb)
{
	if (!geteuid())
		return 0;
	error("campaign %s: run it as root", verb);
	return -1;
}

static int campaign_main(int argc, char **argv)
{
	struct options o = { .out = "results",
			     .way = "auto",
			     .blocks = 10,
			     .settle = 60,
			     .pause = 30,
			     .retries = 1,
			     .give_up = 3 };
	int first = parse(&o, argc, argv), left = argc - first;
	const char *verb;

	if (first < 0 || !left)
		return command_usage(&campaign_command);
	verb = argv[first];
	if (take_root(o.root))
		return STATUS_USAGE;
	if (!strcmp(verb, "plan"))
		o.dry_run = true;
	if (!strcmp(verb, "plan") || !strcmp(verb, "start"))
		return start_main(&o, argv + first + 1, left - 1);
	if (left > 1)
		return command_usage(&campaign_command);
	if (!strcmp(verb, "status"))
		return status_main();
	if (!strcmp(verb, "stop"))
		return need_root(verb) ? STATUS_FAILED : stop_main();
	if (!strcmp(verb, "step"))
		return need_root(verb) ? STATUS_FAILED : step_main();
	error("campaign %s: allowed are plan, start, status, stop", verb);
	return command_usage(&campaign_command);
}

COMMAND(campaign_command) = {
	.name = "campaign",
	.usage = "plan|start [--blocks N] [--config F] [--out DIR] LABEL=KERNEL LABEL=KERNEL... | "
		 "status | stop",
	.summary = "reboot this machine into installed kernels in turn and measure each boot",
	.help = "  plan                shows what start would do\n"
		"  start               shows it, asks, installs a systemd unit and begins; as "
		"root\n"
		"  status              how far is it?\n"
		"  stop                ends it: unit removed, next boot is the default; what was\n"
		"                      measured stays\n"
		"  step                what the unit runs at each boot\n"
		"  KERNEL              a release (6.12.1) or the whole path of an installed "
		"image;\n"
		"                      initrd and modules are found beside it\n"
		"  --blocks N          a block is one boot of each kernel (default 10)\n"
		"  --config F          the plan of each boot, as for run (default "
		"configs/default.ini)\n"
		"  --only P, --set K   as for run\n"
		"  --out DIR           where results go (default results)\n"
		"  --seed N            of the order of boots\n"
		"  --boot-by W         kexec, loader (GRUB's or systemd-boot's one-shot entry), "
		"or\n"
		"                      auto: kexec where it works (default)\n"
		"  --cmdline TEXT      for all kernels, by kexec (default: that of the running "
		"one)\n"
		"  --append WORDS      more words behind it\n"
		"  --settle S          seconds between a boot and its measurement (default 60)\n"
		"  --pause S           seconds before each reboot, to stop it (default 30)\n"
		"  --retries N         a lost boot is tried again N times (default 1)\n"
		"  --give-up N         a kernel with N lost boots in a row is given up (default "
		"3)\n"
		"  --yes               start without asking\n"
		"  --force             though somebody else is logged in\n"
		"  --root DIR          for tests: the machine's files and programs are below DIR\n",
	.order = 55,
	.main = campaign_main,
};
