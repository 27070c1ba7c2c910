// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is this kernel? Images made here, with the marks of the real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "lib/alloc.h"
#include "runner/lab/config.h"
#include "runner/lab/kernel.h"

enum { IMAGE_BYTES = 8192 };

#define CONFIG                                                                                     \
	"CONFIG_BLK_DEV_INITRD=y\nCONFIG_BINFMT_ELF=y\nCONFIG_PROC_FS=y\nCONFIG_SYSFS=y\n"         \
	"CONFIG_PCI=y\nCONFIG_PRINTK=y\nCONFIG_SERIAL_8250_CONSOLE=y\n"                            \
	"CONFIG_SERIAL_AMBA_PL011_CONSOLE=y\nCONFIG_PCI_HOST_GENERIC=y\n"
#define NUMA "CONFIG_NUMA=y\nCONFIG_ACPI_NUMA=y\n"

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lab-kernel-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	char *command = xasprintf("rm -rf '%s'", folder);
	int rc = system(command);

	(void)state;
	free(command);
	return rc;
}

/* Returns the path, to be freed. */
static char *write_file(const char *name, const void *bytes, size_t size)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
	return path;
}

static void make_bzimage(unsigned char *b, bool wide)
{
	static const char version[] = "6.9.1-test (me@here) #1 SMP today";

	memset(b, 0, IMAGE_BYTES);
	b[0x1fe] = 0x55;
	b[0x1ff] = 0xaa;
	memcpy(b + 0x202, "HdrS", 4);
	b[0x206] = 0x0f; /* protocol 2.15 */
	b[0x207] = 0x02;
	b[0x20e] = 0x00; /* version at 0x200 + 0x1000 */
	b[0x20f] = 0x10;
	b[0x236] = wide;
	memcpy(b + 0x1200, version, sizeof(version));
}

/* A gzip stream of text; returns its size. */
static size_t gzip(const void *text, size_t size, unsigned char *to, size_t room)
{
	z_stream z = {
		.next_in = (void *)text, .avail_in = size, .next_out = to, .avail_out = room
	};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

/* With the config built in. */
static void make_arm64(unsigned char *b)
{
	size_t n;

	memset(b, 0, IMAGE_BYTES);
	memcpy(b + 56, "ARM\x64", 4);
	strcpy((char *)b + 1024, "Linux version 6.9.2-arm (me@here) (gcc) #1 SMP today\n");
	memcpy(b + 2048, "IKCFG_ST", 8);
	n = gzip(CONFIG, strlen(CONFIG), b + 2056, 4096);
	memcpy(b + 2056 + n, "IKCFG_ED", 8);
}

static void a_bzimage_has_its_config_beside_it(void **state)
{
	unsigned char b[IMAGE_BYTES];
	struct kernel k;
	char *image, *config, *value;

	(void)state;
	make_bzimage(b, true);
	image = write_file("vmlinuz-6.9.1", b, sizeof(b));
	config = write_file("config-6.9.1", CONFIG NUMA, strlen(CONFIG NUMA));
	assert_int_equal(kernel_open(&k, "base", image), 0);
	assert_int_equal(k.arch, ARCH_X86_64);
	assert_string_equal(k.version, "6.9.1-test (me@here) #1 SMP today");
	value = kernel_release(&k);
	assert_string_equal(value, "6.9.1-test");
	free(value);
	value = kernel_option(&k, "CONFIG_NUMA");
	assert_string_equal(value, "y");
	free(value);
	assert_null(kernel_option(&k, "CONFIG_NUM"));
	assert_int_equal(lseek(k.image, 0, SEEK_END), IMAGE_BYTES);
	kernel_close(&k);
	/* And so has a folder, whatever the names in it. */
	assert_int_equal(kernel_open(&k, "base", folder), 0);
	assert_non_null(k.config);
	kernel_close(&k);
	free(image);
	free(config);
}

static void an_arm64_image_may_be_compressed_and_has_its_config_inside(void **state)
{
	unsigned char b[IMAGE_BYTES], packed[IMAGE_BYTES];
	char *path, *value;
	struct kernel k;

	(void)state;
	make_arm64(b);
	path = write_file("Image.gz", packed, gzip(b, sizeof(b), packed, sizeof(packed)));
	assert_int_equal(kernel_open(&k, "new", path), 0);
	assert_int_equal(k.arch, ARCH_ARM64);
	assert_int_equal(k.size, IMAGE_BYTES);
	assert_int_equal(strncmp(k.version, "6.9.2-arm ", 10), 0);
	value = kernel_option(&k, "CONFIG_PCI_HOST_GENERIC");
	assert_string_equal(value, "y");
	free(value);
	kernel_close(&k);
	free(path);
}

static void add_entry(struct archive *a, const char *name, const void *bytes, size_t size)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, S_IFREG | 0644);
	archive_entry_set_size(e, size);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, bytes, size), size);
	archive_entry_free(e);
}

/* A .deb of the image, if there is one; returns its path. */
static char *make_package(const void *image, size_t size)
{
	char *path = xasprintf("%s/linux-image.deb", folder);
	static char tar[10 * IMAGE_BYTES];
	size_t used = 0;
	struct archive *a = archive_write_new();

	archive_write_set_format_ustar(a);
	archive_write_add_filter_xz(a);
	assert_int_equal(archive_write_open_memory(a, tar, sizeof(tar), &used), ARCHIVE_OK);
	add_entry(a, "./boot/System.map-6.9.1", "x", 1);
	add_entry(a, "./boot/config-6.9.1", CONFIG, strlen(CONFIG));
	if (size)
		add_entry(a, "./boot/vmlinuz-6.9.1", image, size);
	archive_write_free(a);
	a = archive_write_new();
	archive_write_set_format_ar_bsd(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	add_entry(a, "debian-binary", "2.0\n", 4);
	add_entry(a, "control.tar.xz", "nothing", 7);
	add_entry(a, "data.tar.xz", tar, used);
	archive_write_free(a);
	return path;
}

static void a_package_has_both(void **state)
{
	unsigned char b[IMAGE_BYTES];
	struct kernel k;
	char *path;

	(void)state;
	make_bzimage(b, true);
	path = make_package(b, sizeof(b));
	assert_int_equal(kernel_open(&k, "base", path), 0);
	assert_int_equal(k.size, IMAGE_BYTES);
	assert_string_equal(k.config, CONFIG);
	kernel_close(&k);
	free(path);
	path = make_package(NULL, 0);
	assert_int_equal(kernel_open(&k, "base", path), -1);
	kernel_close(&k);
	free(path);
}

static void what_is_no_kernel_is_refused(void **state)
{
	unsigned char narrow[IMAGE_BYTES], zeros[IMAGE_BYTES] = { 0 }, cut[IMAGE_BYTES];
	char *paths[7];
	struct kernel k;

	(void)state;
	make_bzimage(narrow, false);
	make_bzimage(cut, true);
	paths[0] = write_file("narrow", narrow, sizeof(narrow));
	paths[1] = write_file("zeros", zeros, sizeof(zeros));
	paths[2] = write_file("empty", "", 0);
	paths[3] = write_file("elf", "\177ELF\2\1\1", 7);
	paths[4] = write_file("text", "#!/bin/sh\n", 10);
	paths[5] = write_file("cut", cut, 0x210);
	paths[6] = write_file("ar", "!<arch>\nbroken", 14);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(kernel_open(&k, "base", paths[i]), -1);
		kernel_close(&k);
		free(paths[i]);
	}
	assert_int_equal(kernel_open(&k, "base", "/nowhere"), -1);
	kernel_close(&k);
}

static void what_a_guest_needs_is_checked(void **state)
{
	struct guest_needs one = { ARCH_X86_64, 1, 1 }, two = { ARCH_X86_64, 2, 1 },
			   smp = { ARCH_X86_64, 1, 2 }, arm = { ARCH_ARM64, 1, 1 };
	struct kernel k = { .label = "base", .given = "x", .arch = ARCH_X86_64, .config = CONFIG };

	(void)state;
	assert_int_equal(kernel_check(&k, &one), 0);
	assert_int_equal(kernel_check(&k, &two), 2); /* NUMA, ACPI_NUMA */
	assert_int_equal(kernel_check(&k, &smp), 1);
	assert_int_equal(kernel_check(&k, &arm), 1);
	k.config = CONFIG NUMA;
	assert_int_equal(kernel_check(&k, &two), 0);
	k.config = "CONFIG_SERIAL_8250_CONSOLE=m\n";
	assert_int_equal(kernel_check(&k, &one), 7);
	k.config = NULL; /* warns only */
	assert_int_equal(kernel_check(&k, &two), 0);
}

static void sizes_are_read(void **state)
{
	static const char *const bad[] = { "", "x", "-1", "1Q", "1GB", "G", "99999999999T", "1 G" };
	uint64_t bytes;

	(void)state;
	assert_true(parse_bytes("512M", &bytes));
	assert_int_equal(bytes, 512u << 20);
	assert_true(parse_bytes("2G", &bytes));
	assert_int_equal(bytes, UINT64_C(2) << 30);
	assert_true(parse_bytes("4096", &bytes));
	assert_int_equal(bytes, 4096);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(parse_bytes(bad[i], &bytes));
}

static void a_config_is_read(void **state)
{
	static const char text[] =
		"[lab]\nmode = layout\nplan = p.ini\nblocks = 9\nseed = 5\n"
		"cmdline = a=b c\nrecords = 8M\n[node 0]\ncpus = 1\nmemory = 1G\n"
		"[node 1]\nmemory = 512M\n[kernel on]\ncmdline = x=1\n";
	char *path = write_file("lab.ini", text, strlen(text)), *plan;
	struct lab_config c;

	(void)state;
	assert_int_equal(lab_config_read(&c, path), 0);
	assert_int_equal(c.mode, MODE_LAYOUT);
	plan = xasprintf("%s/p.ini", folder);
	assert_string_equal(c.plan, plan);
	assert_int_equal(c.blocks, 9);
	assert_int_equal(c.seed, 5);
	assert_string_equal(c.machine.cmdline, "a=b c");
	assert_int_equal(c.machine.area_bytes, 8 << 20);
	assert_int_equal(c.machine.node_count, 2);
	assert_int_equal(c.machine.nodes[0].cpus, 1);
	assert_int_equal(c.machine.nodes[1].cpus, 0);
	assert_int_equal(machine_memory(&c.machine), UINT64_C(1536) << 20);
	assert_int_equal(c.kernel_count, 1);
	assert_string_equal(c.kernels[0].label, "on");
	assert_string_equal(c.kernels[0].cmdline, "x=1");
	lab_config_free(&c);
	free(path);
	free(plan);
}

static void the_built_in_config_is_read(void **state)
{
	struct lab_config c;

	(void)state;
	assert_int_equal(lab_config_read(&c, NULL), 0);
	assert_int_equal(c.mode, MODE_EXACT);
	assert_null(c.plan);
	assert_int_equal(c.machine.node_count, 2);
	assert_int_equal(lab_config_check(&c), 0);
	assert_non_null(strstr(lab_smoke_plan(), "[run]"));
	lab_config_free(&c);
}

static void bad_configs_are_refused(void **state)
{
#define NODE "[node 0]\ncpus = 1\nmemory = 1G\n"
	static const char *const bad[] = {
		"[lab]\nmode = quick\n" NODE,
		"[lab]\nspeed = 1\n" NODE,
		"[lab]\nblocks = 0\n" NODE,
		"[lab]\nblocks = two\n" NODE,
		"[lab]\nrecords = 1\n" NODE,
		"[lab]\n", /* no node */
		"[node 1]\ncpus = 1\nmemory = 1G\n",
		"[node 0]\nmemory = 1G\n", /* no CPU */
		"[node 0]\ncpus = 1\n",	   /* no memory */
		"[node 0]\ncpus = 1\nmemory = 1X\n",
		"[node 9]\ncpus = 1\nmemory = 1G\n" NODE,
		NODE "[node 2]\nmemory = 1G\n",
		NODE "[kernel a]\nconfig = x\n",
		NODE "[planet]\nx = 1\n",
		NODE "no section, no key\n",
	};
	struct lab_config c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *path = write_file("bad.ini", bad[i], strlen(bad[i]));

		assert_int_equal(lab_config_read(&c, path), -1);
		lab_config_free(&c);
		free(path);
	}
	assert_int_equal(lab_config_read(&c, "/nowhere.ini"), -1);
	lab_config_free(&c);
}

static void exact_means_one_cpu_and_a_repeat(void **state)
{
	struct lab_config c = { .file = "x", .mode = MODE_EXACT, .blocks = 2 };

	(void)state;
	c.machine.node_count = 1;
	c.machine.nodes[0].cpus = 1;
	assert_int_equal(lab_config_check(&c), 0);
	c.blocks = 1;
	assert_int_equal(lab_config_check(&c), 1);
	c.machine.nodes[0].cpus = 2;
	assert_int_equal(lab_config_check(&c), 2);
	c.mode = MODE_TIME;
	assert_int_equal(lab_config_check(&c), 0);
}

static void command_lines_fix_the_layout_only_where_they_should(void **state)
{
	struct machine m = { .arch = ARCH_X86_64, .fixed_layout = true, .cmdline = "all=1" };
	struct kernel k = { .cmdline = "one=1" };
	char *line = machine_cmdline(&m, &k);

	(void)state;
	assert_non_null(strstr(line, "console=ttyS0"));
	assert_non_null(strstr(line, " nokaslr norandmaps all=1 one=1"));
	assert_non_null(strstr(line, "slab_nomerge"));
	free(line);
	m.fixed_layout = false;
	m.arch = ARCH_ARM64;
	line = machine_cmdline(&m, &k);
	assert_non_null(strstr(line, "console=ttyAMA0"));
	assert_null(strstr(line, "nokaslr"));
	free(line);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_bzimage_has_its_config_beside_it),
		TEST(an_arm64_image_may_be_compressed_and_has_its_config_inside),
		TEST(a_package_has_both),
		TEST(what_is_no_kernel_is_refused),
		TEST(what_a_guest_needs_is_checked),
		TEST(sizes_are_read),
		TEST(a_config_is_read),
		TEST(the_built_in_config_is_read),
		TEST(bad_configs_are_refused),
		TEST(exact_means_one_cpu_and_a_repeat),
		TEST(command_lines_fix_the_layout_only_where_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
