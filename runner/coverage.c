// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench coverage: which workload reaches which kernel function? On this host, in guests, or
 * from records that are there.
 */
#include "runner/coverage.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/command.h"
#include "lib/error.h"
#include "runner/catalogue.h"
#include "runner/coverage_functions.h"
#include "runner/coverage_measure.h"
#include "runner/coverage_probes.h"
#include "runner/environment.h"
#include "runner/files.h"
#include "runner/plan.h"
#include "runner/progress.h"
#include "runner/record.h"
#include "runner/settings.h"
#include "runner/spawn.h"
#include "runner/topology.h"
#include "version.h"

struct session {
	struct coverage_options options;
	struct functions functions;
	struct catalogue catalogue;
	struct plan plan;
	struct coverage_run run;
	enum probe_method method;
	struct record_file *file;
	long skipped, invalid;
	bool write_failed;
	struct timespec begun;
};

static const struct command coverage_command;

/* ---------------------------------------------------------------- records */

static void write_record(struct session *s, const char *type, json_t *record)
{
	if (record_write(s->file, type, record))
		s->write_failed = true;
}

static void write_run(struct session *s)
{
	char boot_id[128], start[32];
	json_t *record, *host = environment();
	time_t now = time(NULL);
	struct tm utc;

	environment_boot_id(boot_id, sizeof(boot_id));
	gmtime_r(&now, &utc);
	strftime(start, sizeof(start), "%Y-%m-%dT%H:%M:%SZ", &utc);
	record = json_pack("{s:i, s:s, s:s, s:s, s:n}", "schema", SCHEMA, "tool",
			   "rmapbench " VERSION, "label", s->options.label, "boot_id", boot_id,
			   "block");
	json_object_update_new(record, host);
	json_object_update_new(
		record, json_pack("{s:s, s:s, s:I, s:s, s:{s:s, s:s}, s:[], s:{s:I}}", "clock",
				  "host", "mode", "host", "seed", (json_int_t)s->plan.seed, "start",
				  start, "config", "file", s->plan.file, "hash", s->plan.hash,
				  "primary", "plan", "runs", (json_int_t)s->plan.count));
	write_record(s, "run", record);
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* Every function of the list, and whether its calls are counted here. */
static void write_functions(struct session *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->functions.count; i++) {
		const struct function *f = &s->functions.items[i];
		json_t *symbols = json_array();

		for (size_t k = 0; k < f->symbol_count && !f->missing; k++)
			json_array_append_new(symbols, json_string(f->symbols[k]));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}",
						      "function", f->name, "file", f->file, "why",
						      f->why, "symbols", symbols, "missing",
						      text_or_null(f->missing), "caller",
						      text_or_null(f->caller), "shown_by",
						      text_or_null(f->shown_by), "exception",
						      text_or_null(f->exception)));
	}
	write_record(s, "coverage_functions",
		     json_pack("{s:s, s:b, s:o}", "method", probes_method(s->run.probes),
			       "attributed", probes_attribute(s->run.probes), "functions", list));
}

static void write_end(struct session *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	write_record(s, "end",
		     json_pack("{s:i, s:I, s:I, s:I, s:I}", "status", s->invalid ? 1 : 0, "runs",
			       (json_int_t)s->plan.count, "skipped", (json_int_t)s->skipped,
			       "invalid", (json_int_t)s->invalid, "elapsed_ns",
			       (json_int_t)(now.tv_sec - s->begun.tv_sec) * 1000000000));
}

/* -------------------------------------------------------------- this kernel */

static long reached(const json_t *fields)
{
	json_t *row;
	const char *name;
	long n = 0;

	json_object_foreach (json_object_get(fields, "functions"), name, row)
		n += json_integer_value(json_object_get(row, "net")) > 0;
	return n;
}

/* Returns false if it was interrupted. */
static bool measure_item(struct session *s, const struct plan_item *item)
{
	char *title = plan_item_title(item), *outcome;
	json_t *fields, *record;
	const char *type;

	progress_process(title, "counting calls");
	fields = coverage_measure(&s->run, item, &type);
	if (!fields) {
		free(title);
		return false;
	}
	s->skipped += !strcmp(type, "skip");
	s->invalid += !strcmp(type, "invalid");
	outcome = strcmp(type, "coverage")
			  ? xasprintf("%s: %s", type,
				      json_string_value(json_object_get(fields, "reason")))
			  : xasprintf("%ld functions", reached(fields));
	progress_item(title, outcome);
	free(outcome);
	record = json_pack("{s:s, s:O}", "workload", item->workload->name, "params", item->params);
	json_object_update_new(record, fields);
	write_record(s, type, record);
	free(title);
	return true;
}

static int measure_all(struct session *s)
{
	bool whole = true;

	clock_gettime(CLOCK_MONOTONIC, &s->begun);
	write_run(s);
	write_functions(s);
	progress_start(s->plan.count);
	for (size_t i = 0; i < s->plan.count && whole && !s->write_failed; i++) {
		whole = measure_item(s, &s->plan.items[i]) && !spawn_interrupted();
		progress_reached(i + 1);
	}
	progress_end();
	if (!whole)
		error("interrupted; what was recorded is whole: %s", record_path(s->file));
	if (!whole || s->write_failed)
		return STATUS_FAILED;
	write_end(s);
	if (s->invalid)
		error("%ld workload%s invalid: see above", s->invalid,
		      s->invalid == 1 ? " is" : "s are");
	return s->invalid || s->write_failed ? STATUS_FAILED : STATUS_DONE;
}

static int resolve_functions(struct session *s)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	json_t *host = environment(), *config = NULL;
	const char *release = "";

	if (!symbols) {
		error("/proc/kallsyms: %s; without it nobody knows what this kernel has",
		      strerror(errno));
		json_decref(host);
		return -1;
	}
	json_unpack(host, "{s:{s:s, s:o}}", "kernel", "release", &release, "config", &config);
	functions_resolve(&s->functions, symbols, release, json_is_object(config) ? config : NULL);
	fclose(symbols);
	json_decref(host);
	return 0;
}

static int run_here(struct session *s)
{
	char boot_id[128];
	int status = STATUS_FAILED;

	spawn_signals();
	topology_read();
	if (resolve_functions(s))
		return STATUS_FAILED;
	s->run.probes = probes_start(&s->functions, s->method);
	if (!s->run.probes)
		return STATUS_FAILED;
	if (settings_apply(s->plan.settings)) {
		error("no process can be started to put settings back: %s; nothing was changed",
		      strerror(errno));
	} else {
		environment_boot_id(boot_id, sizeof(boot_id));
		s->file = record_create(s->options.records, s->options.label, boot_id);
		if (s->file)
			status = measure_all(s);
		settings_restore();
	}
	probes_stop(s->run.probes);
	return status;
}

static bool is_wanted(const struct coverage_options *o, const char *workload)
{
	for (size_t i = 0; i < o->only_count; i++) {
		if (!fnmatch(o->only[i], workload, 0))
			return true;
	}
	return !o->only_count;
}

static bool matches_any(const char *pattern, const struct catalogue *c)
{
	for (size_t i = 0; i < c->count; i++) {
		if (!fnmatch(pattern, c->items[i].name, 0))
			return true;
	}
	error("--only %s: no workload has such a name; 'rmapbench list' shows them", pattern);
	return false;
}

int coverage_plan(struct plan *plan, const struct coverage_options *o,
		  const struct catalogue *catalogue)
{
	/* plan_read() adds what a pattern of its own asks for and the file does not name. */
	const char **names = xcalloc(catalogue->count, sizeof(*names));
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < o->only_count; i++)
		rc |= !matches_any(o->only[i], catalogue);
	for (size_t i = 0; i < catalogue->count; i++) {
		if (is_wanted(o, catalogue->items[i].name))
			names[count++] = catalogue->items[i].name;
	}
	rc = rc || plan_read(plan, o->config, catalogue, names, count, NULL, 0) ? -1 : 0;
	free(names);
	return rc;
}

/* Everything that can be wrong is found before anything is changed. */
static int prepare_and_run(struct session *s, char **path)
{
	struct coverage_options *o = &s->options;
	int status = STATUS_USAGE;

	probe_method_parse(o->method, &s->method);
	if (catalogue_read(&s->catalogue))
		return STATUS_FAILED;
	if (functions_read(&s->functions, o->functions) ||
	    coverage_plan(&s->plan, o, &s->catalogue))
		goto out;
	s->run.plan = &s->plan;
	s->run.idle = catalogue_find(&s->catalogue, "null");
	s->run.allow_dangerous = o->allow_dangerous;
	status = run_here(s);
	if (s->file)
		*path = xstrdup(record_path(s->file));
	record_close(s->file);
	plan_free(&s->plan);
out:
	functions_free(&s->functions);
	catalogue_free(&s->catalogue);
	return status;
}

/* ---------------------------------------------------------------- command */

static int write_matrix(const struct coverage_options *o, char **files, size_t count)
{
	if (!count)
		return -1;
	if (coverage_matrix(files, count, o->out))
		return -1;
	if (o->out)
		fprintf(stderr, "written: %s\n", o->out);
	return 0;
}

static int from_here(const struct coverage_options *o)
{
	struct session s = { .options = *o };
	char *path = NULL;
	int status = prepare_and_run(&s, &path);

	/* A guest's host makes the matrix. */
	if (path && !record_sink && write_matrix(o, &path, 1))
		status = STATUS_FAILED;
	free(path);
	return status;
}

static int from_guests(const struct coverage_options *o)
{
	char **files = NULL;
	size_t count = 0;
	int status;

	if (!coverage_lab) {
		error("--lab: this is the program of a guest, which boots none");
		return STATUS_USAGE;
	}
	status = coverage_lab(o, &files, &count);
	if (count && write_matrix(o, files, count))
		status = STATUS_FAILED;
	for (size_t i = 0; i < count; i++)
		free(files[i]);
	free(files);
	return status;
}

static const char *installed_or_here(const char *name)
{
	char *here = xasprintf("configs/%s", name);
	char *installed = xasprintf(RMAPBENCH_CONFIGS "/%s", name);

	return access(here, R_OK) ? installed : here;
}

/* Without a label the kernel names itself. */
static const char *default_label(void)
{
	static char release[100];

	read_text("/proc/sys/kernel/osrelease", release, sizeof(release));
	return *release ? release : "unknown";
}

static int take_only(struct coverage_options *o, const char *pattern)
{
	if (o->only_count == COVERAGE_WORDS) {
		error("more than %d of --only", COVERAGE_WORDS);
		return -1;
	}
	o->only[o->only_count++] = pattern;
	return 0;
}

static int check_words(const struct coverage_options *o)
{
	enum probe_method method;
	int rc = 0;

	if (!probe_method_parse(o->method, &method)) {
		error("--method %s: allowed are auto, kprobes and profiler", o->method);
		rc = -1;
	}
	if (!*o->label || *o->label == '.' || strchr(o->label, '/') || strlen(o->label) > 99) {
		error("--label '%s': a label is the name of a folder: no slash, no dot at its "
		      "start, 1 to 99 characters",
		      o->label);
		rc = -1;
	}
	return rc;
}

static int parse(struct coverage_options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "functions", 1, 0, 'f' },
		{ "config", 1, 0, 'c' },
		{ "only", 1, 0, 'O' },
		{ "method", 1, 0, 'm' },
		{ "records", 1, 0, 'r' },
		{ "out", 1, 0, 'o' },
		{ "label", 1, 0, 'l' },
		{ "lab", 0, 0, 'L' },
		{ "lab-config", 1, 0, 'C' },
		{ "from", 0, 0, 'F' },
		{ "allow-dangerous", 0, 0, 'D' },
		{ 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->functions = optarg;
			break;
		case 'c':
			o->config = optarg;
			break;
		case 'O':
			if (take_only(o, optarg))
				return -1;
			break;
		case 'm':
			o->method = optarg;
			break;
		case 'r':
			o->records = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'l':
			o->label = optarg;
			break;
		case 'L':
			o->lab = true;
			break;
		case 'C':
			o->lab_config = optarg;
			break;
		case 'F':
			o->from = true;
			break;
		case 'D':
			o->allow_dangerous = true;
			break;
		default:
			return -1;
		}
	}
	o->rest = argv + optind;
	o->rest_count = argc - optind;
	if (o->lab && o->from) {
		error("--lab measures, --from reads what was measured: give one of them");
		return -1;
	}
	if ((o->lab || o->from) == !o->rest_count) {
		error(o->lab || o->from ? "%s: name at least one %s"
					: "coverage: '%s' is one argument too many; kernels go "
					  "with --lab, record files with --from",
		      o->lab	? "--lab"
		      : o->from ? "--from"
				: o->rest[0],
		      o->lab ? "kernel" : "record file");
		return -1;
	}
	return check_words(o);
}

static int coverage_main(int argc, char **argv)
{
	struct coverage_options o = { .method = "auto",
				      .records = "results/coverage",
				      .label = default_label() };

	if (parse(&o, argc, argv))
		return command_usage(&coverage_command);
	if (!o.functions)
		o.functions = installed_or_here("functions.ini");
	if (!o.config)
		o.config = installed_or_here("coverage.ini");
	if (o.from)
		return write_matrix(&o, o.rest, o.rest_count) ? STATUS_FAILED : STATUS_DONE;
	return o.lab ? from_guests(&o) : from_here(&o);
}

COMMAND(coverage_command) = {
	.name = "coverage",
	.usage = "[--functions FILE] [--config FILE] [--only PATTERN]... [--out FILE] [--lab "
		 "[LABEL=]KERNEL... | --from RECORDS...]",
	.summary = "which workload reaches which kernel function, as a matrix",
	.help = "  --functions FILE    the functions (default configs/functions.ini)\n"
		"  --config FILE       parameters (default configs/coverage.ini); workloads that "
		"it "
		"does\n"
		"                      not name run with their defaults\n"
		"  --only PATTERN      only workloads of such names; may be repeated\n"
		"  --method M          auto, kprobes or profiler\n"
		"  --lab KERNEL...     boot guests and measure there; a kernel as for 'lab'\n"
		"  --lab-config FILE   the guest's nodes (default: two of 1 GiB, a CPU each)\n"
		"  --from RECORDS...   no measuring: the matrix of record files that are there\n"
		"  --records DIR       where records go (default results/coverage)\n"
		"  --out FILE          the matrix, as Markdown (default: standard output)\n"
		"  --label L           name of this kernel (default: its release)\n"
		"  --allow-dangerous   also what harms the host (memory failure, offlining)\n",
	.order = 55,
	.main = coverage_main,
};
