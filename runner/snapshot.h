/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many small files of the kernel read at one moment: a single io_uring submission, or a loop of
 * pread() where io_uring is not to be had.
 */
#ifndef RMAPBENCH_SNAPSHOT_H
#define RMAPBENCH_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

struct snapshot;

/* Opens the files; those that cannot be opened read as "". NULL if nothing can be had. */
struct snapshot *snapshot_open(const char *const *paths, size_t count, bool use_io_uring);
void snapshot_close(struct snapshot *s);
/* Reads all files from their start. Returns 0, or -1 with errno. Allocates nothing. */
int snapshot_read(struct snapshot *s);
/* What file i read at the last snapshot_read(), ended with NUL; valid until the next. */
const char *snapshot_text(const struct snapshot *s, size_t i);
/* True if io_uring is what reads. */
bool snapshot_batched(const struct snapshot *s);

#endif
