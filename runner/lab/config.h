/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What shall the lab do? Its INI file, checked (docs/lab.md lists the keys).
 */
#ifndef RMAPBENCH_LAB_CONFIG_H
#define RMAPBENCH_LAB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner/lab/guest.h"

enum mode {
	MODE_EXACT,  /* icount, fixed layout: repeats to the bit, or is not called exact */
	MODE_LAYOUT, /* icount, another layout in each block */
	MODE_TIME,   /* KVM */
};

const char *mode_name(enum mode m);
bool mode_parse(const char *name, enum mode *m);

/* Words for the command line of one kernel, from its section [kernel LABEL]. */
struct kernel_words {
	char *label;
	char *cmdline;
};

struct lab_config {
	char *file; /* for messages */
	enum mode mode;
	char *plan; /* path of the plan, relative ones resolved; NULL: the built-in smoke plan */
	long blocks;
	long jobs;     /* guests at once; 0: as many as make sense */
	long watchdog; /* guest seconds */
	long stall;    /* guest seconds */
	uint64_t seed; /* of the schedule and of the guests; 0: chosen */
	struct machine machine;
	struct kernel_words *kernels;
	size_t kernel_count;
};

/*
 * Reads `file`, or the built-in default if it is NULL. 0, or -1 after a message with file, line,
 * value and what is allowed. lab_config_free() in both cases.
 */
int lab_config_read(struct lab_config *c, const char *file);
void lab_config_free(struct lab_config *c);

/* What the mode demands of the machine (number of CPUs and blocks). Number of objections, told. */
int lab_config_check(const struct lab_config *c);

/*
 * Guest seconds without a sign of life. Few where instructions are counted: such a guest runs at
 * about a tenth of real time, and a hang would take minutes to show.
 */
long default_watchdog(enum mode mode);

/* The built-in smoke plan. */
const char *lab_smoke_plan(void);

/* A size with K, M or G, or bytes. False if it is none. */
bool parse_bytes(const char *text, uint64_t *bytes);

#endif
