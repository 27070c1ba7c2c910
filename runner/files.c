// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "alloc.h"

long read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 0;
	int saved;

	buf[0] = '\0';
	if (fd < 0)
		return -1;
	while (n + 1 < size && (got = read(fd, buf + n, size - 1 - n)) > 0)
		n += got;
	saved = errno;
	close(fd);
	errno = saved;
	if (got < 0)
		return -1;
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

long read_textf(char *buf, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return read_text(path, buf, size);
}

long read_number(const char *path, long otherwise)
{
	char buf[64], *end;
	long value;

	if (read_text(path, buf, sizeof(buf)) < 0)
		return otherwise;
	value = strtol(buf, &end, 10);
	return end == buf ? otherwise : value;
}

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int saved;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

char *read_whole(const char *path, size_t *length)
{
	gzFile f = gzopen(path, "re");
	size_t size = 1 << 16, n = 0;
	char *text;
	int got;

	if (!f)
		return NULL;
	text = xcalloc(1, size);
	while ((got = gzread(f, text + n, size - 1 - n)) > 0) {
		n += got;
		if (n + 1 == size) {
			size *= 2;
			text = xrealloc(text, size, 1);
		}
	}
	gzclose(f);
	if (got < 0) {
		free(text);
		errno = EIO;
		return NULL;
	}
	text[n] = '\0';
	*length = n;
	return text;
}

void sha256_hex(const void *data, size_t length, char hex[65])
{
	SHA256Data(data, length, hex);
}
