/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where is the campaign? All of it in one file that is on the disk before each reboot, so that any
 * boot, also one after a crash, knows what was asked for and what became of it.
 */
#ifndef RMAPBENCH_CAMPAIGN_STATE_H
#define RMAPBENCH_CAMPAIGN_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "runner/campaign/target.h"
#include "runner/schedule.h"

#define STATE_FOLDER "/var/lib/rmapbench"
#define STATE_FILE   STATE_FOLDER "/campaign.json"
#define RUNNING_FILE STATE_FOLDER "/campaign.running" /* the workload that runs */

enum phase {
	PHASE_READY,  /* nothing is asked for */
	PHASE_ASKED,  /* a boot was asked for and has not reported yet */
	PHASE_RUNS,   /* it came up and is being measured */
	PHASE_ENDING, /* the machine's own kernel was asked for, after the last boot */
};

enum way { WAY_KEXEC, WAY_GRUB, WAY_SYSTEMD_BOOT };

/* "kexec", "grub", "systemd-boot". */
const char *way_name(enum way w);
bool way_parse(const char *name, enum way *w);

struct campaign {
	struct schedule schedule;
	struct target *kernels;
	size_t kernel_count;
	enum way way;

	/* What is run; paths are whole. The hashes tell if somebody changed it under way. */
	char *program, *program_hash, *config, *config_hash, *out;
	char *workloads; /* RMAPBENCH_WORKLOADS, or "" */
	json_t *pass_on; /* array: --only and --set */
	char *owner;	 /* may be logged in */

	long settle, pause;    /* seconds: after a boot came up, before a reboot */
	long retries, give_up; /* boots tried again; failures in a row that end a kernel */
	bool force;

	/* The kernel that ran when the campaign began. */
	char *origin_release, *origin_version, *origin_cmdline;

	enum phase phase;
	long current;	    /* which of the schedule's boots was asked for */
	char from[64];	    /* boot that asked */
	char boot_id[64];   /* boot that is measured */
	long reboots, most; /* so far; never more than `most` */
	json_t *history;    /* array of {boot, label, boot_id, outcome, workload, at, seconds} */
};

/* 0; 1 if there is no campaign; -1 after a message. Free with state_free() if 0. */
int state_load(struct campaign *c);
/* On the disk when it returns. 0, or -1 after a message: then nothing may be rebooted. */
int state_save(const struct campaign *c);
/* The state as it is into OUT/campaign-<id>.json, and away from its place. 0, or -1 after a
 * message. */
int state_retire(const struct campaign *c);
/* Removes the state. 0, or -1 after a message. */
int state_discard(void);
void state_free(struct campaign *c);

/* What became of a boot, "done" or why not. Not saved. */
void state_note(struct campaign *c, long boot, const char *boot_id, const char *outcome,
		const char *workload, double seconds);

/* The boot that comes next, or -1: none is left. */
long state_next(const struct campaign *c);
/* How often this boot was tried. */
long state_tries(const struct campaign *c, long boot);
bool state_boot_done(const struct campaign *c, long boot);
/* Boots of a kernel that were measured or failed; failed ones at the end of the list. */
struct kernel_tally {
	long done, failed, failed_in_a_row;
};
struct kernel_tally state_tally(const struct campaign *c, size_t kernel);
bool state_given_up(const struct campaign *c, size_t kernel);
/* Mean seconds of a measured boot from one reboot to the next, 0 if none is known. */
double state_seconds(const struct campaign *c);

#endif
