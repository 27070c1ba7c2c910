/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Did a boot repeat to the bit? Two record files of one kernel, without what the host put into them
 * (names, place in the schedule, the hour).
 */
#ifndef RMAPBENCH_LAB_REPEAT_H
#define RMAPBENCH_LAB_REPEAT_H

#include <stddef.h>

/* What a record file says about the boot it is of. */
enum file_state {
	FILE_NONE,   /* no record file in the folder */
	FILE_CUT,    /* records without an end */
	FILE_WHOLE,  /* ended */
	FILE_FAILED, /* the boot failed, and says so */
};

/*
 * Looks for the record file of a boot in its folder. *path, to be freed, is its name or NULL.
 */
enum file_state record_file_of(const char *folder, char **path);

/*
 * Compares. 0: the same to the bit; 1: not, and *difference (to be freed) says where, in up to five
 * lines; -1: one cannot be read (told).
 */
int repeat_compare(const char *first, const char *second, char **difference);

/* Rewrites the mode in the run record, if there is one; whole or not at all. 0, or -1 after a
 * message. */
int repeat_set_mode(const char *path, const char *mode);

#endif
