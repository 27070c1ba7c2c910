/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which kernel boots when? Blocks of one boot of each kernel, in random order, balanced: every
 * second block runs in the reverse order of the one before, so a drift hits all kernels alike.
 */
#ifndef RMAPBENCH_SCHEDULE_H
#define RMAPBENCH_SCHEDULE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum boot_state { BOOT_WAITING, BOOT_RUNS, BOOT_DONE, BOOT_FAILED };

struct planned_boot {
	long index;    /* of the block */
	long position; /* in the block */
	size_t kernel; /* which one boots */
	char boot_id[37];
	enum boot_state state;
};

struct schedule {
	char id[17];
	uint64_t seed;
	char *path; /* of its file, see schedule_save() */
	struct planned_boot *boots;
	size_t count;
};

/* A new schedule; the same seed gives the same order. The boots get fresh names. */
void schedule_make(struct schedule *s, size_t kernels, long blocks, uint64_t seed);

/* The same schedule with more blocks; those it has keep their order, names and states. */
void schedule_extend(struct schedule *s, size_t kernels, long blocks);

/*
 * Writes <out>/lab-<id>.json whole or not at all. `what` says what is measured; a schedule is
 * resumed only by the same. 0, or -1 after a message.
 */
int schedule_save(struct schedule *s, const char *out, const json_t *what);

/* The newest schedule in `out` of the same `what`. 0, or -1 if there is none. */
int schedule_find(struct schedule *s, const char *out, const json_t *what);

/* The boots as JSON, without their states; and back: 0, or -1 if they are none. */
json_t *schedule_boots(const struct schedule *s);
int schedule_take(struct schedule *s, const char *id, uint64_t seed, const json_t *boots);

void schedule_free(struct schedule *s);

/* A random UUID, as the kernel names a boot. */
void new_boot_id(char id[37]);

/* Random bits from the kernel. */
uint64_t random_seed(void);

#endif
