// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Speaks workloads/protocol.h for the fake workloads in tests/fake, which are shell scripts: a
 * shell can neither send packets nor fill a sample area.
 *
 *   talk say FD TEXT...                 sends each text as a packet
 *   talk hold FD POINT...               marks each hold point and waits there for the runner
 *   talk samples FD CAPACITY VALUE...   fills the area of one metric that has room for CAPACITY
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workloads/protocol.h"

static void fail(const char *what)
{
	fprintf(stderr, "talk: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		fail("send");
}

static void hold(int fd, const char *point)
{
	char packet[64], reply[16];

	snprintf(packet, sizeof(packet), "{\"hold\":\"%s\",\"model\":{}}", point);
	say(fd, packet);
	if (recv(fd, reply, sizeof(reply), 0) <= 0)
		fail("the runner did not answer at a hold point");
}

static void samples(int fd, uint64_t capacity, char **values, int n)
{
	struct sample_area area = { .magic = SAMPLE_MAGIC, .capacity = capacity };

	area.used[0] = n;
	if (pwrite(fd, &area, sizeof(area), 0) != sizeof(area))
		fail("pwrite");
	for (int i = 0; i < n; i++) {
		struct sample sample = { .value = strtoull(values[i], NULL, 10) };

		if (pwrite(fd, &sample, sizeof(sample), sizeof(area) + i * sizeof(sample)) < 0)
			fail("pwrite");
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	int fd = argc > 3 ? atoi(argv[2]) : -1;

	if (!strcmp(what, "samples")) {
		samples(fd, strtoull(argv[3], NULL, 10), argv + 4, argc - 4);
		return 0;
	}
	if (strcmp(what, "say") && strcmp(what, "hold")) {
		fprintf(stderr, "usage: talk say|hold|samples FD WORD...\n");
		return 2;
	}
	for (int i = 3; i < argc; i++)
		(*what == 's' ? say : hold)(fd, argv[i]);
	return 0;
}
