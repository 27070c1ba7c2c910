// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A campaign's state, kept and found again; which boot comes next; words of command lines.
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

#include <cmocka.h>

#include "lib/alloc.h"
#include "runner/campaign/cmdline.h"
#include "runner/campaign/host.h"
#include "runner/campaign/state.h"
#include "runner/record.h"

static char folder[64];

static int set_up(void **state)
{
	char *var, *lib;

	(void)state;
	strcpy(folder, "/tmp/campaign-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	host_set_root(folder);
	var = host_path("/var");
	lib = host_path("/var/lib");
	mkdir(var, 0755);
	mkdir(lib, 0755);
	free(var);
	free(lib);
	return 0;
}

static int tear_down(void **state)
{
	char *command = xasprintf("rm -rf '%s'", folder);
	int rc = system(command);

	(void)state;
	free(command);
	return rc;
}

/* `kernels` kernels named k0, k1... in `blocks` blocks. */
static void make_campaign(struct campaign *c, size_t kernels, long blocks)
{
	*c = (struct campaign){ .kernel_count = kernels, .retries = 1, .give_up = 3 };
	c->kernels = xcalloc(kernels, sizeof(*c->kernels));
	for (size_t i = 0; i < kernels; i++)
		c->kernels[i] = (struct target){ .label = xasprintf("k%zu", i),
						 .image = xstrdup("/boot/vmlinuz"),
						 .initrd = xstrdup("/boot/initrd"),
						 .release = xstrdup("6.1"),
						 .version = xasprintf("6.1 #%zu", i),
						 .cmdline = i ? xstrdup("root=x") : NULL,
						 .entry = xstrdup("") };
	schedule_make(&c->schedule, kernels, blocks, 7);
	c->program = xstrdup("/usr/bin/rmapbench");
	c->program_hash = xstrdup("1");
	c->config = xstrdup("/etc/plan");
	c->config_hash = xstrdup("2");
	c->out = xstrdup(folder);
	c->workloads = xstrdup("");
	c->owner = xstrdup("alice");
	c->origin_release = xstrdup("6.0");
	c->origin_version = xstrdup("#1");
	c->origin_cmdline = xstrdup("root=x \"a b\"");
	c->pass_on = json_pack("[s, s]", "--only", "fork/*");
	c->history = json_array();
	c->most = 100;
}

static void a_state_comes_back_as_it_was_saved(void **state)
{
	struct campaign c, back;

	(void)state;
	make_campaign(&c, 2, 3);
	c.phase = PHASE_RUNS;
	c.way = WAY_GRUB;
	c.current = 4;
	c.reboots = 9;
	strcpy(c.from, "from");
	strcpy(c.boot_id, "boot");
	state_note(&c, 2, "x", "cut off", "fork/vmas", 0);
	assert_int_equal(state_load(&back), 1);
	assert_int_equal(state_save(&c), 0);
	assert_int_equal(state_load(&back), 0);
	assert_int_equal(back.phase, PHASE_RUNS);
	assert_int_equal(back.way, WAY_GRUB);
	assert_int_equal(back.current, 4);
	assert_int_equal(back.reboots, 9);
	assert_int_equal(back.most, 100);
	assert_string_equal(back.from, "from");
	assert_string_equal(back.boot_id, "boot");
	assert_string_equal(back.origin_cmdline, "root=x \"a b\"");
	assert_string_equal(back.schedule.id, c.schedule.id);
	assert_string_equal(back.kernels[1].cmdline, "root=x");
	assert_null(back.kernels[0].cmdline);
	assert_true(json_equal(back.history, c.history));
	assert_true(json_equal(back.pass_on, c.pass_on));
	for (size_t i = 0; i < c.schedule.count; i++) {
		assert_int_equal(back.schedule.boots[i].kernel, c.schedule.boots[i].kernel);
		assert_string_equal(back.schedule.boots[i].boot_id, c.schedule.boots[i].boot_id);
	}
	state_free(&back);
	state_free(&c);
}

/* Whatever a dying disk leaves: it is none, or it is whole. */
static void no_part_of_a_state_is_taken_for_a_state(void **state)
{
	struct campaign c, back;
	char *path = host_path(STATE_FILE), text[16384];
	size_t n;
	FILE *f;

	(void)state;
	make_campaign(&c, 2, 2);
	assert_int_equal(state_save(&c), 0);
	f = fopen(path, "r");
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	assert_in_range(n, 100, sizeof(text) - 1);
	for (size_t cut = 0; cut < n - 1; cut += 37) {
		assert_int_equal(truncate(path, cut), 0);
		assert_int_equal(state_load(&back), -1);
		assert_int_equal(state_save(&c), 0);
	}
	free(path);
	state_free(&c);
}

static void a_lost_boot_is_tried_again_then_left(void **state)
{
	struct campaign c;

	(void)state;
	make_campaign(&c, 2, 2);
	assert_int_equal(state_next(&c), 0);
	state_note(&c, 0, "x", "cut off", NULL, 0);
	assert_int_equal(state_next(&c), 0);
	state_note(&c, 0, "x", "did not come back", NULL, 0);
	assert_int_equal(state_next(&c), 1);
	state_note(&c, 1, "x", "done", NULL, 30);
	assert_int_equal(state_next(&c), 2);
	assert_float_equal(state_seconds(&c), 30, 0.1);
	state_free(&c);
}

static void a_kernel_that_fails_in_a_row_is_given_up(void **state)
{
	struct campaign c;
	size_t bad;
	long next;

	(void)state;
	make_campaign(&c, 3, 10);
	bad = c.schedule.boots[0].kernel;
	while ((next = state_next(&c)) >= 0) {
		bool fails = c.schedule.boots[next].kernel == bad;

		state_note(&c, next, "x", fails ? "cut off" : "done", NULL, 1);
	}
	assert_true(state_given_up(&c, bad));
	assert_int_equal(state_tally(&c, bad).failed, 3);
	for (size_t k = 0; k < 3; k++)
		assert_int_equal(state_tally(&c, k).done, k == bad ? 0 : 10);
	state_free(&c);
}

static void one_kernel_that_is_left_is_not_gone_on_with(void **state)
{
	struct campaign c;

	(void)state;
	make_campaign(&c, 2, 10);
	c.retries = 5;
	for (int i = 0; i < 3; i++)
		state_note(&c, 0, "x", "cut off", NULL, 0);
	assert_int_equal(state_next(&c), -1);
	/* One that comes up between breaks the row. */
	state_free(&c);
	make_campaign(&c, 2, 10);
	c.retries = 5;
	state_note(&c, 0, "x", "cut off", NULL, 0);
	state_note(&c, 0, "x", "cut off", NULL, 0);
	state_note(&c, 0, "x", "done", NULL, 0);
	assert_int_equal(state_next(&c), 1);
	state_free(&c);
}

static void words_are_whole_and_next_to_each_other(void **state)
{
	(void)state;
	assert_true(cmdline_has("BOOT_IMAGE=/x root=a  ro quiet\n", "root=a ro  quiet"));
	assert_true(cmdline_has("root=a ro", "root=a ro"));
	assert_false(cmdline_has("root=a ro panic=300", "root=a ro panic=30"));
	assert_false(cmdline_has("xroot=a ro", "root=a ro"));
	assert_false(cmdline_has("root=a nosmt ro", "root=a ro"));
	assert_true(cmdline_has_start("a panic=5", "panic="));
	assert_false(cmdline_has_start("a nopanic=5", "panic="));
}

static void words_of_boot_loaders_are_left_out(void **state)
{
	char *own = cmdline_own("BOOT_IMAGE=/x initrd=\\a root=a ro");

	(void)state;
	assert_string_equal(own, "root=a ro");
	free(own);
}

static void half_a_record_is_cut_off_before_more_is_written(void **state)
{
	char *path = xasprintf("%s/r.jsonl", folder), text[256] = "";
	static const char *const before[] = { "", "{\"a\":1}\n", "{\"a\":1}\n{\"b", "{\"b" };

	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		FILE *f = fopen(path, "w");
		struct record_file *r;
		size_t n;

		fputs(before[i], f);
		fclose(f);
		r = record_append(path);
		assert_non_null(r);
		assert_int_equal(record_write(r, "end", json_object()), 0);
		record_close(r);
		f = fopen(path, "r");
		n = fread(text, 1, sizeof(text) - 1, f);
		text[n] = '\0';
		fclose(f);
		assert_string_equal(text, i == 1 || i == 2 ? "{\"a\":1}\n{\"record\":\"end\"}\n"
							   : "{\"record\":\"end\"}\n");
	}
	free(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_state_comes_back_as_it_was_saved),
		TEST(no_part_of_a_state_is_taken_for_a_state),
		TEST(a_lost_boot_is_tried_again_then_left),
		TEST(a_kernel_that_fails_in_a_row_is_given_up),
		TEST(one_kernel_that_is_left_is_not_gone_on_with),
		TEST(words_are_whole_and_next_to_each_other),
		TEST(words_of_boot_loaders_are_left_out),
		TEST(half_a_record_is_cut_off_before_more_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
