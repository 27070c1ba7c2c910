/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files of proc and sysfs, read and written whole.
 */
#ifndef RMAPBENCH_FILES_H
#define RMAPBENCH_FILES_H

#include <stddef.h>

/* Reads up to size - 1 bytes, ends them with NUL and drops a last newline. Returns the length, -1
 * with errno. */
long read_text(const char *path, char *buf, size_t size);
/* The same, path made by printf. */
long read_textf(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The number that a file starts with; `otherwise` if it cannot be read. */
long read_number(const char *path, long otherwise);
/* Writes text in one write. 0, or -1 with errno. */
int write_text(const char *path, const char *text);
/* The whole file, also one that is compressed with gzip, to be freed; NULL with errno. */
char *read_whole(const char *path, size_t *length);
/* SHA-256 as 64 hex digits. */
void sha256_hex(const void *data, size_t length, char hex[65]);

#endif
