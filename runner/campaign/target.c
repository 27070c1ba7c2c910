// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/target.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/campaign/host.h"
#include "runner/lab/kernel.h"

static bool label_is_valid(const char *label)
{
	return *label && *label != '.' && !strchr(label, '/') && strlen(label) < 100;
}

/* The first of these that is there, each made of `word`; "" if none is. */
static char *first_of(const char *const *patterns, size_t count, const char *folder,
		      const char *word)
{
	for (size_t i = 0; i < count; i++) {
		/* folder, what stands before the word, word, what stands behind it */
		const char *star = strchr(patterns[i], '*');
		char *path = xasprintf("%s%.*s%s%s", folder, (int)(star - patterns[i]), patterns[i],
				       word, star + 1);

		if (host_has(path))
			return path;
		free(path);
	}
	return xstrdup("");
}

/* Where distributions keep the image of a release. */
static char *image_of(const char *release)
{
	static const char *const patterns[] = { "/boot/vmlinuz-*", "/boot/vmlinux-*",
						"/boot/Image-*", "/lib/modules/*/vmlinuz",
						"/usr/lib/modules/*/vmlinuz" };

	return first_of(patterns, sizeof(patterns) / sizeof(*patterns), "", release);
}

/* The initrd that belongs to an image: same folder, same name behind the first dash. */
static char *initrd_of(const char *image, const char *release)
{
	static const char *const beside[] = { "/initrd.img-*", "/initramfs-*.img", "/initrd-*",
					      "/initrd.img*" };
	const char *slash = strrchr(image, '/'), *dash = strchr(slash, '-');
	char *folder = strndup(image, slash - image), *path;

	path = first_of(beside, dash ? 3 : 4, folder, dash ? dash + 1 : "");
	if (!*path && dash) {
		free(path);
		path = first_of(beside, 3, "/boot", release);
	}
	free(folder);
	return path;
}

static int check_modules(const struct target *t, const struct kernel *k)
{
	char *known = kernel_option(k, "CONFIG_MODULES");
	bool none = k->config && !known;
	char *dep = xasprintf("/lib/modules/%s/modules.dep", t->release);
	bool there = none || host_has(dep);

	if (!there)
		error("%s=%s: its modules are not installed, %s is not there: install the "
		      "distribution's package, or run 'make modules_install' in its source",
		      t->label, t->image, dep);
	free(known);
	free(dep);
	return there ? 0 : -1;
}

static int check_initrd(const struct target *t)
{
	if (*t->initrd)
		return 0;
	error("%s=%s: no initrd belongs to it: expected is initrd.img-%s or initramfs-%s.img "
	      "beside it; 'update-initramfs -c -k %s' (Debian) or 'dracut --kver %s' makes one",
	      t->label, t->image, t->release, t->release, t->release, t->release);
	return -1;
}

static int read_image(struct target *t)
{
	char *full = host_path(t->image);
	struct kernel k;
	int rc = kernel_open(&k, t->label, full);

	free(full);
	if (!rc && k.arch != arch_host()) {
		error("%s=%s: a kernel for %s, and this machine is %s", t->label, t->image,
		      arch_name(k.arch), arch_name(arch_host()));
		rc = -1;
	}
	if (!rc && !k.version) {
		error("%s=%s: the image does not tell its version, so that nobody could check "
		      "what booted",
		      t->label, t->image);
		rc = -1;
	}
	if (!rc) {
		t->version = xstrdup(k.version);
		t->release = kernel_release(&k);
		t->initrd = initrd_of(t->image, t->release);
		rc = check_modules(t, &k) | check_initrd(t);
	}
	kernel_close(&k);
	return rc;
}

/* Without symbolic links, seen from the machine's own root. */
static char *real_path(const char *path)
{
	char *full = host_path(path), *real = realpath(full, NULL), *plain;

	plain = xstrdup(real ? host_plain(real) : path);
	free(full);
	free(real);
	return plain;
}

static int find_image(struct target *t, const char *word)
{
	char *found;

	if (strchr(word, '/')) {
		found = xstrdup(word);
		if (*word != '/' || !host_has(word)) {
			error("%s=%s: %s", t->label, word,
			      *word == '/' ? "is not there" : "give the whole path of the image");
			free(found);
			return -1;
		}
	} else {
		found = image_of(word);
	}
	if (!*found) {
		error("%s=%s: no kernel of that release is installed: neither /boot/vmlinuz-%s nor "
		      "/lib/modules/%s/vmlinuz is there",
		      t->label, word, word, word);
		free(found);
		return -1;
	}
	t->image = real_path(found);
	free(found);
	return 0;
}

int target_open(struct target *t, const char *word)
{
	const char *equals = strchr(word, '=');

	*t = (struct target){ 0 };
	if (!equals || !equals[1]) {
		error("'%s': each kernel is given as LABEL=RELEASE or LABEL=/boot/vmlinuz-...",
		      word);
		return -1;
	}
	t->label = strndup(word, equals - word);
	t->entry = xstrdup("");
	if (!label_is_valid(t->label)) {
		error("'%s': a label is the name of a folder: no slash, no dot at its start, 1 to "
		      "99 characters",
		      word);
		return -1;
	}
	if (find_image(t, equals + 1) || read_image(t))
		return -1;
	if (strchr(equals + 1, '/') || !strcmp(equals + 1, t->release))
		return 0;
	error("%s: %s is kernel %s, not %s", word, t->image, t->release, equals + 1);
	return -1;
}

int targets_differ(const struct target *t, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!strcmp(t[i].label, t[j].label)) {
				error("the label '%s' is given twice", t[i].label);
				rc = -1;
			} else if (!strcmp(t[i].image, t[j].image) ||
				   !strcmp(t[i].version, t[j].version)) {
				error("%s and %s are the same kernel, %s: blocks compare different "
				      "ones",
				      t[j].label, t[i].label, t[i].version);
				rc = -1;
			}
		}
	}
	return rc;
}

void target_free(struct target *t)
{
	free(t->label);
	free(t->image);
	free(t->initrd);
	free(t->release);
	free(t->version);
	free(t->cmdline);
	free(t->entry);
	*t = (struct target){ 0 };
}
