// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/lost.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/campaign/host.h"
#include "runner/lab/repeat.h"
#include "runner/progress.h"
#include "runner/record.h"

/* ------------------------------------------------------- which workload runs */

static int running_file = -1;

/* On the disk, so that it outlives the kernel; once for each workload, before it is settled. */
static void note_running(const char *title)
{
	static char last[512];
	size_t n = strlen(title);

	if (running_file < 0 || n >= sizeof(last) || !strcmp(last, title))
		return;
	strcpy(last, title);
	if (ftruncate(running_file, 0) || pwrite(running_file, title, n, 0) != (ssize_t)n ||
	    fdatasync(running_file))
		last[0] = '\0';
}

void running_watch(void)
{
	char *path = host_path(RUNNING_FILE);

	running_file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	free(path);
	progress_watch = note_running;
}

void running_none(void)
{
	char *path = host_path(RUNNING_FILE);

	unlink(path);
	free(path);
}

/* -------------------------------------------------------------------- records */

static json_t *block_json(const struct campaign *c, const struct planned_boot *b)
{
	return json_pack("{s:s, s:I, s:I}", "schedule", c->schedule.id, "index",
			 (json_int_t)b->index, "position", (json_int_t)b->position);
}

/* The file that the boot left, or a new one. */
static struct record_file *file_of(const struct campaign *c, const char *label, const char *boot_id)
{
	char *folder = xasprintf("%s/%s/%s", c->out, label, boot_id), *path;
	struct record_file *f;

	record_file_of(folder, &path);
	f = path ? record_append(path) : record_create(c->out, label, boot_id);
	free(path);
	free(folder);
	return f;
}

static int write_failure(const struct campaign *c, const char *boot_id, const char *outcome,
			 const char *workload, const char *line)
{
	const struct planned_boot *b = &c->schedule.boots[c->current];
	const char *label = c->kernels[b->kernel].label;
	struct record_file *f = file_of(c, label, boot_id);
	int rc = -1;

	if (f)
		rc = record_write(f, "boot_failed",
				  json_pack("{s:i, s:s, s:s, s:o, s:s, s:s?, s:[s]}", "schema",
					    SCHEMA, "label", label, "boot_id", boot_id, "block",
					    block_json(c, b), "outcome", outcome, "workload",
					    workload, "lines", line));
	record_close(f);
	return rc;
}

int lost_boot(struct campaign *c, const char *boot_id, const char *outcome, const char *line)
{
	struct planned_boot *b = &c->schedule.boots[c->current];
	char running[512] = "", *whole;
	int rc;

	if (boot_id)
		host_text(RUNNING_FILE, running, sizeof(running));
	whole = *running ? xasprintf("%s (while %s ran)", line, running) : xstrdup(line);
	/* "fork/vmas" of "fork/vmas vmas=64" */
	running[strcspn(running, " ")] = '\0';
	error("boot of %s, block %ld: %s: %s", c->kernels[b->kernel].label, b->index, outcome,
	      whole);
	rc = write_failure(c, boot_id ? boot_id : b->boot_id, outcome, *running ? running : NULL,
			   whole);
	state_note(c, c->current, boot_id ? boot_id : b->boot_id, outcome,
		   *running ? running : NULL, 0);
	/* Another try is another boot. */
	new_boot_id(b->boot_id);
	running_none();
	free(whole);
	return rc;
}
