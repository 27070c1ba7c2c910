// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/campaign/host.h"

static int reload(void)
{
	int status = host_run((const char *[]){ "systemctl", "daemon-reload", NULL });

	if (status > 0)
		error("systemctl daemon-reload: status %d", status);
	return status ? -1 : 0;
}

/* No restart: a step that fails leaves the machine where it is. */
static char *unit_text(const struct campaign *c)
{
	char *workloads =
		*c->workloads ? xasprintf("Environment=\"RMAPBENCH_WORKLOADS=%s\"\n", c->workloads)
			      : xstrdup("");
	char *text =
		xasprintf("# Made by rmapbench campaign; 'rmapbench campaign stop' removes it.\n"
			  "[Unit]\n"
			  "Description=rmapbench campaign %s: measure this boot, go to the next\n"
			  "After=multi-user.target\n"
			  "RequiresMountsFor=\"%s\" \"%s\" \"%s\" " STATE_FOLDER "\n"
			  "ConditionPathExists=" STATE_FILE "\n"
			  "\n"
			  "[Service]\n"
			  "Type=exec\n"
			  "ExecStart=\"%s\" campaign step\n"
			  "%s"
			  "Restart=no\n"
			  "StandardOutput=journal+console\n"
			  "StandardError=journal+console\n"
			  "\n"
			  "[Install]\n"
			  "WantedBy=multi-user.target\n",
			  c->schedule.id, c->program, c->config, c->out, c->program, workloads);

	free(workloads);
	return text;
}

static int write_synced(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t n = strlen(text);
	bool good = fd >= 0 && write(fd, text, n) == (ssize_t)n && !fsync(fd);

	if (fd >= 0)
		close(fd);
	return good ? 0 : -1;
}

static void sync_folder(const char *path)
{
	char *folder = strndup(path, strrchr(path, '/') - path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

static int write_files(const struct campaign *c)
{
	char *file = host_path(UNIT_FILE), *link = host_path(UNIT_LINK), *text = unit_text(c);
	char *wants = strndup(link, strrchr(link, '/') - link);
	const char *failed = NULL;

	if (write_synced(file, text))
		failed = file;
	else if ((mkdir(wants, 0755) && errno != EEXIST) || symlink(UNIT_FILE, link))
		failed = link;
	if (failed)
		error("%s: cannot be made: %s", failed, strerror(errno));
	sync_folder(file);
	sync_folder(link);
	free(wants);
	free(text);
	free(link);
	free(file);
	return failed ? -1 : 0;
}

int unit_install(const struct campaign *c)
{
	if (!write_files(c) && !reload())
		return 0;
	unit_remove();
	return -1;
}

static int remove_file(const char *path)
{
	char *full = host_path(path);
	int rc = unlink(full) && errno != ENOENT;

	if (rc)
		error("%s: cannot be removed: %s; remove it by hand", full, strerror(errno));
	else
		sync_folder(full);
	free(full);
	return rc ? -1 : 0;
}

int unit_remove(void)
{
	int rc = remove_file(UNIT_LINK) | remove_file(UNIT_FILE);

	return rc | reload();
}

bool unit_installed(void)
{
	return host_has(UNIT_FILE);
}
