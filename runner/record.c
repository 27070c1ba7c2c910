// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "error.h"

struct record_file {
	int fd;
	char *path;
};

int (*record_sink)(const char *line, size_t length);

/* mkdir -p; 0, or -1 with errno. */
static int make_folders(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(path, 0777) && errno != EEXIST ? -1 : 0;
}

struct record_file *record_create(const char *out, const char *label, const char *boot_id)
{
	char *folder = xasprintf("%s/%s/%s", out, label, boot_id);
	struct record_file *f = NULL;
	time_t now = time(NULL);
	struct tm utc;
	char start[32];

	gmtime_r(&now, &utc);
	strftime(start, sizeof(start), "%Y%m%dT%H%M%SZ", &utc);
	if (make_folders(folder)) {
		error("%s: cannot be made: %s; name a folder that can be written with --out",
		      folder, strerror(errno));
		free(folder);
		return NULL;
	}
	f = xcalloc(1, sizeof(*f));
	f->path = xasprintf("%s/%s-%d.jsonl", folder, start, (int)getpid());
	f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
	free(folder);
	if (f->fd >= 0)
		return f;
	error("%s: cannot be made: %s; name a folder that can be written with --out", f->path,
	      strerror(errno));
	free(f->path);
	free(f);
	return NULL;
}

/* Where the last whole line ends, in bytes. */
static off_t whole_lines(int fd)
{
	off_t at = lseek(fd, 0, SEEK_END);
	char c = 0;

	while (at > 0 && pread(fd, &c, 1, at - 1) == 1 && c != '\n')
		at--;
	return at;
}

struct record_file *record_append(const char *path)
{
	struct record_file *f = xcalloc(1, sizeof(*f));

	f->path = xstrdup(path);
	f->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	if (f->fd >= 0 && !ftruncate(f->fd, whole_lines(f->fd)))
		return f;
	error("%s: cannot be gone on with: %s", path, strerror(errno));
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f);
	return NULL;
}

/* A short write is undone, so that a full disk leaves whole lines only. */
static int append(struct record_file *f, const char *line, size_t length)
{
	off_t before = lseek(f->fd, 0, SEEK_END);
	ssize_t n = write(f->fd, line, length);

	if (n == (ssize_t)length && !fdatasync(f->fd))
		return 0;
	if (n >= 0 && n < (ssize_t)length)
		errno = ENOSPC;
	if (n > 0) {
		int saved = errno;

		if (ftruncate(f->fd, before))
			saved = errno;
		errno = saved;
	}
	error("%s: writing a record: %s; what was written before is whole: make room and go on "
	      "with "
	      "--resume",
	      f->path, strerror(errno));
	return -1;
}

int record_write(struct record_file *f, const char *type, json_t *record)
{
	json_t *whole = json_pack("{s:s}", "record", type);
	char *text, *line;
	size_t length;
	int failed;

	json_object_update(whole, record);
	text = json_dumps(whole, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(whole);
	json_decref(record);
	if (!text)
		die(1, "a record of type %s is no JSON; please report this", type);
	line = xasprintf("%s\n", text);
	free(text);
	length = strlen(line);
	failed = append(f, line, length);
	if (record_sink && record_sink(line, length)) {
		error("handing a record out of the guest failed");
		failed = -1;
	}
	free(line);
	return failed;
}

const char *record_path(const struct record_file *f)
{
	return f->path;
}

void record_close(struct record_file *f)
{
	struct stat st;

	if (!f)
		return;
	/* Not one record fitted: a file of nothing would only puzzle its reader. */
	if (!fstat(f->fd, &st) && !st.st_size)
		unlink(f->path);
	close(f->fd);
	free(f->path);
	free(f);
}
