// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runner/shared_area.h"

void (*progress_watch)(const char *title);

static long total, done;
static double started;
static bool terminal;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* The console of a lab guest is a terminal, but what it shows is a log. */
static bool can_redraw(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && (!term || strcmp(term, "dumb"));
}

void progress_start(long n)
{
	total = n;
	done = 0;
	started = now();
	terminal = can_redraw();
}

void progress_process(const char *title, const char *pass)
{
	double elapsed = now() - started;
	long left = done ? (long)(elapsed / done * (total - done)) : -1;

	shared_area_put(FRAME_RUNNING, title, strlen(title)); /* in a guest: for the host */
	if (progress_watch)
		progress_watch(title);
	if (!terminal)
		return;
	fprintf(stderr, "\r\033[K[%ld/%ld] ", done + 1, total);
	if (left >= 0)
		fprintf(stderr, "%ld:%02ld left  ", left / 60, left % 60);
	fprintf(stderr, "%s  %s", title, pass);
	fflush(stderr);
}

void progress_reached(long n)
{
	done = n;
}

void progress_item(const char *title, const char *outcome)
{
	if (terminal)
		fprintf(stderr, "\r\033[K");
	fprintf(stderr, "[%ld/%ld] %s  %s\n", done, total, title, outcome);
}

void progress_end(void)
{
	if (terminal)
		fprintf(stderr, "\r\033[K");
}
