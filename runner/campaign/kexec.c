// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/kexec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/campaign/host.h"

/* Below another root a file takes the place of the kernel: one line, image, initrd and words. */
#define PRETENDED "/run/kexec-loaded"

static char *lockdown(void)
{
	char text[128], *open, *close;

	host_text("/sys/kernel/security/lockdown", text, sizeof(text));
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close || !strncmp(open, "[none]", 6))
		return NULL;
	return strndup(open + 1, close - open - 1);
}

char *kexec_refusal(void)
{
	char text[32];

	if (!host_has("/sys/kernel/kexec_loaded"))
		return xstrdup("the running kernel is built without kexec (CONFIG_KEXEC_FILE)");
	host_text("/proc/sys/kernel/kexec_load_disabled", text, sizeof(text));
	if (!strcmp(text, "1"))
		return xstrdup("kexec is switched off until the next reboot "
			       "(kernel.kexec_load_disabled = 1)");
	host_text("/sys/kernel/kexec_loaded", text, sizeof(text));
	if (!strcmp(text, "1"))
		return xstrdup("somebody has loaded a kernel already (/sys/kernel/kexec_loaded is "
			       "1); 'kexec -u' forgets it");
	return NULL;
}

/* An error of kexec_file_load(2) in words that say what to do. */
static char *explain(const struct target *t, int error)
{
	char *locked = lockdown(), *why;
	const char *hint = "";

	if (locked && (error == EPERM || error == EKEYREJECTED || error == ENOKEY))
		hint = ": this machine is locked down (secure boot?) and takes only kernels signed "
		       "with a key that it knows";
	else if (error == EKEYREJECTED || error == ENOKEY || error == EBADMSG)
		hint = ": the running kernel takes only signed ones";
	else if (error == ENOEXEC)
		hint = ": the running kernel cannot load images of this kind, or it is not "
		       "relocatable (CONFIG_RELOCATABLE)";
	else if (error == ENOSYS)
		hint = ": the running kernel is built without CONFIG_KEXEC_FILE";
	else if (error == EBUSY)
		hint = ": another kernel is being loaded";
	why = xasprintf("%s cannot be loaded for kexec: %s%s", t->image, strerror(error), hint);
	free(locked);
	return why;
}

/* Returns an error number. */
static int load_for_real(const struct target *t)
{
	unsigned long flags = *t->initrd ? 0 : KEXEC_FILE_NO_INITRAMFS;
	int kernel = open(t->image, O_RDONLY | O_CLOEXEC);
	int initrd = *t->initrd ? open(t->initrd, O_RDONLY | O_CLOEXEC) : -1;
	int error = 0;

	if (kernel < 0 || (*t->initrd && initrd < 0) ||
	    syscall(SYS_kexec_file_load, kernel, initrd, strlen(t->cmdline) + 1, t->cmdline, flags))
		error = errno;
	if (kernel >= 0)
		close(kernel);
	if (initrd >= 0)
		close(initrd);
	return error;
}

static int pretend(const struct target *t)
{
	char *path = host_path(PRETENDED);
	FILE *f = fopen(path, "we");
	int rc = 0;

	if (!f || fprintf(f, "%s %s %s\n", t->image, t->initrd, t->cmdline) < 0)
		rc = errno;
	if (f && fclose(f))
		rc = errno;
	free(path);
	return rc;
}

char *kexec_load(const struct target *t)
{
	int error = host_is_real() ? load_for_real(t) : pretend(t);

	return error ? explain(t, error) : NULL;
}

void kexec_unload(void)
{
	char *path;

	if (host_is_real()) {
		syscall(SYS_kexec_file_load, -1, -1, 0L, NULL, (long)KEXEC_FILE_UNLOAD);
		return;
	}
	path = host_path(PRETENDED);
	unlink(path);
	free(path);
}

char *kexec_try(const struct target *t, size_t count)
{
	char *why = NULL;

	for (size_t i = 0; i < count && !why; i++)
		why = kexec_load(&t[i]);
	kexec_unload();
	return why;
}

/* x86's boot protocol: kexec_file_load(2) calls itself loader 0xd. Others do not say. */
bool kexec_booted(void)
{
	char text[32];

	host_text("/proc/sys/kernel/bootloader_type", text, sizeof(text));
	return !*text || atoi(text) >> 4 == 0xd;
}
