// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench coverage --lab: one guest a kernel, which counts calls and hands its records out.
 */
#include "runner/coverage.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/command.h"
#include "lib/error.h"
#include "runner/coverage_functions.h"
#include "runner/files.h"
#include "runner/lab/boots.h"
#include "runner/lab/config.h"
#include "runner/lab/image.h"
#include "runner/lab/kvm.h"
#include "runner/lab/programs.h"

enum { MOST_KERNELS = 16 };

struct session {
	const struct coverage_options *options;
	struct lab_config config;
	struct kernel kernels[MOST_KERNELS];
	size_t kernel_count;
	char *plan, *functions; /* texts */
	char *runner, *workloads;
	struct lab lab;
};

/* Two nodes, a CPU each: enough for everything that moves from node to node. */
static void default_nodes(struct machine *m)
{
	m->node_count = 2;
	for (int i = 0; i < m->node_count; i++)
		m->nodes[i] = (struct node){ .cpus = 1, .memory = UINT64_C(1) << 30 };
}

/* "6.12" of "build/kernels/6.12/". */
static char *label_of(const char *path)
{
	size_t end = strlen(path), start;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start && path[start - 1] != '/';)
		start--;
	return strndup(path + start, end - start);
}

static bool label_is_taken(const struct session *s, const char *label)
{
	for (size_t i = 0; i < s->kernel_count; i++) {
		if (!strcmp(s->kernels[i].label, label))
			return true;
	}
	return false;
}

static int open_kernel(struct session *s, const char *word)
{
	const char *equals = strchr(word, '='), *slash = strchr(word, '/');
	bool named = equals && (!slash || equals < slash);
	const char *path = named ? equals + 1 : word;
	char *label = named ? strndup(word, equals - word) : label_of(path);
	int rc = -1;

	if (!*label || *label == '.' || strlen(label) > 99 || label_is_taken(s, label))
		error("'%s': give each kernel a label of its own, as LABEL=KERNEL; it becomes the "
		      "name of a folder",
		      word);
	else
		rc = kernel_open(&s->kernels[s->kernel_count++], label, path);
	free(label);
	return rc;
}

static int open_kernels(struct session *s)
{
	const struct coverage_options *o = s->options;
	int rc = 0;

	if (o->rest_count > MOST_KERNELS) {
		error("%d kernels given; at most %d", o->rest_count, MOST_KERNELS);
		return -1;
	}
	for (int i = 0; i < o->rest_count; i++)
		rc |= open_kernel(s, o->rest[i]);
	return rc;
}

/* An emulated timer on a busy host can fail the kernel's test of it, which ends the boot. */
static void trust_timer(struct machine *m)
{
	char *words;

	if (m->accel != ACCEL_TCG || m->arch != ARCH_X86_64)
		return;
	words = xasprintf("%s%sno_timer_check", m->cmdline, *m->cmdline ? " " : "");
	free(m->cmdline);
	m->cmdline = words;
}

/* Only what was called counts, so the processor may be an emulated one. */
static int prepare_machine(struct session *s)
{
	struct machine *m = &s->config.machine;
	struct guest_needs needs;
	char *qemu, *no_kvm;
	int reasons = 0;

	if (!s->options->lab_config)
		default_nodes(m);
	m->arch = s->kernels[0].arch;
	m->fixed_layout = false;
	m->one_thread = true;
	no_kvm = kvm_refusal(m->arch);
	m->accel = no_kvm ? ACCEL_TCG : ACCEL_KVM;
	free(no_kvm);
	m->seconds = 3 * 3600;
	trust_timer(m);
	needs = (struct guest_needs){ m->arch, m->node_count, machine_cpus(m) };
	for (size_t i = 0; i < s->kernel_count; i++)
		reasons += kernel_check(&s->kernels[i], &needs);
	qemu = qemu_find(m->arch);
	if (!qemu)
		error("%s is not installed; 'make deps GROUPS=lab' installs what the lab needs",
		      qemu_name(m->arch));
	free(qemu);
	return reasons || !qemu ? -1 : 0;
}

static char *read_text_file(const char *path)
{
	size_t length;
	char *text = read_whole(path, &length);

	if (!text)
		error("%s: %s", path, strerror(errno));
	return text;
}

static int check_functions(const struct session *s)
{
	struct functions list;
	int rc = functions_read(&list, s->options->functions);

	functions_free(&list);
	return rc;
}

static void name_in_plan(struct session *s, const char *workload)
{
	char *section = xasprintf("\n[%s]\n", workload), *longer;

	if (!strstr(s->plan, section)) {
		longer = xasprintf("%s%s", s->plan, section);
		free(s->plan);
		s->plan = longer;
	}
	free(section);
}

/* The image takes the workloads that the plan names: here it comes to name all that are wanted. */
static int complete_plan(struct session *s)
{
	struct catalogue catalogue;
	struct plan plan;
	int rc;

	if (catalogue_read(&catalogue))
		return -1;
	rc = coverage_plan(&plan, s->options, &catalogue);
	for (size_t i = 0; !rc && i < plan.count; i++)
		name_in_plan(s, plan.items[i].workload->name);
	if (!rc) {
		name_in_plan(s, "null"); /* the control */
		plan_free(&plan);
	}
	catalogue_free(&catalogue);
	return rc;
}

/* Each step tells what it finds wrong. An exit status. */
static int prepare(struct session *s)
{
	if (lab_config_read(&s->config, s->options->lab_config) || open_kernels(s))
		return STATUS_USAGE;
	s->plan = read_text_file(s->options->config);
	s->functions = read_text_file(s->options->functions);
	if (!s->plan || !s->functions || complete_plan(s) || check_functions(s) ||
	    prepare_machine(s))
		return STATUS_USAGE;
	return guest_programs(s->config.machine.arch, &s->runner, &s->workloads) ? STATUS_FAILED
										 : STATUS_DONE;
}

static char *orders_text(const struct session *s)
{
	const struct coverage_options *o = s->options;
	json_t *argv =
		json_pack("[s, s,s, s,s, s,s, s,s, s,s, s]", "coverage", "--config", "/plan.ini",
			  "--functions", "/functions.ini", "--method", o->method, "--records",
			  "/results", "--label", "guest", "--allow-dangerous");
	json_t *orders;
	char *text;

	for (size_t i = 0; i < o->only_count; i++) {
		json_array_append_new(argv, json_string("--only"));
		json_array_append_new(argv, json_string(o->only[i]));
	}
	/* No watchdog: an emulated processor is busy for long while probes are set. */
	orders = json_pack("{s:o, s:i, s:i}", "argv", argv, "watchdog", 500, "stall", 1800);
	text = json_dumps(orders, JSON_COMPACT);
	json_decref(orders);
	return text;
}

/* Where the runner looks for the config of a kernel that does not carry its own. */
static size_t config_files(const struct session *s, struct image_file *files)
{
	size_t n = 0;

	for (size_t i = 0; i < s->kernel_count; i++) {
		char *release = kernel_release(&s->kernels[i]);

		if (s->kernels[i].config)
			files[n++] = (struct image_file){ xasprintf("/boot/config-%s", release),
							  s->kernels[i].config };
		free(release);
	}
	return n;
}

static int build_image(struct session *s)
{
	struct image_file files[MOST_KERNELS + 1] = { { "/functions.ini", s->functions } };
	char *orders = orders_text(s);
	struct image_source source = { .runner = s->runner,
				       .workloads = s->workloads,
				       .plan = s->plan,
				       .orders = orders,
				       .files = files,
				       .file_count = 1 + config_files(s, files + 1) };
	size_t bytes;

	s->lab.initramfs = image_build(&source, &bytes);
	for (size_t i = 1; i < source.file_count; i++)
		free((char *)files[i].path);
	free(orders);
	return s->lab.initramfs < 0 ? -1 : 0;
}

/* The record files of the boots that ended well; --from takes those of others, too. */
static void collect(const struct lab *lab, char ***files, size_t *count)
{
	for (size_t k = 0; k < lab->kernel_count; k++) {
		for (size_t i = 0; i < lab->schedule.count; i++) {
			const struct planned_boot *b = &lab->schedule.boots[i];
			char *folder, *pattern;
			glob_t g = { 0 };

			if (b->kernel != k || b->state != BOOT_DONE)
				continue;
			folder = boot_folder(lab, b);
			pattern = xasprintf("%s/*.jsonl", folder);
			if (!glob(pattern, 0, NULL, &g) && g.gl_pathc) {
				array_grow(*files, *count);
				(*files)[(*count)++] = xstrdup(g.gl_pathv[0]);
			}
			globfree(&g);
			free(pattern);
			free(folder);
		}
	}
}

static int make_folders(const char *path)
{
	char *copy = xstrdup(path);
	int rc = 0;

	for (char *at = copy + 1; !rc; at++) {
		char was = *at;

		if (was && was != '/')
			continue;
		*at = '\0';
		rc = mkdir(copy, 0777) && errno != EEXIST;
		*at = was;
		if (!was)
			break;
	}
	if (rc)
		error("--records %s: %s", path, strerror(errno));
	free(copy);
	return rc;
}

static int run_guests(struct session *s)
{
	struct lab *lab = &s->lab;

	lab->machine = &s->config.machine;
	lab->kernels = s->kernels;
	lab->kernel_count = s->kernel_count;
	lab->out = s->options->records;
	lab->mode = "emulated";
	lab->plan_name = s->options->config;
	lab->jobs = s->kernel_count < 2 ? 1 : 2;
	lab->begun = clock_seconds();
	if (make_folders(lab->out) || build_image(s))
		return STATUS_FAILED;
	schedule_make(&lab->schedule, s->kernel_count, 1, 1);
	boots_run(lab);
	if (lab->interrupted)
		error("interrupted: the guests are ended, what was recorded is whole");
	return lab->interrupted || lab->stopped || lab->failed || lab->invalid ? STATUS_FAILED
									       : STATUS_DONE;
}

int coverage_lab(const struct coverage_options *o, char ***files, size_t *count)
{
	struct session s = { .options = o, .lab = { .initramfs = -1 } };
	int status = prepare(&s);

	if (!status) {
		status = run_guests(&s);
		collect(&s.lab, files, count);
	}
	for (size_t i = 0; i < s.kernel_count; i++)
		kernel_close(&s.kernels[i]);
	if (s.lab.initramfs >= 0)
		close(s.lab.initramfs);
	schedule_free(&s.lab.schedule);
	lab_config_free(&s.config);
	free(s.plan);
	free(s.functions);
	free(s.runner);
	free(s.workloads);
	return status;
}
