/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One record file into the boot that it belongs to. For load.c alone.
 */
#ifndef RMAPBENCH_READER_H
#define RMAPBENCH_READER_H

#include "analysis/load.h"

/*
 * Adds what the file has to `r`: one measurement for each process and metric, in the order of the
 * file. A file that was cut off counts up to its last whole line; an empty one adds a note only.
 * Returns NULL, or why the file is refused (the caller frees it).
 */
char *record_file_read(struct results *r, const char *path);

#endif
