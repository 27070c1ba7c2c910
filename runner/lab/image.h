/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's initramfs: the runner as /init, its libraries, the workloads, the plan, the orders.
 */
#ifndef RMAPBENCH_LAB_IMAGE_H
#define RMAPBENCH_LAB_IMAGE_H

#include <stddef.h>

struct image_file {
	const char *path; /* in the guest, absolute */
	const char *text;
};

struct image_source {
	const char *runner;    /* rmapbench-guest */
	const char *workloads; /* folder of <family>/<name>; those that the plan names are taken */
	const char *plan;      /* text of the plan (INI) */
	const char *orders;    /* text of /orders.json, see runner/init.c */
	const struct image_file *files; /* more of them */
	size_t file_count;
};

/*
 * Writes it as an uncompressed newc cpio (a guest without KVM unpacks slowly) into a memory file
 * and returns its descriptor, close-on-exec; -1 after telling why not. The same source gives the
 * same bytes. *bytes is its size.
 */
int image_build(const struct image_source *source, size_t *bytes);

#endif
