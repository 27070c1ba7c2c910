// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does `compare` err as often as it says? Simulated kernels whose true difference is known are
 * written to record files, loaded and compared by the code of `compare` itself.
 *
 * calibrate [--long] [--repetitions N] [--seed N] [--jobs N] [--table FILE]
 *
 * Prints TAP and a last line "calibration: N passed, M failed"; exits with 1 if anything failed.
 * --long uses the limits for a release, --table writes what was measured as Markdown.
 */
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "alloc.h"
#include "command.h"
#include "error.h"
#include "analysis/boot_estimate.h"
#include "analysis/verdict.h"
#include "tests/calibration/simulate.h"

static const int block_counts[] = { 8, 10, 15, 20 };
static const double effects[] = { 0, .005, .01, .02, .05 };

enum {
	BLOCK_COUNTS = sizeof(block_counts) / sizeof(block_counts[0]),
	EFFECTS = sizeof(effects) / sizeof(effects[0]),
	GRID = SHAPES * BLOCK_COUNTS * EFFECTS,
	STEIN_PILOT = 10,
	STEIN_BLOCKS = 60, /* 1 series in 200 would want more */
};

static const double alpha = .05, stein_half_width = .0075;

/* What a cell does with the two results. */
enum analysis {
	AS_COMPARE, /* what is shipped */
	STEIN,	    /* two stages, the second as long as Stein's rule says */
	/* What must be seen to fail: */
	POOLED_ITERATIONS, /* Welch over all iterations of all boots */
	POOLED_PROCESSES,  /* Welch over processes */
	PEEKING,	   /* a look after each block from the third on, stop at p <= .05 */
};

struct cell {
	const char *name; /* of a cell outside the grid */
	enum analysis analysis;
	bool must_fail;
	struct simulation s;
};

struct outcome {
	size_t repetitions, rejected, covered, verdicts;
	double variance; /* mean of the variance of a block's log ratio */
	double blocks;	 /* mean number used */
};

struct limits {
	double least, most; /* false positives */
	double coverage;
	double power; /* distance from the formula; only judged with enough repetitions */
};

static const struct limits ordinary = { .035, .065, .935, 1 }, release = { 0, .056, .944, .02 };

/* -------------------------------------------------------------- one analysis */

static void count(struct outcome *o, const struct estimate *e, double truth)
{
	if (isnan(e->p))
		die(STATUS_FAILED, "a comparison gave no p");
	o->repetitions++;
	o->rejected += e->p <= alpha;
	o->covered += e->low <= truth && truth <= e->high;
	o->variance += e->standard_error * e->standard_error * e->n_base;
	o->blocks += e->n_base;
}

static void as_compare(const struct results *base, const struct results *new, double truth,
		       struct outcome *o)
{
	struct compare_options options = { .margin = .02 };
	char *why;
	struct comparison *c = compare_results(base, new, &options, &why);

	if (!c)
		die(STATUS_FAILED, "compare refused: %s", why);
	for (size_t i = 0; i < c->count; i++) {
		if (c->rows[i].statistic != MEDIAN)
			continue;
		count(o, &c->rows[i].e, truth);
		o->verdicts += c->rows[i].verdict == BETTER || c->rows[i].verdict == WORSE;
	}
	comparison_free(c);
}

/* All iterations, or (with `medians`) each process's median, of all boots of a side. */
static double *pool(const struct results *r, const struct measurement *like, bool medians,
		    size_t *n)
{
	double *all = NULL;

	*n = 0;
	for (size_t b = 0; b < r->boot_count; b++) {
		const struct measurement *m =
			boot_measurement(&r->boots[b], like->workload, like->params, like->metric);

		for (size_t p = 0; p < m->process_count; p++) {
			const struct values *v = &m->processes[p];

			all = xrealloc(all, *n + v->count, sizeof(*all));
			memcpy(all + *n, v->value, v->count * sizeof(*all));
			if (medians)
				all[*n] = median(all + *n, v->count);
			*n += medians ? 1 : v->count;
		}
	}
	return all;
}

static struct estimate pooled(const struct results *base, const struct results *new,
			      const struct measurement *m, bool medians)
{
	size_t n_base, n_new;
	double *b = pool(base, m, medians, &n_base), *n = pool(new, m, medians, &n_new);
	struct estimate e = estimate_unpaired(b, n_base, n, n_new);

	free(b);
	free(n);
	return e;
}

/* The values of a metric in blocks 0, 1, 2... */
static void series(const struct results *r, const struct measurement *like, double *value)
{
	for (size_t b = 0; b < r->boot_count; b++) {
		value[r->boots[b].index] =
			boot_estimate(boot_measurement(&r->boots[b], like->workload, like->params,
						       like->metric))
				.typical;
	}
}

static struct estimate peeking(const double *base, const double *new, size_t blocks)
{
	struct estimate e = { 0 };

	for (size_t n = 3; n <= blocks; n++) {
		e = estimate_paired(base, new, n, 1);
		if (e.p <= alpha)
			break;
	}
	return e;
}

static struct estimate two_stages(const double *base, const double *new, size_t blocks)
{
	double pilot[STEIN_PILOT];
	size_t needed;

	for (int i = 0; i < STEIN_PILOT; i++)
		pilot[i] = log(new[i] / base[i]);
	needed = stein_blocks(pilot, STEIN_PILOT, stein_half_width);
	return estimate_stein(base, new, needed < blocks ? needed : blocks, STEIN_PILOT, 1);
}

static void otherwise(const struct cell *cell, const struct results *base,
		      const struct results *new, double truth, struct outcome *o)
{
	size_t blocks = base->boot_count;
	double *b = xcalloc(blocks, sizeof(*b)), *n = xcalloc(blocks, sizeof(*n));

	for (size_t i = 0; i < base->boots[0].measurement_count; i++) {
		const struct measurement *m = &base->boots[0].measurements[i];
		struct estimate e;

		series(base, m, b);
		series(new, m, n);
		switch (cell->analysis) {
		case POOLED_ITERATIONS:
		case POOLED_PROCESSES:
			e = pooled(base, new, m, cell->analysis == POOLED_PROCESSES);
			break;
		case PEEKING:
			e = peeking(b, n, blocks);
			break;
		default:
			e = two_stages(b, n, blocks);
			break;
		}
		count(o, &e, truth);
	}
	free(b);
	free(n);
}

/* ------------------------------------------------------------------ one cell */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static struct results *load(const char *folder, const char *label)
{
	int status;
	char *why;
	struct results *r = results_load(label, folder, &why, &status);

	if (!r)
		die(STATUS_FAILED, "%s", why);
	return r;
}

static void run_cell(const struct cell *cell, struct outcome *o)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = xasprintf("%s/rmapbench-calibration-XXXXXX", tmp ? tmp : "/tmp");
	struct results *base, *new;

	if (!mkdtemp(folder))
		die(STATUS_FAILED, "cannot make '%s': %s", folder, strerror(errno));
	simulate_side(&cell->s, folder, "base", false);
	simulate_side(&cell->s, folder, "new", true);
	base = load(folder, "base");
	new = load(folder, "new");
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(folder);
	if (cell->analysis == AS_COMPARE)
		as_compare(base, new, 1 + cell->s.effect, o);
	else
		otherwise(cell, base, new, 1 + cell->s.effect, o);
	o->variance /= o->repetitions;
	o->blocks /= o->repetitions;
	results_free(base);
	results_free(new);
}

/* Cells in as many processes as there are jobs; each takes the next one that is free. */
static void run_cells(const struct cell *cells, struct outcome *outcomes, size_t count, int jobs)
{
	size_t *next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	int status;

	if (next == MAP_FAILED)
		die(STATUS_FAILED, "cannot map memory: %s", strerror(errno));
	for (int j = 0; j < jobs; j++) {
		pid_t pid = fork();

		if (pid < 0)
			die(STATUS_FAILED, "cannot fork: %s", strerror(errno));
		if (pid)
			continue;
		for (size_t i; (i = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED)) < count;)
			run_cell(&cells[i], &outcomes[i]);
		_exit(0);
	}
	while (wait(&status) > 0) {
		if (status)
			die(STATUS_FAILED, "a part of the calibration ended early");
	}
	munmap(next, sizeof(*next));
}

/* ------------------------------------------------------------------ judgement */

static double share(size_t part, const struct outcome *o)
{
	return (double)part / o->repetitions;
}

/* Power of the two-sided paired t test by the noncentral t distribution. */
static double power_formula(const struct cell *c, const struct outcome *o)
{
	double df = c->s.blocks - 1, t = qt(1 - alpha / 2, df, 1, 0);
	double shift = log1p(c->s.effect) * sqrt(c->s.blocks / o->variance);

	return pnt(t, df, shift, 0, 0) + pnt(-t, df, shift, 1, 0);
}

static bool within(const struct cell *c, const struct outcome *o, const struct limits *l)
{
	double rejected = share(o->rejected, o);

	if (share(o->covered, o) < l->coverage)
		return false;
	if (!c->s.effect)
		return rejected >= l->least && rejected <= l->most;
	return c->s.shape != SHAPE_NORMAL || fabs(rejected - power_formula(c, o)) <= l->power;
}

static int report(int number, bool good, const char *text)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", number, text);
	return good;
}

static char *describe(const struct cell *c, const struct outcome *o)
{
	const char *what = c->s.effect ? "found" : "false positives";
	char *formula = c->s.effect && c->s.shape == SHAPE_NORMAL
				? xasprintf(" (formula %.1f%%)", 100 * power_formula(c, o))
				: xstrdup("");
	char *text = xasprintf("%s, %d blocks, effect %g%%: %s %.1f%%%s, coverage %.1f%%",
			       c->name ? c->name : shape_names[c->s.shape], c->s.blocks,
			       100 * c->s.effect, what, 100 * share(o->rejected, o), formula,
			       100 * share(o->covered, o));

	free(formula);
	return text;
}

/* Whether the verdicts of cells without an effect, after correction for their number, hold too. */
static bool families_hold(const struct cell *cells, const struct outcome *o, size_t count,
			  char **text)
{
	size_t families = 0, wrong = 0;

	for (size_t i = 0; i < count; i++) {
		if (cells[i].s.effect || cells[i].analysis != AS_COMPARE || cells[i].must_fail)
			continue;
		families++;
		wrong += o[i].verdicts > 0;
	}
	*text = xasprintf("%zu of %zu families without any effect have a false verdict", wrong,
			  families);
	/* At 5% each, more than this many would come 3 times in 1,000. */
	return wrong <= qbinom(.997, families, alpha, 1, 0);
}

static void put_table(const char *path, const struct cell *cells, const struct outcome *o,
		      size_t count)
{
	FILE *f = fopen(path, "we");

	if (!f)
		die(STATUS_FAILED, "cannot write '%s': %s", path, strerror(errno));
	fprintf(f,
		"%zu repetitions a cell, %d processes a boot, %d iterations a process, seed "
		"%lu.\n\n",
		o[0].repetitions, cells[0].s.processes, cells[0].s.iterations, cells[0].s.seed);
	fprintf(f,
		"| boots | blocks | false positives | coverage at 0 .. 5%% | found: 0.5%% | 1%% | "
		"2%% | 5%% |\n"
		"|:--|--:|--:|:--|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < GRID; i += EFFECTS) {
		fprintf(f, "| %s | %d | %.1f%% |", shape_names[cells[i].s.shape], cells[i].s.blocks,
			100 * share(o[i].rejected, &o[i]));
		for (int k = 0; k < EFFECTS; k++)
			fprintf(f, "%s %.1f", k ? "," : "",
				100 * share(o[i + k].covered, &o[i + k]));
		fprintf(f, "%% |");
		for (int k = 1; k < EFFECTS; k++)
			fprintf(f, " %.1f%% |", 100 * share(o[i + k].rejected, &o[i + k]));
		fprintf(f, "\n");
	}
	fprintf(f, "\n| other analyses, no effect | n a side | false positives | coverage |\n"
		   "|:--|--:|--:|--:|\n");
	for (size_t i = GRID; i < count; i++) {
		fprintf(f, "| %s%s | %.1f | %.1f%% | %.1f%% |\n", cells[i].name,
			cells[i].must_fail ? " (must fail)" : "", o[i].blocks,
			100 * share(o[i].rejected, &o[i]), 100 * share(o[i].covered, &o[i]));
	}
	if (ferror(f) | fclose(f))
		die(STATUS_FAILED, "cannot write '%s': %s", path, strerror(errno));
}

static size_t make_cells(struct cell *cells, const struct simulation *like)
{
	struct cell others[] = {
		{ "two stages by Stein's rule, +-0.75%", STEIN, false, *like },
		{ "all iterations pooled", POOLED_ITERATIONS, true, *like },
		{ "all iterations pooled, bimodal boots", POOLED_ITERATIONS, true, *like },
		{ "all processes pooled", POOLED_PROCESSES, true, *like },
		{ "a look after each block", PEEKING, true, *like },
		{ "drift, AAAA-BBBB order", AS_COMPARE, true, *like },
	};
	size_t count = 0;

	for (int shape = 0; shape < SHAPES; shape++) {
		for (int b = 0; b < BLOCK_COUNTS; b++) {
			for (int e = 0; e < EFFECTS; e++) {
				cells[count] = (struct cell){ .s = *like };
				cells[count].s.shape = shape;
				cells[count].s.blocks = block_counts[b];
				cells[count++].s.effect = effects[e];
			}
		}
	}
	others[0].s.blocks = STEIN_BLOCKS;
	/* Boots that were not run in pairs share no noise: all of it is between boots. */
	for (int i = 1; i <= 3; i++) {
		others[i].s.block_sd = 0;
		others[i].s.spikes = 0; /* they would only blur what goes wrong */
		others[i].s.boot_sd = hypot(like->boot_sd, like->block_sd);
	}
	others[2].s.shape = SHAPE_BIMODAL;
	others[4].s.blocks = 20;
	others[5].s.shape = SHAPE_DRIFT;
	others[5].s.interleaved = false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cells[count++] = others[i];
	for (size_t i = 0; i < count; i++)
		cells[i].s.seed = like->seed + i;
	return count;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "long", no_argument, NULL, 'l' },
		{ "repetitions", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "table", required_argument, NULL, 't' },
		{ 0 },
	};
	struct simulation like = simulation_default();
	const struct limits *limits = &ordinary;
	const char *table = NULL;
	struct cell cells[GRID + 8];
	struct outcome *outcomes;
	int c, jobs = 2, number = 0, passed = 0;
	bool families;
	size_t count;
	char *text;

	like.metrics = 2000;
	like.processes = 2;  /* for speed; the unit is the boot */
	like.iterations = 9; /* likewise; enough for a median to shed the spikes */
	like.seed = 20261122;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'l') {
			limits = &release;
			like.metrics = 10000;
		} else if (c == 'n') {
			like.metrics = atoi(optarg);
		} else if (c == 's') {
			like.seed = strtoul(optarg, NULL, 10);
		} else if (c == 'j') {
			jobs = atoi(optarg);
		} else if (c == 't') {
			table = optarg;
		} else {
			return STATUS_USAGE;
		}
	}
	if (jobs < 1 || like.metrics < 1)
		die(STATUS_USAGE, "--jobs and --repetitions: give 1 or more");
	count = make_cells(cells, &like);
	outcomes = mmap(NULL, count * sizeof(*outcomes), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED)
		die(STATUS_FAILED, "cannot map memory: %s", strerror(errno));
	run_cells(cells, outcomes, count, jobs);
	printf("1..%zu\n", count + 1);
	for (size_t i = 0; i < count; i++) {
		/* A wrong analysis that passes the gate would say that the gate sees nothing. */
		bool good = within(&cells[i], &outcomes[i], limits) != cells[i].must_fail;

		text = describe(&cells[i], &outcomes[i]);
		if (cells[i].must_fail) {
			char *longer = xasprintf("%s: must fail the limits", text);

			free(text);
			text = longer;
		}
		passed += report(++number, good, text);
		free(text);
	}
	families = families_hold(cells, outcomes, count, &text);
	passed += report(++number, families, text);
	free(text);
	if (table)
		put_table(table, cells, outcomes, count);
	printf("calibration: %d passed, %d failed\n", passed, number - passed);
	return passed == number ? STATUS_DONE : STATUS_FAILED;
}
