// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/kernel.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"

static const char *const arch_names[] = { "x86_64", "arm64" };

const char *arch_name(enum arch a)
{
	return arch_names[a];
}

bool arch_parse(const char *name, enum arch *a)
{
	for (size_t i = 0; i < sizeof(arch_names) / sizeof(arch_names[0]); i++) {
		if (!strcmp(name, arch_names[i])) {
			*a = i;
			return true;
		}
	}
	return false;
}

enum arch arch_host(void)
{
	struct utsname u;

	uname(&u);
	return strcmp(u.machine, "aarch64") ? ARCH_X86_64 : ARCH_ARM64;
}

/* ------------------------------------------------------------------ bytes */

struct bytes {
	char *data; /* with a NUL behind it */
	size_t size;
};

static void append(struct bytes *b, const void *data, size_t size)
{
	b->data = xrealloc(b->data, b->size + size + 1, 1);
	memcpy(b->data + b->size, data, size);
	b->size += size;
	b->data[b->size] = '\0';
}

/* 0, or -1 with errno. */
static int read_bytes(const char *path, struct bytes *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = 0;

	*b = (struct bytes){ 0 };
	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		b->data = xcalloc(1, st.st_size + 1);
		while (b->size < (size_t)st.st_size &&
		       (n = read(fd, b->data + b->size, st.st_size - b->size)) > 0)
			b->size += n;
	} else {
		errno = EISDIR;
		n = -1;
	}
	close(fd);
	return n < 0 ? -1 : 0;
}

/* All data of the current entry. False if the archive is broken. */
static bool read_entry(struct archive *a, struct bytes *b)
{
	const void *block;
	la_int64_t offset;
	size_t size;
	int rc;

	while ((rc = archive_read_data_block(a, &block, &size, &offset)) == ARCHIVE_OK)
		append(b, block, size);
	return rc == ARCHIVE_EOF || b->size; /* what follows a compressed kernel is not ours */
}

/* Unpacks one compressed stream of any kind that libarchive knows. False if it is none. */
static bool decompress(const void *data, size_t size, struct bytes *out)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	bool ok;

	*out = (struct bytes){ 0 };
	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	ok = archive_read_open_memory(a, data, size) == ARCHIVE_OK &&
	     archive_read_next_header(a, &e) == ARCHIVE_OK && archive_filter_count(a) > 1 &&
	     read_entry(a, out) && out->size;
	archive_read_free(a);
	return ok;
}

static void take(struct bytes *to, struct bytes *from)
{
	free(to->data);
	*to = *from;
	*from = (struct bytes){ 0 };
}

/* ----------------------------------------------------------- image formats */

static uint32_t get32(const struct bytes *b, size_t at)
{
	uint32_t v = 0;

	if (at + sizeof(v) <= b->size)
		memcpy(&v, b->data + at, sizeof(v));
	return v;
}

static uint16_t get16(const struct bytes *b, size_t at)
{
	return get32(b, at);
}

static bool has(const struct bytes *b, size_t at, const char *magic)
{
	size_t n = strlen(magic);

	return b->size >= at + n && !memcmp(b->data + at, magic, n);
}

/* Documentation/arch/x86/boot.rst: boot_flag, header, version, kernel_version. */
static bool is_bzimage(const struct bytes *b)
{
	return b->size > 0x264 && get16(b, 0x1fe) == 0xaa55 && has(b, 0x202, "HdrS") &&
	       get16(b, 0x206) >= 0x0208;
}

/* Documentation/arch/arm64/booting.rst: magic. */
static bool is_arm64_image(const struct bytes *b)
{
	return has(b, 56, "ARM\x64");
}

/* drivers/firmware/efi/libstub/zboot-header.S: payload offset and size behind "zimg". */
static bool is_efi_zboot(const struct bytes *b)
{
	return has(b, 0, "MZ") && has(b, 4, "zimg");
}

static void find_version(struct kernel *k, const struct bytes *image, const struct bytes *vmlinux)
{
	static const char banner[] = "Linux version ";
	const char *at = NULL;
	size_t room = 0;

	if (k->arch == ARCH_X86_64 && is_bzimage(image)) {
		size_t offset = get16(image, 0x20e) + 0x200;

		if (offset > 0x200 && offset < image->size) {
			at = image->data + offset;
			room = image->size - offset;
		}
	} else if (vmlinux->size) {
		at = memmem(vmlinux->data, vmlinux->size, banner, sizeof(banner) - 1);
		if (at) {
			at += sizeof(banner) - 1;
			room = vmlinux->data + vmlinux->size - at;
		}
	}
	if (at)
		k->version = strndup(at, strnlen(at, room < 256 ? room : 256));
	if (k->version)
		k->version[strcspn(k->version, "\n")] = '\0';
}

/* CONFIG_IKCONFIG: kernel/configs.c puts a gzip stream between two marks. */
static void find_builtin_config(struct kernel *k, const struct bytes *vmlinux)
{
	static const char mark[] = "IKCFG_ST";
	const char *at = vmlinux->size ? memmem(vmlinux->data, vmlinux->size, mark, 8) : NULL;
	struct bytes text;

	if (!at)
		return;
	at += sizeof(mark) - 1;
	if (decompress(at, vmlinux->data + vmlinux->size - at, &text))
		k->config = text.data;
}

/* The kernel proper: what a bzImage or a compressed Image unpacks to. Empty if it cannot be had. */
static struct bytes unpack_kernel(const struct kernel *k, const struct bytes *image)
{
	struct bytes out = { 0 };
	uint32_t at, size;

	if (k->arch == ARCH_ARM64) {
		append(&out, image->data, image->size);
		return out;
	}
	/* boot.rst: payload_offset counts from the protected-mode code, behind the setup sectors.
	 */
	at = (image->data[0x1f1] ? image->data[0x1f1] + 1 : 5) * 512 + get32(image, 0x248);
	size = get32(image, 0x24c);
	if (at < image->size && size <= image->size - at)
		decompress(image->data + at, size, &out);
	return out;
}

/* Settles what `image` is; decompresses an arm64 one, which QEMU 7.2 would not do for zboot. */
static int identify(struct kernel *k, struct bytes *image)
{
	struct bytes plain;

	if (is_efi_zboot(image)) {
		uint32_t at = get32(image, 8), size = get32(image, 12);

		if (at >= image->size || size > image->size - at ||
		    !decompress(image->data + at, size, &plain)) {
			error("%s=%s: the compressed kernel in it is damaged", k->label, k->given);
			return -1;
		}
		take(image, &plain);
	} else if (!is_bzimage(image) && decompress(image->data, image->size, &plain)) {
		take(image, &plain);
	}
	if (is_arm64_image(image)) {
		k->arch = ARCH_ARM64;
		return 0;
	}
	if (is_bzimage(image)) {
		k->arch = ARCH_X86_64;
		if (get16(image, 0x236) & 1)
			return 0;
		error("%s=%s: a kernel for 32-bit x86; x86_64 and arm64 can be compared", k->label,
		      k->given);
		return -1;
	}
	error("%s=%s: %s; give a bzImage, an arm64 Image, a folder with vmlinuz and config, or a "
	      "Debian kernel package",
	      k->label, k->given,
	      has(image, 0, "\177ELF")
		      ? "an ELF file (vmlinux?), not a bootable image (arch/x86/boot/bzImage)"
	      : image->size ? "no kernel"
			    : "an empty file");
	return -1;
}

/* ------------------------------------------------------------ where it comes from */

static void read_config_beside(struct kernel *k, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dash = strchr(name, '-');
	char *folder = slash ? strndup(path, slash - path + 1) : xstrdup("");
	char *candidates[] = {
		/* vmlinuz-6.1.0 has config-6.1.0 */
		dash ? xasprintf("%sconfig%s", folder, dash) : xasprintf("%sconfig", folder),
		xasprintf("%s.config", folder),
		/* <tree>/arch/x86/boot/bzImage */
		xasprintf("%s../../../.config", folder),
	};
	struct bytes text;

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (!k->config && !read_bytes(candidates[i], &text)) {
			if (text.size && strstr(text.data, "CONFIG_"))
				k->config = text.data;
			else
				free(text.data);
		}
		free(candidates[i]);
	}
	free(folder);
}

/* The image in a folder: of a kernel build of ours, an unpacked /boot, or a kernel tree. */
static char *image_in(const char *folder)
{
	static const char *const patterns[] = {
		"vmlinuz",
		"bzImage",
		"Image",
		"vmlinuz-*",
		"boot/vmlinuz-*",
		"arch/x86/boot/bzImage",
		"arch/arm64/boot/Image",
	};
	char *found = NULL;

	for (size_t i = 0; !found && i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		char *pattern = xasprintf("%s/%s", folder, patterns[i]);
		glob_t g;

		if (!glob(pattern, 0, NULL, &g)) {
			if (g.gl_pathc == 1)
				found = xstrdup(g.gl_pathv[0]);
			globfree(&g);
		}
		free(pattern);
	}
	return found;
}

/* Calls `entry` for each file of an archive in memory, until it returns false. */
static bool walk_archive(const struct bytes *b,
			 bool (*entry)(struct archive *, const char *, void *), void *arg)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int rc;

	archive_read_support_filter_all(a);
	archive_read_support_format_ar(a);
	archive_read_support_format_tar(a);
	rc = archive_read_open_memory(a, b->data, b->size);
	while (rc == ARCHIVE_OK && (rc = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		if (!entry(a, archive_entry_pathname(e), arg))
			break;
	}
	archive_read_free(a);
	return rc == ARCHIVE_OK || rc == ARCHIVE_EOF;
}

struct package {
	struct bytes data, image, config;
};

static bool find_data(struct archive *a, const char *path, void *arg)
{
	struct package *p = arg;

	if (strncmp(path, "data.tar", 8))
		return true;
	read_entry(a, &p->data);
	return false;
}

static bool find_boot_files(struct archive *a, const char *path, void *arg)
{
	struct package *p = arg;

	if (!p->image.size && !fnmatch("*boot/vmlinu[xz]-*", path, 0))
		read_entry(a, &p->image);
	if (!p->config.size && !fnmatch("*boot/config-*", path, 0))
		read_entry(a, &p->config);
	return !p->image.size || !p->config.size;
}

/* A .deb is an ar archive (deb(5)) whose member data.tar.* has boot/vmlinuz-* and boot/config-*. */
static int open_package(struct kernel *k, struct bytes *file)
{
	struct package p = { 0 };

	walk_archive(file, find_data, &p);
	if (p.data.size)
		walk_archive(&p.data, find_boot_files, &p);
	free(p.data.data);
	if (!p.image.size) {
		error("%s=%s: a package without boot/vmlinuz-*; give that of the image itself "
		      "(linux-image-<release>-unsigned), not a meta package",
		      k->label, k->given);
		free(p.config.data);
		return -1;
	}
	take(file, &p.image);
	k->config = p.config.data;
	return 0;
}

static int read_image(struct kernel *k, struct bytes *image)
{
	char *path = xstrdup(k->given);
	struct stat st;
	int rc;

	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		free(path);
		path = image_in(k->given);
		if (!path) {
			error("%s=%s: a folder without a kernel: vmlinuz, bzImage or Image, and "
			      "only one of them, is expected in it",
			      k->label, k->given);
			return -1;
		}
	}
	if (read_bytes(path, image)) {
		error("%s=%s: %s", k->label, path, strerror(errno));
		free(path);
		return -1;
	}
	rc = has(image, 0, "!<arch>\n") ? open_package(k, image) : 0;
	if (!rc && !k->config)
		read_config_beside(k, path);
	free(path);
	return rc;
}

static int keep_image(struct kernel *k, const struct bytes *image)
{
	size_t done = 0;
	ssize_t n;

	k->image = memfd_create("rmapbench-kernel", MFD_CLOEXEC);
	while (k->image >= 0 && done < image->size) {
		n = write(k->image, image->data + done, image->size - done);
		if (n < 0)
			break;
		done += n;
	}
	k->size = image->size;
	if (k->image >= 0 && done == image->size)
		return 0;
	error("%s=%s: no memory for the image: %s", k->label, k->given, strerror(errno));
	return -1;
}

int kernel_open(struct kernel *k, const char *label, const char *given)
{
	struct bytes image = { 0 }, vmlinux;
	int rc;

	*k = (struct kernel){ .image = -1 };
	k->label = xstrdup(label);
	k->given = xstrdup(given);
	k->cmdline = xstrdup("");
	rc = read_image(k, &image);
	if (!rc)
		rc = identify(k, &image);
	if (!rc) {
		vmlinux = unpack_kernel(k, &image);
		find_version(k, &image, &vmlinux);
		if (!k->config)
			find_builtin_config(k, &vmlinux);
		free(vmlinux.data);
		rc = keep_image(k, &image);
	}
	free(image.data);
	return rc;
}

void kernel_close(struct kernel *k)
{
	if (k->image >= 0)
		close(k->image);
	free(k->label);
	free(k->given);
	free(k->cmdline);
	free(k->version);
	free(k->config);
	*k = (struct kernel){ .image = -1 };
}

char *kernel_release(const struct kernel *k)
{
	return k->version ? strndup(k->version, strcspn(k->version, " ")) : xstrdup("unknown");
}

/* ------------------------------------------------------------------ what it can do */

char *kernel_option(const struct kernel *k, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = k->config; line && *line;) {
		if (!strncmp(line, name, length) && line[length] == '=')
			return strndup(line + length + 1, strcspn(line + length + 1, "\r\n"));
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

static const struct {
	const char *option, *why;
	bool arch_bound;
	enum arch arch;
	int nodes, cpus; /* only for guests with at least so many */
} wanted[] = {
	{ "CONFIG_BLK_DEV_INITRD", "the guest is an initramfs", .nodes = 0 },
	{ "CONFIG_BINFMT_ELF", "the guest runs programs", .nodes = 0 },
	{ "CONFIG_PROC_FS", "the runner reads /proc", .nodes = 0 },
	{ "CONFIG_SYSFS", "the runner reads /sys", .nodes = 0 },
	{ "CONFIG_PCI", "records leave the guest through a PCI device", .nodes = 0 },
	{ "CONFIG_PRINTK", "a kernel that fails must be able to say so", .nodes = 0 },
	{ "CONFIG_SERIAL_8250_CONSOLE", "the guest's log is its serial console", true, ARCH_X86_64,
	  0, 0 },
	{ "CONFIG_SERIAL_AMBA_PL011_CONSOLE", "the guest's log is its serial console", true,
	  ARCH_ARM64, 0, 0 },
	{ "CONFIG_PCI_HOST_GENERIC", "records leave the guest through a PCI device", true,
	  ARCH_ARM64, 0, 0 },
	{ "CONFIG_NUMA", "the config asks for more than one node", .nodes = 2 },
	{ "CONFIG_ACPI_NUMA", "the config asks for more than one node", true, ARCH_X86_64, 2, 0 },
	{ "CONFIG_SMP", "the config asks for more than one CPU", .cpus = 2 },
};

int kernel_check(const struct kernel *k, const struct guest_needs *needs)
{
	int reasons = 0;

	if (k->arch != needs->arch) {
		error("%s=%s: a kernel for %s, but the guests are %s; say --arch %s, or give "
		      "another kernel",
		      k->label, k->given, arch_name(k->arch), arch_name(needs->arch),
		      arch_name(k->arch));
		return 1;
	}
	if (!k->config) {
		warning("%s=%s: its config is neither beside it nor built in, so whether it can be "
			"a guest shows only when it boots",
			k->label, k->given);
		return 0;
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		char *value;

		if ((wanted[i].arch_bound && wanted[i].arch != k->arch) ||
		    needs->nodes < wanted[i].nodes || needs->cpus < wanted[i].cpus)
			continue;
		value = kernel_option(k, wanted[i].option);
		if (!value || strcmp(value, "y")) {
			error("%s=%s: built with %s=%s, needed is y: %s", k->label, k->given,
			      wanted[i].option, value ? value : "n", wanted[i].why);
			reasons++;
		}
		free(value);
	}
	return reasons;
}
