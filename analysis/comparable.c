// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/comparable.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* What --accept can name. Each is one kind of difference. */
enum name {
	COMPILER,
	CONFIG,
	CMDLINE,
	MITIGATIONS,
	CPU,
	MICROCODE,
	CPUS,
	MEMORY,
	PAGES,
	NODES,
	SETTINGS,
	TOOL,
	KERNEL
};

static const char *const names[] = {
	[COMPILER] = "compiler", [CONFIG] = "config",
	[CMDLINE] = "cmdline",	 [MITIGATIONS] = "mitigations",
	[CPU] = "cpu",		 [MICROCODE] = "microcode",
	[CPUS] = "cpus",	 [MEMORY] = "memory",
	[PAGES] = "pages",	 [NODES] = "nodes",
	[SETTINGS] = "settings", [TOOL] = "tool",
	[KERNEL] = "kernel",
};

static const char all_names[] = "compiler, config, cmdline, mitigations, cpu, microcode, cpus, "
				"memory, pages, nodes, settings, "
				"tool and kernel";

enum { NAMES = sizeof(names) / sizeof(names[0]), SHOWN = 60, LISTED = 6 };

/* Options that make every path slower in order to check it. A '*' at the end stands for any rest.
 */
static const char *const checking_options[] = {
	"CONFIG_KASAN*",
	"CONFIG_KCSAN",
	"CONFIG_KMSAN",
	"CONFIG_UBSAN*",
	/* KFENCE that is only built in does nothing: Debian's kernels have it with an interval of
	   0. */
	"CONFIG_KFENCE_SAMPLE_INTERVAL",
	"CONFIG_KMEMLEAK",
	"CONFIG_DEBUG_KMEMLEAK",
	"CONFIG_LOCKDEP",
	"CONFIG_PROVE_LOCKING",
	"CONFIG_LOCK_STAT",
	"CONFIG_DEBUG_VM*",
	"CONFIG_DEBUG_PAGEALLOC*",
	"CONFIG_PAGE_POISONING",
	"CONFIG_PAGE_OWNER",
	"CONFIG_SLUB_DEBUG_ON",
	"CONFIG_DEBUG_OBJECTS*",
	"CONFIG_DEBUG_LIST",
	"CONFIG_DEBUG_SPINLOCK",
	"CONFIG_DEBUG_MUTEXES",
	"CONFIG_DEBUG_RWSEMS",
	"CONFIG_DEBUG_LOCK_ALLOC",
	"CONFIG_DEBUG_ATOMIC_SLEEP",
	"CONFIG_DEBUG_MAPLE_TREE",
	"CONFIG_KCOV",
	"CONFIG_GCOV_KERNEL",
	NULL,
};

/* Options that change the cost of fork, faults, rmap walks, slabs or locks, or what is measured. */
static const char *const costly_options[] = {
	"CONFIG_SMP",
	"CONFIG_NR_CPUS",
	"CONFIG_HZ",
	"CONFIG_PREEMPT*",
	"CONFIG_NUMA",
	"CONFIG_NUMA_BALANCING*",
	"CONFIG_MEMCG*",
	"CONFIG_TRANSPARENT_HUGEPAGE*",
	"CONFIG_KSM",
	"CONFIG_USERFAULTFD",
	"CONFIG_COMPACTION",
	"CONFIG_MIGRATION",
	"CONFIG_LRU_GEN*",
	"CONFIG_SLUB_*",
	"CONFIG_SLAB_*",
	"CONFIG_SLUB",
	"CONFIG_SLAB",
	"CONFIG_HARDENED_USERCOPY",
	"CONFIG_INIT_ON_*",
	"CONFIG_INIT_STACK_*",
	"CONFIG_RANDOMIZE_*",
	"CONFIG_RANDOM_KMALLOC_CACHES",
	"CONFIG_SHUFFLE_PAGE_ALLOCATOR",
	"CONFIG_CC_OPTIMIZE_*",
	"CONFIG_LTO_*",
	"CONFIG_CFI_*",
	"CONFIG_STACKPROTECTOR*",
	"CONFIG_FUNCTION_TRACER",
	"CONFIG_FTRACE",
	"CONFIG_RETPOLINE",
	"CONFIG_MITIGATION_*",
	"CONFIG_CPU_MITIGATIONS",
	"CONFIG_PAGE_TABLE_ISOLATION",
	"CONFIG_PARAVIRT*",
	"CONFIG_ZSWAP*",
	"CONFIG_SWAP",
	"CONFIG_PAGE_TABLE_CHECK*",
	"CONFIG_PER_VMA_LOCK",
	"CONFIG_ARM64_*PAGES",
	"CONFIG_PGTABLE_LEVELS",
	"CONFIG_AUDITSYSCALL",
	"CONFIG_CGROUPS",
	NULL,
};

/* Words of the kernel command line that do; others, such as console= and root=, are only told. */
static const char *const costly_words[] = {
	"mitigations=*",
	"nopti*",
	"pti=*",
	"spectre*",
	"nospectre*",
	"spec_*",
	"l1tf=*",
	"mds=*",
	"tsx*",
	"retbleed=*",
	"nokaslr*",
	"norandmaps*",
	"slab_nomerge*",
	"slub_*",
	"slab_*",
	"transparent_hugepage*",
	"numa*",
	"init_on_*",
	"isolcpus=*",
	"nohz*",
	"rcu_nocbs*",
	"maxcpus=*",
	"nr_cpus=*",
	"nosmp*",
	"nosmt*",
	"mem=*",
	"kernelcore=*",
	"movablecore=*",
	"hugepages*",
	"preempt=*",
	"page_poison*",
	"page_owner*",
	"kasan*",
	"kfence*",
	"debug_pagealloc*",
	"cgroup*",
	"audit=*",
	"idle=*",
	"clocksource=*",
	"intel_pstate*",
	"amd_pstate*",
	"cpufreq*",
	"processor.*",
	"ksm*",
	"zswap.*",
	"lockdep*",
	NULL,
};

/* A difference that was found; each once. */
struct findings {
	struct notes refused[NAMES]; /* by name */
	struct notes told;
};

struct sides {
	const json_t *a, *b;	 /* run records */
	const char *of_a, *of_b; /* labels */
	bool same_series;
};

static bool matches(const char *word, const char *const *patterns)
{
	for (; *patterns; patterns++) {
		size_t n = strcspn(*patterns, "*");

		if (!strncmp(word, *patterns, n) &&
		    ((*patterns)[n]
			     ? (*patterns)[n + 1] == '\0' || strstr(word + n, *patterns + n + 1)
			     : word[n] == '\0'))
			return true;
	}
	return false;
}

static const json_t *get(const json_t *run, const char *object, const char *field)
{
	const json_t *o = object ? json_object_get(run, object) : run;

	return json_object_get(o, field);
}

/* A value in a few characters; the caller frees. */
static char *shown(const json_t *value)
{
	char *whole, *cut;

	if (!value || json_is_null(value))
		return xstrdup("not recorded");
	whole = json_is_string(value) ? xstrdup(json_string_value(value))
				      : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	cut = xasprintf("%.*s%s", SHOWN, whole, strlen(whole) > SHOWN ? "..." : "");
	free(whole);
	return cut;
}

static void differ(struct notes *to, const struct sides *s, const char *what, const char *a,
		   const char *b)
{
	if (!strcmp(s->of_a, s->of_b))
		notes_add(to, "%s differs between boots of '%s': '%s' and '%s'", what, s->of_a, a,
			  b);
	else
		notes_add(to, "%s: '%s' in '%s', '%s' in '%s'", what, a, s->of_a, b, s->of_b);
}

static void differ_json(struct notes *to, const struct sides *s, const char *what, const json_t *a,
			const json_t *b)
{
	char *text_a = shown(a), *text_b = shown(b);

	differ(to, s, what, text_a, text_b);
	free(text_a);
	free(text_b);
}

static bool both_known(const json_t *a, const json_t *b)
{
	return a && b && !json_is_null(a) && !json_is_null(b);
}

/* --------------------------------------------------------- the kinds of checks */

static void check_value(struct findings *f, const struct sides *s, enum name name,
			const char *object, const char *field)
{
	const json_t *a = get(s->a, object, field), *b = get(s->b, object, field);

	if (both_known(a, b) && !json_equal(a, b))
		differ_json(&f->refused[name], s, names[name], a, b);
}

static void check_compiler(struct findings *f, const struct sides *s)
{
	const json_t *a = get(s->a, "kernel", "compiler"), *b = get(s->b, "kernel", "compiler");

	if (both_known(a, b) && !json_equal(a, b))
		differ_json(s->same_series ? &f->refused[COMPILER] : &f->told, s, "compiler", a, b);
}

/* Guests of one size differ by what their kernel reserves. */
static void check_memory(struct findings *f, const struct sides *s)
{
	const json_t *a = get(s->a, "machine", "memory_kib"),
		     *b = get(s->b, "machine", "memory_kib");
	double x = json_number_value(a), y = json_number_value(b);

	if (both_known(a, b) && fabs(x - y) > .05 * fmax(x, y))
		differ_json(&f->refused[MEMORY], s, "memory in KiB", a, b);
}

static void check_nodes(struct findings *f, const struct sides *s)
{
	size_t a = json_array_size(get(s->a, "topology", "nodes"));
	size_t b = json_array_size(get(s->b, "topology", "nodes"));
	char text_a[24], text_b[24];

	if (!a || !b || a == b)
		return;
	snprintf(text_a, sizeof(text_a), "%zu", a);
	snprintf(text_b, sizeof(text_b), "%zu", b);
	differ(&f->refused[NODES], s, "nodes", text_a, text_b);
}

/* Entries that both kernels have; a switch of the change under test is only told. */
static void check_entries(struct findings *f, const struct sides *s, enum name name,
			  const char *object, const char *field)
{
	json_t *a = (json_t *)get(s->a, object, field), *value;
	const json_t *b = get(s->b, object, field);
	const char *key;

	json_object_foreach (a, key, value) {
		const json_t *other = json_object_get(b, key);
		bool tell =
			!strncmp(key, "anon_vma", 8) || (name == MITIGATIONS && !s->same_series);
		char *what;

		if (!other || json_equal(value, other))
			continue;
		what = xasprintf("%s %s", names[name], key);
		differ_json(tell ? &f->told : &f->refused[name], s, what, value, other);
		free(what);
	}
}

static json_t *option(json_t *config, const char *key)
{
	json_t *value = json_object_get(config, key);

	return value ? json_incref(value) : json_string("n");
}

/* "n" is what an absent option has; a number that is 0 switches the same thing off. */
static bool is_off(const json_t *value)
{
	return !strcmp(json_string_value(value), "n") || !strcmp(json_string_value(value), "0");
}

/* One option; what matters is refused, the rest is listed in *others. */
static void check_option(struct findings *f, const struct sides *s, json_t *a, json_t *b,
			 const char *key, struct notes *others)
{
	json_t *x = option(a, key), *y = option(b, key);

	if (!json_equal(x, y)) {
		if (!(is_off(x) && is_off(y)) && (matches(key, checking_options) ||
						  (matches(key, costly_options) && s->same_series)))
			differ_json(&f->refused[CONFIG], s, key, x, y);
		else
			notes_add(others, "%s", key);
	}
	json_decref(x);
	json_decref(y);
}

static void check_config(struct findings *f, const struct sides *s)
{
	json_t *a = (json_t *)get(s->a, "kernel", "config"),
	       *b = (json_t *)get(s->b, "kernel", "config");
	struct notes others = { 0 };
	const char *key;
	json_t *value;
	char *list;

	if (!json_is_object(a) || !json_is_object(b)) {
		if (strcmp(s->of_a, s->of_b))
			notes_add(&f->told,
				  "the kernel config of '%s' is not recorded: it may differ",
				  json_is_object(a) ? s->of_b : s->of_a);
		return;
	}
	if (json_equal(get(s->a, "kernel", "config_hash"), get(s->b, "kernel", "config_hash")) &&
	    json_equal(a, b))
		return;
	json_object_foreach (a, key, value) {
		check_option(f, s, a, b, key, &others);
	}
	json_object_foreach (b, key, value) {
		if (!json_object_get(a, key))
			check_option(f, s, a, b, key, &others);
	}
	list = xstrdup("");
	for (size_t i = 0; i < others.count && i < LISTED; i++) {
		char *longer = xasprintf("%s%s%s", list, i ? ", " : "", others.lines[i]);

		free(list);
		list = longer;
	}
	if (others.count) {
		notes_add(&f->told,
			  "kernel configs of '%s' and '%s' differ in %zu more options: %s%s",
			  s->of_a, s->of_b, others.count, list,
			  others.count > LISTED ? ", ..." : "");
	}
	free(list);
	notes_free(&others);
}

static bool has_word(const char *line, const char *word, size_t length)
{
	while (*line) {
		size_t n = strcspn(line, " ");

		if (n == length && !memcmp(line, word, n))
			return true;
		line += n + strspn(line + n, " ");
	}
	return false;
}

/* Words of `a` that `b` does not have. */
static void check_words(struct findings *f, const char *a, const char *b, const char *of)
{
	while (*a) {
		size_t n = strcspn(a, " ");
		char *word = strndup(a, n);

		if (n && !has_word(b, a, n)) {
			notes_add(matches(word, costly_words) ? &f->refused[CMDLINE] : &f->told,
				  "kernel command line: a boot of '%s' has '%s', another has not",
				  of, word);
		}
		free(word);
		a += n + strspn(a + n, " ");
	}
}

static void check_cmdline(struct findings *f, const struct sides *s)
{
	const char *a = json_string_value(get(s->a, "kernel", "cmdline"));
	const char *b = json_string_value(get(s->b, "kernel", "cmdline"));

	if (!a || !b || !strcmp(a, b))
		return;
	check_words(f, a, b, s->of_a);
	check_words(f, b, a, s->of_b);
}

/* "rmapbench 0.1.0 (commit)": another version may run other workloads under the same name. */
static void check_tool(struct findings *f, const struct sides *s)
{
	const char *a = json_string_value(get(s->a, NULL, "tool"));
	const char *b = json_string_value(get(s->b, NULL, "tool"));

	if (!a || !b || !strcmp(a, b))
		return;
	if (strcspn(a, "(") == strcspn(b, "(") && !strncmp(a, b, strcspn(a, "(")))
		differ(&f->told, s, "build of the suite", a, b);
	else
		differ(&f->refused[TOOL], s, "version of the suite", a, b);
}

static void check_plan(struct findings *f, const struct sides *s)
{
	const json_t *a = get(s->a, "config", "hash"), *b = get(s->b, "config", "hash");

	if (both_known(a, b) && !json_equal(a, b)) {
		notes_add(
			&f->told,
			"'%s' and '%s' ran by different configs: only what both ran with the same "
			"parameters is compared",
			s->of_a, s->of_b);
	}
}

/* One label is one kernel. */
static void check_kernel(struct findings *f, const struct sides *s)
{
	const json_t *a = get(s->a, "kernel", "release"), *b = get(s->b, "kernel", "release");
	const json_t *x = get(s->a, "kernel", "version"), *y = get(s->b, "kernel", "version");

	if (strcmp(s->of_a, s->of_b))
		return;
	if (both_known(a, b) && !json_equal(a, b))
		differ_json(&f->refused[KERNEL], s, "kernel", a, b);
	else if (both_known(x, y) && !json_equal(x, y))
		differ_json(&f->refused[KERNEL], s, "kernel build", x, y);
}

/* ------------------------------------------------------------------- all of them */

/* "6.12.41-test" and "6.12.3" are of one series. */
static bool same_series(const json_t *a, const json_t *b)
{
	const char *x = json_string_value(get(a, "kernel", "release"));
	const char *y = json_string_value(get(b, "kernel", "release"));
	int x_major, x_minor, y_major, y_minor;

	if (!x || !y || sscanf(x, "%d.%d", &x_major, &x_minor) != 2 ||
	    sscanf(y, "%d.%d", &y_major, &y_minor) != 2)
		return true; /* the stricter assumption */
	return x_major == y_major && x_minor == y_minor;
}

static void check(struct findings *f, const struct sides *s)
{
	check_kernel(f, s);
	check_compiler(f, s);
	check_config(f, s);
	check_cmdline(f, s);
	check_entries(f, s, MITIGATIONS, "machine", "mitigations");
	check_value(f, s, CPU, "machine", "cpu");
	check_value(f, s, MICROCODE, "machine", "microcode");
	check_value(f, s, CPUS, "machine", "cpus");
	check_memory(f, s);
	check_value(f, s, PAGES, "machine", "page_size");
	check_nodes(f, s);
	check_entries(f, s, SETTINGS, NULL, "settings");
	check_tool(f, s);
	check_plan(f, s);
}

static void check_stratum(struct findings *f, const struct stratum *st, const char *base,
			  const char *new)
{
	const struct boot *first = st->base[0];
	const json_t *reference = first->run, *other = st->new[0]->run;

	for (size_t i = 1; i < st->base_count; i++) {
		struct sides s = { reference, st->base[i]->run, base, base, true };

		check(f, &s);
	}
	for (size_t i = 1; i < st->new_count; i++) {
		struct sides s = { other, st->new[i]->run, new, new, true };

		check(f, &s);
	}
	if (strcmp(base, new)) {
		struct sides s = { reference, other, base, new, same_series(reference, other) };

		check(f, &s);
	}
}

static bool is_accepted(const char *const *accept, enum name name)
{
	for (; accept && *accept; accept++) {
		if (!strcmp(*accept, names[name]))
			return true;
	}
	return false;
}

static void append(char **text, const char *between, const char *more)
{
	char *longer = xasprintf("%s%s%s", *text, **text ? between : "", more);

	free(*text);
	*text = longer;
}

/* The refusal, or NULL if all that was found is accepted. */
static char *refusal(const struct findings *f, const char *base, const char *new,
		     const char *const *accept, struct notes *notes)
{
	char *list = xstrdup(""), *accepts = xstrdup(""), *why = NULL;

	for (int name = 0; name < NAMES; name++) {
		const struct notes *n = &f->refused[name];

		if (!n->count)
			continue;
		if (is_accepted(accept, name)) {
			for (size_t i = 0; i < n->count; i++)
				notes_add(notes, "accepted: %s", n->lines[i]);
			continue;
		}
		for (size_t i = 0; i < n->count && i < LISTED; i++)
			append(&list, "\n  ", n->lines[i]);
		if (n->count > LISTED) {
			char *more =
				xasprintf("and %zu more of %s", n->count - LISTED, names[name]);

			append(&list, "\n  ", more);
			free(more);
		}
		append(&accepts, ",", names[name]);
	}
	if (*accepts) {
		why = xasprintf("'%s' and '%s' were not measured alike, so a difference need not "
				"come from the "
				"kernel:\n  %s\nmeasure both alike, or say that it does not "
				"matter: --accept %s",
				base, new, list, accepts);
	}
	free(list);
	free(accepts);
	return why;
}

char *comparable_check(const struct match *m, const char *base, const char *new,
		       const char *const *accept, struct notes *notes)
{
	struct findings f = { 0 };
	char *why;

	for (size_t i = 0; i < m->count; i++)
		check_stratum(&f, &m->strata[i], base, new);
	why = refusal(&f, base, new, accept, notes);
	notes_join(notes, &f.told);
	for (int name = 0; name < NAMES; name++)
		notes_free(&f.refused[name]);
	notes_free(&f.told);
	return why;
}

bool comparable_knows(const char *name, const char **allowed)
{
	*allowed = all_names;
	for (int i = 0; i < NAMES; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}
