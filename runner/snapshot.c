// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <unistd.h>

#include "alloc.h"

/* /proc/vmstat is the largest, some 4 KiB. */
enum { TEXT = 16384 };

struct snapshot {
	size_t count;
	int *fds;
	char *text; /* TEXT bytes for each file */
	bool batched;
	struct io_uring ring;
};

struct snapshot *snapshot_open(const char *const *paths, size_t count, bool use_io_uring)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));

	s->count = count;
	s->fds = xcalloc(count, sizeof(*s->fds));
	s->text = xcalloc(count, TEXT);
	for (size_t i = 0; i < count; i++)
		s->fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
	s->batched = use_io_uring && !io_uring_queue_init(count ? count : 1, &s->ring, 0);
	/* Registered files save a look-up each; without them it works as well. A missing file is
	 * -1, which io_uring takes for an empty slot. */
	if (s->batched && io_uring_register_files(&s->ring, s->fds, count)) {
		io_uring_queue_exit(&s->ring);
		s->batched = false;
	}
	return s;
}

void snapshot_close(struct snapshot *s)
{
	if (!s)
		return;
	if (s->batched)
		io_uring_queue_exit(&s->ring);
	for (size_t i = 0; i < s->count; i++) {
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	}
	free(s->fds);
	free(s->text);
	free(s);
}

static void finish(struct snapshot *s, size_t i, ssize_t n)
{
	s->text[i * TEXT + (n > 0 ? n : 0)] = '\0';
}

static int read_batch(struct snapshot *s)
{
	unsigned int submitted = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct io_uring_sqe *sqe;

		finish(s, i, 0);
		if (s->fds[i] < 0)
			continue;
		sqe = io_uring_get_sqe(&s->ring);
		io_uring_prep_read(sqe, i, s->text + i * TEXT, TEXT - 1, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		io_uring_sqe_set_data64(sqe, i);
		submitted++;
	}
	if (io_uring_submit_and_wait(&s->ring, submitted) < 0)
		return -1;
	for (unsigned int i = 0; i < submitted; i++) {
		struct io_uring_cqe *cqe;

		if (io_uring_wait_cqe(&s->ring, &cqe))
			return -1;
		finish(s, io_uring_cqe_get_data64(cqe), cqe->res);
		io_uring_cqe_seen(&s->ring, cqe);
	}
	return 0;
}

int snapshot_read(struct snapshot *s)
{
	if (s->batched)
		return read_batch(s);
	for (size_t i = 0; i < s->count; i++)
		finish(s, i, s->fds[i] < 0 ? 0 : pread(s->fds[i], s->text + i * TEXT, TEXT - 1, 0));
	return 0;
}

const char *snapshot_text(const struct snapshot *s, size_t i)
{
	return s->text + i * TEXT;
}

bool snapshot_batched(const struct snapshot *s)
{
	return s->batched;
}
