/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that is installed on this machine: image, initrd and modules that belong together.
 */
#ifndef RMAPBENCH_CAMPAIGN_TARGET_H
#define RMAPBENCH_CAMPAIGN_TARGET_H

#include <stddef.h>

/* All texts belong to it; paths are those of the machine. */
struct target {
	char *label;
	char *image;
	char *initrd;  /* "": none */
	char *release; /* "6.12.1" */
	char *version; /* as the image has it: "6.12.1 (who@where) #1 SMP ..." */
	char *cmdline; /* what it is booted with; NULL: nobody knows, the boot loader's affair */
	char *entry;   /* of the boot loader, or "" */
};

/*
 * Finds what "LABEL=RELEASE" or "LABEL=/path/to/vmlinuz" names. Returns 0, or -1 after telling all
 * that is missing and what to do. Free with target_free() in either case.
 */
int target_open(struct target *t, const char *word);
/* No two may be the same kernel or share a label. 0, or -1 after messages. */
int targets_differ(const struct target *t, size_t count);
void target_free(struct target *t);

#endif
