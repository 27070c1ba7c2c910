/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes records: JSON Lines, append-only, each on disk before the next (docs/record-format.md).
 */
#ifndef RMAPBENCH_RECORD_H
#define RMAPBENCH_RECORD_H

#include <jansson.h>
#include <stddef.h>

#define SCHEMA 1

struct record_file;

/*
 * Makes <out>/<label>/<boot_id>/<start>-<pid>.jsonl with all folders. NULL after an error message.
 * `out` is made if it is missing; a file that exists is never touched.
 */
struct record_file *record_create(const char *out, const char *label, const char *boot_id);
/* Goes on with a file that a crash cut off, behind its last whole line. NULL after a message. */
struct record_file *record_append(const char *path);
/* Takes `record`, puts "record": type first, writes one line and syncs. 0, or -1 after a message.
 */
int record_write(struct record_file *f, const char *type, json_t *record);
const char *record_path(const struct record_file *f);
/* Also removes the file if it holds no record at all. */
void record_close(struct record_file *f);

/* Also called with each line, newline included; for guests, which hand records out at once. */
extern int (*record_sink)(const char *line, size_t length);

#endif
