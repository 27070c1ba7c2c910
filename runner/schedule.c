// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/schedule.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"

uint64_t random_seed(void)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		die(1, "no random bits from the kernel: %s", strerror(errno));
	/* Short enough to type again, and exact in every JSON reader. */
	seed &= INT32_MAX;
	return seed ? seed : 1;
}

/* RFC 4122, version 4. */
void new_boot_id(char id[37])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		die(1, "no random bits from the kernel: %s", strerror(errno));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(id, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Fisher and Yates. The remainder's bias is below 2^-56 for so few kernels. */
static void shuffle(size_t *order, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = next_random(state) % i, t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

void schedule_make(struct schedule *s, size_t kernels, long blocks, uint64_t seed)
{
	size_t *order = xcalloc(kernels, sizeof(*order));
	uint64_t state = seed;

	*s = (struct schedule){ .seed = seed, .count = kernels * blocks };
	snprintf(s->id, sizeof(s->id), "%08x", (unsigned int)random_seed());
	s->boots = xcalloc(s->count, sizeof(*s->boots));
	for (size_t i = 0; i < kernels; i++)
		order[i] = i;
	for (size_t b = 0; b < (size_t)blocks; b++) {
		if (b % 2 == 0)
			shuffle(order, kernels, &state);
		for (size_t p = 0; p < kernels; p++) {
			struct planned_boot *boot = &s->boots[b * kernels + p];

			boot->index = b;
			boot->position = p;
			boot->kernel = order[b % 2 ? kernels - 1 - p : p];
			new_boot_id(boot->boot_id);
		}
	}
	free(order);
}

void schedule_extend(struct schedule *s, size_t kernels, long blocks)
{
	struct schedule longer;

	schedule_make(&longer, kernels, blocks, s->seed);
	memcpy(longer.boots, s->boots, s->count * sizeof(*s->boots));
	free(s->boots);
	s->boots = longer.boots;
	s->count = longer.count;
}

json_t *schedule_boots(const struct schedule *s)
{
	json_t *boots = json_array();

	for (size_t i = 0; i < s->count; i++) {
		const struct planned_boot *b = &s->boots[i];

		json_array_append_new(
			boots, json_pack("{s:I, s:I, s:I, s:s}", "index", (json_int_t)b->index,
					 "position", (json_int_t)b->position, "kernel",
					 (json_int_t)b->kernel, "boot_id", b->boot_id));
	}
	return boots;
}

int schedule_save(struct schedule *s, const char *out, const json_t *what)
{
	json_t *boots = schedule_boots(s), *all;
	char *fresh;
	int rc;

	all = json_pack("{s:s, s:I, s:O, s:o}", "schedule", s->id, "seed", (json_int_t)s->seed,
			"what", what, "boots", boots);
	free(s->path);
	s->path = xasprintf("%s/lab-%s.json", out, s->id);
	fresh = xasprintf("%s.new", s->path);
	rc = json_dump_file(all, fresh, JSON_INDENT(1));
	if (!rc)
		rc = rename(fresh, s->path);
	if (rc) {
		error("%s: cannot be written: %s; name a folder that can be written with --out",
		      s->path, strerror(errno));
		unlink(fresh);
	}
	json_decref(all);
	free(fresh);
	return rc ? -1 : 0;
}

static int take_boot(struct planned_boot *b, json_t *j)
{
	json_int_t index, position, kernel;
	const char *id;

	if (json_unpack(j, "{s:I, s:I, s:I, s:s}", "index", &index, "position", &position, "kernel",
			&kernel, "boot_id", &id) ||
	    strlen(id) != sizeof(b->boot_id) - 1)
		return -1;
	*b = (struct planned_boot){ .index = index, .position = position, .kernel = kernel };
	memcpy(b->boot_id, id, sizeof(b->boot_id));
	return 0;
}

int schedule_take(struct schedule *s, const char *id, uint64_t seed, const json_t *boots)
{
	int rc = 0;

	*s = (struct schedule){ 0 };
	if (strlen(id) >= sizeof(s->id))
		return -1;
	strcpy(s->id, id);
	s->seed = seed;
	s->count = json_array_size(boots);
	s->boots = xcalloc(s->count, sizeof(*s->boots));
	for (size_t i = 0; i < s->count; i++)
		rc |= take_boot(&s->boots[i], json_array_get(boots, i));
	if (rc)
		schedule_free(s);
	return rc;
}

/* 0 if the file holds a schedule of the same thing. */
static int load(struct schedule *s, const char *path, const json_t *what)
{
	json_t *all = json_load_file(path, 0, NULL), *boots, *then;
	json_int_t seed;
	const char *id;
	int rc = -1;

	*s = (struct schedule){ 0 };
	if (all &&
	    !json_unpack(all, "{s:s, s:I, s:o, s:o}", "schedule", &id, "seed", &seed, "what", &then,
			 "boots", &boots) &&
	    json_equal(then, what))
		rc = schedule_take(s, id, seed, boots);
	if (!rc)
		s->path = xstrdup(path);
	json_decref(all);
	return rc;
}

int schedule_find(struct schedule *s, const char *out, const json_t *what)
{
	char *pattern = xasprintf("%s/lab-*.json", out);
	struct schedule candidate;
	struct timespec newest = { 0 };
	int found = -1;
	glob_t g = { 0 };

	*s = (struct schedule){ 0 };
	glob(pattern, 0, NULL, &g);
	free(pattern);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct stat st;

		if (stat(g.gl_pathv[i], &st) || load(&candidate, g.gl_pathv[i], what))
			continue;
		if (!found &&
		    (st.st_mtim.tv_sec < newest.tv_sec || (st.st_mtim.tv_sec == newest.tv_sec &&
							   st.st_mtim.tv_nsec <= newest.tv_nsec))) {
			schedule_free(&candidate);
			continue;
		}
		schedule_free(s);
		*s = candidate;
		newest = st.st_mtim;
		found = 0;
	}
	globfree(&g);
	return found;
}

void schedule_free(struct schedule *s)
{
	free(s->path);
	free(s->boots);
	*s = (struct schedule){ 0 };
}
