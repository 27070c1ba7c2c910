// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Openings of the reports of the kernel's own checkers; none stands in an ordinary message. */
static const char *const complaints[] = {
	"BUG:",
	"WARNING:",
	"Oops:",
	"Kernel panic",
	"general protection fault",
	"soft lockup",
	"hard LOCKUP",
	"rcu: INFO: rcu_",
	"INFO: task ",
	"KASAN:",
	"KCSAN:",
	"UBSAN:",
	"Bad page ",
	"Bad rss-counter",
	"possible circular locking",
	"kernel BUG at",
	"Unable to handle kernel",
	"page dumped because",
	"list_add corruption",
	"list_del corruption",
	"inconsistent lock state",
	"refcount_t:",
};

static int fd = -1;

/* What memory offlining says of a block that it cannot take: an answer, no fault. */
static const char answer[] = "page dumped because: unmovable page";

int kernel_log_is_complaint(const char *line)
{
	if (strstr(line, answer))
		return 0;
	for (size_t i = 0; i < sizeof(complaints) / sizeof(*complaints); i++) {
		if (strstr(line, complaints[i]))
			return 1;
	}
	return 0;
}

void kernel_log_mark(void)
{
	if (fd < 0)
		fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
}

json_t *kernel_log_complaints(void)
{
	json_t *lines = NULL;
	char line[8192];
	ssize_t n;

	/* EPIPE: the reader was overtaken; the next read goes on behind the gap. */
	while (fd >= 0 && ((n = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE)) {
		char *text;

		if (n <= 0)
			continue;
		line[n] = '\0';
		/* "6,339,5140900,-;text\n": the text is what people know. */
		text = strchr(line, ';');
		text = text ? text + 1 : line;
		text[strcspn(text, "\n")] = '\0';
		if (!kernel_log_is_complaint(text))
			continue;
		lines = lines ? lines : json_array();
		json_array_append_new(lines, json_string(text));
	}
	return lines;
}
