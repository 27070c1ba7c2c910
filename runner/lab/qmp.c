// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/qmp.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/alloc.h"

enum { MOST_BUFFERED = 1 << 20 }; /* no message of QEMU is near that */

void qmp_start(struct qmp *q, int fd)
{
	*q = (struct qmp){ .fd = fd };
}

static void greet(struct qmp *q, json_t *greeting)
{
	static const char accept[] = "{\"execute\":\"qmp_capabilities\"}\n";
	int major = 0, minor = 0, micro = 0;

	json_unpack(greeting, "{s:{s:{s:i, s:i, s:i}}}", "version", "qemu", "major", &major,
		    "minor", &minor, "micro", &micro);
	snprintf(q->version, sizeof(q->version), "%d.%d.%d", major, minor, micro);
	/* If QEMU is gone already, its end of the socket tells. */
	send(q->fd, accept, sizeof(accept) - 1, MSG_NOSIGNAL);
}

static void take_event(struct qmp *q, const char *event, json_t *message)
{
	const char *reason = "";

	if (!strcmp(event, "WATCHDOG"))
		q->watchdog = true;
	if (strcmp(event, "SHUTDOWN"))
		return;
	q->shutdown = true;
	json_unpack(message, "{s:{s:s}}", "data", "reason", &reason);
	snprintf(q->reason, sizeof(q->reason), "%s", reason);
}

static void take_line(struct qmp *q, const char *line, size_t length)
{
	json_t *message = json_loadb(line, length, 0, NULL), *greeting;
	const char *event;

	if (!message)
		return;
	greeting = json_object_get(message, "QMP");
	event = json_string_value(json_object_get(message, "event"));
	if (greeting)
		greet(q, greeting);
	else if (event)
		take_event(q, event, message);
	json_decref(message);
}

static void take_lines(struct qmp *q)
{
	char *start = q->buffer, *end = q->buffer + q->used, *newline;

	while ((newline = memchr(start, '\n', end - start))) {
		take_line(q, start, newline - start);
		start = newline + 1;
	}
	q->used = end - start;
	memmove(q->buffer, start, q->used);
}

int qmp_read(struct qmp *q)
{
	ssize_t n;

	if (q->fd < 0)
		return -1;
	for (;;) {
		q->buffer = xrealloc(q->buffer, q->used + 4096, 1);
		n = recv(q->fd, q->buffer + q->used, 4096, MSG_DONTWAIT);
		if (n <= 0)
			break;
		q->used += n;
		take_lines(q);
		if (q->used > MOST_BUFFERED)
			return -1;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

void qmp_close(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	free(q->buffer);
	q->buffer = NULL;
	q->fd = -1;
}
