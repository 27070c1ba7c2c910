// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/boot_loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/campaign/host.h"

/* systemd-boot leaves this behind for the system it starts; the vendor is always the same. */
#define LOADER_INFO "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

/* The variable is UTF-16 behind four bytes of attributes. */
static bool is_systemd_boot(void)
{
	static const char name[] = "systemd-boot";
	char *path = host_path(LOADER_INFO), text[256] = "";
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0, found = 0;

	free(path);
	if (f)
		fclose(f);
	for (size_t i = 4; i < n && found < sizeof(name) - 1; i += 2)
		found = text[i] == name[found] ? found + 1 : 0;
	return found == sizeof(name) - 1;
}

char *boot_loader_find(struct target *t, size_t count, enum way *way)
{
	if (is_systemd_boot()) {
		*way = WAY_SYSTEMD_BOOT;
		return systemd_boot_find(t, count);
	}
	if (host_has("/boot/grub/grub.cfg") || host_has("/boot/grub2/grub.cfg")) {
		*way = WAY_GRUB;
		return grub_find(t, count);
	}
	return xstrdup("neither GRUB (/boot/grub/grub.cfg) nor systemd-boot started this machine; "
		       "other boot loaders have no one-shot entry that rmapbench knows");
}

static const char *grub_tool(const char *debian, const char *fedora)
{
	char *there = host_program(debian);
	const char *name = there ? debian : fedora;

	free(there);
	return name;
}

static int set_once(enum way way, const char *entry)
{
	if (way == WAY_SYSTEMD_BOOT)
		return host_run((const char *[]){ "bootctl", "set-oneshot", entry, NULL });
	return host_run((const char *[]){ grub_tool("grub-reboot", "grub2-reboot"), entry, NULL });
}

char *boot_loader_once(enum way way, const struct target *t)
{
	int status = set_once(way, t->entry);

	if (!status)
		return NULL;
	return xasprintf("the boot loader's one-shot entry '%s' cannot be set: status %d", t->entry,
			 status);
}

void boot_loader_forget(enum way way)
{
	int status = 0;

	if (way == WAY_KEXEC)
		return;
	if (way == WAY_SYSTEMD_BOOT)
		status = set_once(way, "");
	else
		status = host_run((const char *[]){ grub_tool("grub-editenv", "grub2-editenv"), "-",
						    "unset", "next_entry", NULL });
	if (status)
		warning("the one-shot entry of %s may still be set: look at it before the next "
			"reboot",
			way_name(way));
}
