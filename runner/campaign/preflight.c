// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/preflight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/campaign/host.h"
#include "runner/campaign/people.h"
#include "runner/campaign/unit.h"

static int check_root(void)
{
	if (!geteuid())
		return 0;
	error("a campaign reboots the machine and installs a systemd unit: run it as root");
	return 1;
}

static int check_systemd(void)
{
	char name[64];

	host_text("/proc/1/comm", name, sizeof(name));
	if (host_has("/run/systemd/container")) {
		error("this is a container, which has no kernel of its own to boot; run it on the "
		      "machine itself");
		return 1;
	}
	if (!strcmp(name, "systemd") && host_has("/run/systemd/system"))
		return 0;
	error("process 1 is '%s', not systemd, which the campaign goes on by after each boot; boot "
	      "each kernel by hand and take 'rmapbench run --label NAME' there",
	      name);
	return 1;
}

static int check_people(const struct campaign *c)
{
	char *who = c->force ? NULL : people_here(c->owner);

	if (!who)
		return 0;
	error("%s is logged in: the machine would reboot under somebody's hands; --force does it "
	      "all the same",
	      who);
	free(who);
	return 1;
}

static int check_other(void)
{
	if (!host_has(STATE_FILE) && !unit_installed())
		return 0;
	error("a campaign is there already (" STATE_FILE "): 'rmapbench campaign status' tells "
	      "how far it is, 'rmapbench campaign stop' ends it");
	return 1;
}

int preflight_host(const struct campaign *c)
{
	return check_root() + check_systemd() + check_people(c) + check_other();
}

/* What the unit file could not carry. */
static int check_name(const char *what, const char *path)
{
	if (!strpbrk(path, "\"\\%$\n"))
		return 0;
	error("%s %s: a systemd unit cannot name it: no quotes, backslashes, percent or dollar "
	      "signs",
	      what, path);
	return 1;
}

static int check_kept(const char *what, const char *path)
{
	char type[64], source[256];

	host_mount(path, type, source);
	if (strcmp(type, "tmpfs") && strcmp(type, "ramfs") && strcmp(type, "overlay"))
		return check_name(what, path);
	error("%s %s is on %s, which is gone after a reboot: take a place on a disk", what, path,
	      type);
	return 1;
}

int preflight_files(const struct campaign *c)
{
	int reasons = check_kept("the program", c->program) + check_kept("--config", c->config) +
		      check_kept("--out", c->out) + check_kept("the state", STATE_FOLDER);

	if (*c->workloads)
		reasons += check_kept("RMAPBENCH_WORKLOADS", c->workloads);
	return reasons;
}

/* A line of /etc/crypttab that asks a person: no key file. */
static bool asks_for_passphrase(void)
{
	char *path = host_path("/etc/crypttab"), line[1024], key[512];
	FILE *f = fopen(path, "re");
	bool asks = false;

	free(path);
	while (f && fgets(line, sizeof(line), f)) {
		if (*line == '#' || sscanf(line, "%*s %*s %511s", key) != 1)
			continue;
		asks = asks || !strcmp(key, "none") || !strcmp(key, "-");
	}
	if (f)
		fclose(f);
	return asks;
}

void preflight_warn(const struct campaign *c)
{
	if (asks_for_passphrase())
		warning("/etc/crypttab asks for a passphrase at boot: somebody must be there at "
			"each reboot, or the campaign waits");
	if (!host_has("/dev/watchdog0") && !host_has("/dev/watchdog"))
		warning("no watchdog device: a kernel that panics reboots by itself, one that "
			"hangs waits for a person");
	if (c->way != WAY_KEXEC)
		warning("the boot loader's entries give the command lines; only what they say is "
			"booted");
}
