// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/error.h"

/* The defaults, so that an installed rmapbench needs no file of its own. */
__asm__(".pushsection .rodata\n"
	"lab_ini:\n.incbin \"configs/lab.ini\"\n.byte 0\n"
	"smoke_ini:\n.incbin \"configs/smoke.ini\"\n.byte 0\n"
	".popsection\n");
extern const char lab_ini[], smoke_ini[];

static const char *const mode_names[] = { "exact", "layout", "time" };

const char *mode_name(enum mode m)
{
	return mode_names[m];
}

bool mode_parse(const char *name, enum mode *m)
{
	for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++) {
		if (!strcmp(name, mode_names[i])) {
			*m = i;
			return true;
		}
	}
	return false;
}

const char *lab_smoke_plan(void)
{
	return smoke_ini;
}

bool parse_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	char *end;
	const char *unit;
	int shift = 0;

	errno = 0;
	*bytes = strtoull(text, &end, 10);
	if (errno || end == text || *text == '-')
		return false;
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		end++;
	}
	if (*end || (*bytes << shift) >> shift != *bytes)
		return false;
	*bytes <<= shift;
	return true;
}

struct reading {
	struct lab_config *s;
	char *problem; /* of the first bad line */
	bool node_seen[MAX_NODES];
	uint64_t node_memory[MAX_NODES];
	long node_cpus[MAX_NODES];
};

static int refuse(struct reading *r, char *problem)
{
	if (r->problem)
		free(problem);
	else
		r->problem = problem;
	return 0;
}

static bool parse_long(const char *text, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	return !errno && end != text && !*end;
}

static int take_number(struct reading *r, const char *key, const char *value, long min, long max,
		       long *to)
{
	if (parse_long(value, to) && *to >= min && *to <= max)
		return 1;
	return refuse(r, xasprintf("%s = %s: allowed are whole numbers from %ld to %ld", key, value,
				   min, max));
}

static int take_seconds(struct reading *r, const char *key, const char *value, double *to)
{
	long n;

	if (!take_number(r, key, value, 1, 86400, &n))
		return 0;
	*to = n;
	return 1;
}

static int take_bytes(struct reading *r, const char *key, const char *value, uint64_t min,
		      uint64_t max, uint64_t *to)
{
	if (parse_bytes(value, to) && *to >= min && *to <= max && !(*to & ((1 << 20) - 1)))
		return 1;
	return refuse(r, xasprintf("%s = %s: allowed are sizes from %lluM to %lluM, as 512M or 2G",
				   key, value, (unsigned long long)min >> 20,
				   (unsigned long long)max >> 20));
}

static void replace(char **to, char *value)
{
	free(*to);
	*to = value;
}

/* A path in the file is relative to the file. */
static char *beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');

	if (*path == '/' || !slash)
		return xstrdup(path);
	return xasprintf("%.*s/%s", (int)(slash - file), file, path);
}

static int take_mode(struct reading *r, const char *value)
{
	if (mode_parse(value, &r->s->mode))
		return 1;
	return refuse(r, xasprintf("mode = %s: allowed are exact, layout and time", value));
}

static int take_lab(struct reading *r, const char *key, const char *value)
{
	struct lab_config *s = r->s;
	struct machine *m = &s->machine;

	if (!strcmp(key, "mode"))
		return take_mode(r, value);
	if (!strcmp(key, "plan")) {
		replace(&s->plan, beside(s->file, value));
		return 1;
	}
	if (!strcmp(key, "blocks"))
		return take_number(r, key, value, 1, 10000, &s->blocks);
	if (!strcmp(key, "jobs"))
		return take_number(r, key, value, 0, 64, &s->jobs);
	if (!strcmp(key, "watchdog"))
		return take_number(r, key, value, 2, 500, &s->watchdog);
	if (!strcmp(key, "stall"))
		return take_number(r, key, value, 1, 86400, &s->stall);
	if (!strcmp(key, "seed")) {
		long seed;

		if (!take_number(r, key, value, 1, INT32_MAX, &seed))
			return 0;
		s->seed = seed;
		return 1;
	}
	if (!strcmp(key, "cmdline")) {
		replace(&m->cmdline, xstrdup(value));
		return 1;
	}
	if (!strcmp(key, "records"))
		return take_bytes(r, key, value, UINT64_C(1) << 20, UINT64_C(1) << 30,
				  &m->area_bytes);
	if (!strcmp(key, "boot_seconds"))
		return take_seconds(r, key, value, &m->boot_seconds);
	if (!strcmp(key, "seconds"))
		return take_seconds(r, key, value, &m->seconds);
	return refuse(r, xasprintf("'%s' is no key of [lab]; allowed are mode, plan, blocks, jobs, "
				   "watchdog, stall, seed, cmdline, records, boot_seconds, seconds",
				   key));
}

static int take_node(struct reading *r, const char *section, const char *key, const char *value)
{
	long node;

	if (!parse_long(section + strlen("node "), &node) || node < 0 || node >= MAX_NODES)
		return refuse(r, xasprintf("[%s]: nodes are numbered from 0 to %d", section,
					   MAX_NODES - 1));
	r->node_seen[node] = true;
	if (!strcmp(key, "cpus"))
		return take_number(r, key, value, 0, 64, &r->node_cpus[node]);
	if (!strcmp(key, "memory"))
		return take_bytes(r, key, value, UINT64_C(128) << 20, UINT64_C(1) << 40,
				  &r->node_memory[node]);
	return refuse(
		r, xasprintf("'%s' is no key of [%s]; allowed are cpus and memory", key, section));
}

static int take_kernel(struct reading *r, const char *label, const char *key, const char *value)
{
	struct lab_config *s = r->s;

	if (strcmp(key, "cmdline"))
		return refuse(r, xasprintf("'%s' is no key of [kernel %s]; allowed is cmdline", key,
					   label));
	array_grow(s->kernels, s->kernel_count);
	s->kernels[s->kernel_count++] = (struct kernel_words){ xstrdup(label), xstrdup(value) };
	return 1;
}

static int take(void *user, const char *section, const char *key, const char *value)
{
	struct reading *r = user;

	if (!strcmp(section, "lab"))
		return take_lab(r, key, value);
	if (!strncmp(section, "node ", 5))
		return take_node(r, section, key, value);
	if (!strncmp(section, "kernel ", 7))
		return take_kernel(r, section + 7, key, value);
	return refuse(r, xasprintf("[%s] is no section of a lab file; allowed are [lab], [node N] "
				   "and [kernel LABEL]",
				   section));
}

/* Nodes follow each other from 0, and node 0 has a CPU to boot on. */
static int take_nodes(struct reading *r)
{
	struct machine *m = &r->s->machine;

	for (int i = 0; i < MAX_NODES && r->node_seen[i]; i++) {
		if (!r->node_memory[i]) {
			error("%s: [node %d] has no memory: give it some (memory = 512M)",
			      r->s->file, i);
			return -1;
		}
		m->nodes[m->node_count++] =
			(struct node){ (int)r->node_cpus[i], r->node_memory[i] };
	}
	for (int i = m->node_count; i < MAX_NODES; i++) {
		if (r->node_seen[i]) {
			error("%s: there is a [node %d] but no [node %d]", r->s->file, i,
			      m->node_count);
			return -1;
		}
	}
	if (!m->node_count || !m->nodes[0].cpus) {
		error("%s: %s: a guest boots on node 0, which needs cpus = 1 at least", r->s->file,
		      m->node_count ? "[node 0] has no CPU" : "no [node 0]");
		return -1;
	}
	return 0;
}

long default_watchdog(enum mode mode)
{
	return mode == MODE_TIME ? 30 : 4;
}

static void set_defaults(struct lab_config *s)
{
	*s = (struct lab_config){
		.mode = MODE_EXACT,
		.blocks = 2,
		.stall = 600,
		.machine = { .area_bytes = UINT64_C(64) << 20, .boot_seconds = 60, .seconds = 900 },
	};
	s->machine.cmdline = xstrdup("");
}

int lab_config_read(struct lab_config *s, const char *file)
{
	struct reading r = { .s = s };
	int line;

	set_defaults(s);
	s->file = xstrdup(file ? file : "the built-in lab.ini");
	line = file ? ini_parse(file, take, &r) : ini_parse_string(lab_ini, take, &r);
	if (!file)
		replace(&s->plan, NULL);
	if (line < 0) {
		error("%s: %s; give a lab file, or leave --config out for the default", file,
		      line == -1 ? strerror(errno) : "no memory to read it");
		return -1;
	}
	if (line > 0) {
		error("%s:%d: %s", s->file, line,
		      r.problem ? r.problem : "neither a [section] nor key = value");
		free(r.problem);
		return -1;
	}
	if (!s->watchdog)
		s->watchdog = default_watchdog(s->mode);
	return take_nodes(&r);
}

void lab_config_free(struct lab_config *s)
{
	free(s->file);
	free(s->plan);
	free(s->machine.cmdline);
	for (size_t i = 0; i < s->kernel_count; i++) {
		free(s->kernels[i].label);
		free(s->kernels[i].cmdline);
	}
	free(s->kernels);
	*s = (struct lab_config){ 0 };
}

int lab_config_check(const struct lab_config *s)
{
	int cpus = machine_cpus(&s->machine), objections = 0;

	if (s->mode != MODE_TIME && cpus != 1) {
		error("%s: %d CPUs in mode %s: instructions are counted on one CPU only; leave "
		      "cpus = 1 on [node 0] alone (a node may be without)",
		      s->file, cpus, mode_name(s->mode));
		objections++;
	}
	if (s->mode == MODE_LAYOUT && s->blocks < 8)
		warning("%ld blocks in mode layout: with fewer than 8 layouts an interval means "
			"little",
			s->blocks);
	if (s->mode == MODE_EXACT && s->blocks < 2) {
		error("%s: 1 block in mode exact: nothing can be called exact that was not "
		      "repeated; "
		      "give 2 blocks at least",
		      s->file);
		objections++;
	}
	return objections;
}
