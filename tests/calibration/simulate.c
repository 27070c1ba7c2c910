// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/calibration/simulate.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "command.h"
#include "error.h"

const char *const shape_names[SHAPES] = {
	[SHAPE_NORMAL] = "normal", [SHAPE_T3] = "t3",	    [SHAPE_BIMODAL] = "bimodal",
	[SHAPE_SKEWED] = "skewed", [SHAPE_DRIFT] = "drift",
};

/* ------------------------------------------------------------------- chance */

/* One stream of numbers; which is which depends on what it is for alone. */
struct random {
	uint64_t state;
	double spare; /* the second of a pair of normal numbers, or 0 */
};

static uint64_t next(struct random *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static struct random stream(unsigned long seed, uint64_t purpose, uint64_t index)
{
	struct random r = { seed, 0 };

	r.state = next(&r) ^ purpose;
	r.state = next(&r) ^ index;
	next(&r);
	return r;
}

/* Above 0 and below 1. */
static double uniform(struct random *r)
{
	return ((next(r) >> 11) + .5) * 0x1p-53;
}

/* Marsaglia and Bray's polar method, which gives two numbers at a time. */
static double normal(struct random *r)
{
	double u, v, s, spare = r->spare;

	if (spare) {
		r->spare = 0;
		return spare;
	}
	do {
		u = 2 * uniform(r) - 1;
		v = 2 * uniform(r) - 1;
		s = u * u + v * v;
	} while (s >= 1 || s == 0);
	s = sqrt(-2 * log(s) / s);
	r->spare = v * s;
	return u * s;
}

/* Mean 0, standard deviation 1. */
static double deviate(struct random *r, enum shape shape)
{
	double sum = 0;

	switch (shape) {
	case SHAPE_T3:
		for (int i = 0; i < 3; i++) {
			double z = normal(r);

			sum += z * z;
		}
		/* the variance of t with 3 degrees of freedom is 3 */
		return normal(r) / sqrt(sum / 3) / sqrt(3);
	case SHAPE_BIMODAL:
		/* two modes at +-.95 */
		return (uniform(r) < .5 ? -.95 : .95) + normal(r) * sqrt(1 - .95 * .95);
	case SHAPE_SKEWED:
		return -log(uniform(r)) - 1;
	default:
		return normal(r);
	}
}

struct simulation simulation_default(void)
{
	return (struct simulation){
		.blocks = 10,
		.interleaved = true,
		.recorded_blocks = true,
		.boot_sd = .01,
		.block_sd = .01,
		.process_sd = .006,
		.iteration_sd = .02,
		.drift = .02,
		.spikes = .05,
		.workloads = 1,
		.metrics = 1,
		.processes = 3,
		.iterations = 20,
		.seed = 1,
	};
}

/* ------------------------------------------------------------------- records */

/* In balanced pairs of blocks: base first in one of the two, new first in the other. */
static int position(const struct simulation *s, int block, bool new)
{
	struct random r = stream(s->seed, 'o', block / 2);
	bool new_first = (next(&r) & 1) ^ (block & 1);

	return new == new_first ? 0 : 1;
}

/* How far through the series a boot is, from 0 to 1. */
static double when(const struct simulation *s, int block, bool new)
{
	int place = s->interleaved ? 2 * block + position(s, block, new) : block + new * s->blocks;

	return (double)place / (2 * s->blocks - 1);
}

static void write_run(FILE *f, const struct simulation *s, const char *label, int block, bool new)
{
	fprintf(f,
		"{\"record\":\"run\",\"schema\":1,\"tool\":\"simulation\",\"label\":\"%s\","
		"\"boot_id\":\"%s-%d\",",
		label, label, block);
	if (s->recorded_blocks)
		fprintf(f, "\"block\":{\"schedule\":\"s%lu\",\"index\":%d,\"position\":%d},",
			s->seed, block, position(s, block, new));
	else
		fprintf(f, "\"block\":null,");
	fprintf(f,
		"\"kernel\":{\"release\":\"simulated-%s\",\"arch\":\"x86_64\"},"
		"\"machine\":{\"cpu\":\"simulated\",\"hostname_hash\":\"00000000\"},"
		"\"clock\":\"host\",\"virtualisation\":\"kvm\",\"mode\":\"time\",\"seed\":%lu,"
		"\"start\":\"2026-11-22T22:00:00Z\",\"primary\":[]}\n",
		label, s->seed);
}

/* Most of the time goes here. */
static void put_integer(FILE *f, long v)
{
	char digits[24], *first = digits + sizeof(digits);

	do
		*--first = '0' + v % 10;
	while (v /= 10);
	fwrite_unlocked(first, 1, digits + sizeof(digits) - first, f);
}

static void write_samples(FILE *f, const struct simulation *s, struct random *r, double level,
			  int workload, int process, int metric)
{
	double at = level * exp(s->process_sd * normal(r));

	fprintf(f,
		"{\"record\":\"samples\",\"workload\":\"sim/w%d\",\"params\":{},\"process\":%d,"
		"\"metric\":\"m%d\",\"unit\":\"ns\",\"kind\":\"latency\",\"better\":\"lower\","
		"\"values\":[",
		workload, process, metric);
	for (int i = 0; i < s->iterations; i++) {
		double v = at * (1 + s->iteration_sd * normal(r));

		if (uniform(r) < s->spikes)
			v *= 1.5 + 1.5 * uniform(r);
		if (i)
			putc_unlocked(',', f);
		put_integer(f, lrint(v));
	}
	fprintf(f, "]}\n");
}

/* The true level of a metric in a boot, in ns. */
static double level_of(const struct simulation *s, int block, bool new, uint64_t metric)
{
	struct random shared = stream(s->seed, 'b', metric * 1000 + block);
	struct random own = stream(s->seed, new ? 'n' : 'a', metric * 1000 + block);
	double log_level = s->block_sd * normal(&shared) + s->boot_sd * deviate(&own, s->shape);

	if (s->shape == SHAPE_DRIFT)
		log_level += s->drift * when(s, block, new);
	return 1e6 * exp(log_level) * (new ? 1 + s->effect : 1);
}

static void write_boot(FILE *f, const struct simulation *s, int block, bool new)
{
	struct random r = stream(s->seed, new ? 'N' : 'A', block);

	for (int w = 0; w < s->workloads; w++) {
		for (int p = 0; p < s->processes; p++) {
			for (int m = 0; m < s->metrics; m++) {
				double level = level_of(s, block, new, w * s->metrics + m);

				write_samples(f, s, &r, level, w, p, m);
			}
			fprintf(f,
				"{\"record\":\"process\",\"workload\":\"sim/w%d\",\"params\":{},"
				"\"process\":%d,\"pass\":\"time\"}\n",
				w, p);
		}
	}
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0777) && errno != EEXIST)
		die(STATUS_FAILED, "cannot make '%s': %s", path, strerror(errno));
}

void simulate_side(const struct simulation *s, const char *folder, const char *label, bool new)
{
	char *side = xasprintf("%s/%s", folder, label);

	make_folder(folder);
	make_folder(side);
	for (int block = 0; block < s->blocks; block++) {
		char *boot = xasprintf("%s/%s-%d", side, label, block);
		char *path = xasprintf("%s/0.jsonl", boot);
		FILE *f;

		make_folder(boot);
		f = fopen(path, "we");
		if (!f)
			die(STATUS_FAILED, "cannot write '%s': %s", path, strerror(errno));
		write_run(f, s, label, block, new);
		write_boot(f, s, block, new);
		fprintf(f, "{\"record\":\"end\",\"status\":0}\n");
		if (ferror(f) | fclose(f))
			die(STATUS_FAILED, "cannot write '%s': %s", path, strerror(errno));
		free(path);
		free(boot);
	}
	free(side);
}
