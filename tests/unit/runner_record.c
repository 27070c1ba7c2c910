// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records are written whole or not at all, and --resume finds what was committed.
 */
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "runner/files.h"
#include "runner/record.h"
#include "runner/resume.h"

static char out[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(out, "/tmp/records-XXXXXX");
	return mkdtemp(out) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(out, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static json_t *numbers(int n)
{
	json_t *values = json_array();

	while (n--)
		json_array_append_new(values, json_integer(1000000 + n));
	return json_pack("{s:o}", "values", values);
}

/* To be freed. */
static char *content(const struct record_file *f)
{
	size_t length;

	return read_whole(record_path(f), &length);
}

static void lines_are_whole_and_start_with_their_type(void **state)
{
	struct record_file *f = record_create(out, "label", "boot");
	char *text, *start;

	(void)state;
	assert_non_null(f);
	start = xasprintf("%s/label/boot/", out);
	assert_int_equal(strncmp(record_path(f), start, strlen(start)), 0);
	free(start);
	assert_int_equal(record_write(f, "run", json_pack("{s:i}", "schema", 1)), 0);
	assert_int_equal(record_write(f, "end", json_pack("{s:s}", "a", "b\nc")), 0);
	text = content(f);
	assert_string_equal(text, "{\"record\":\"run\",\"schema\":1}\n"
				  "{\"record\":\"end\",\"a\":\"b\\nc\"}\n");
	free(text);
	record_close(f);
}

static void a_file_that_exists_is_never_touched(void **state)
{
	struct record_file *f = record_create(out, "label", "boot"), *again;
	char *text;

	(void)state;
	assert_int_equal(record_write(f, "run", json_object()), 0);
	again = record_create(out, "label", "boot"); /* same process, same second or the next */
	if (again)
		assert_string_not_equal(record_path(again), record_path(f));
	text = content(f);
	assert_string_equal(text, "{\"record\":\"run\"}\n");
	free(text);
	record_close(again);
	record_close(f);
}

/* A limit on the size of files stands for a full disk: both make a write short. */
static void a_short_write_is_undone(void **state)
{
	struct record_file *f = record_create(out, "label", "boot");
	struct rlimit old, small;
	char *text;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){ 4096, old.rlim_max };
	assert_int_equal(record_write(f, "run", json_object()), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(record_write(f, "samples", numbers(1000)), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	text = content(f);
	assert_string_equal(text, "{\"record\":\"run\"}\n");
	free(text);
	/* With room again it goes on behind the last whole line. */
	assert_int_equal(record_write(f, "end", json_object()), 0);
	text = content(f);
	assert_string_equal(text, "{\"record\":\"run\"}\n{\"record\":\"end\"}\n");
	free(text);
	record_close(f);
}

static char handed[256];

static int hand_over(const char *line, size_t length)
{
	snprintf(handed, sizeof(handed), "%.*s", (int)length, line);
	return 0;
}

static int refuse(const char *line, size_t length)
{
	(void)line;
	(void)length;
	return -1;
}

static void a_guest_hands_out_each_line(void **state)
{
	struct record_file *f = record_create(out, "label", "boot");

	(void)state;
	record_sink = hand_over;
	assert_int_equal(record_write(f, "run", json_object()), 0);
	assert_string_equal(handed, "{\"record\":\"run\"}\n");
	record_sink = refuse;
	assert_int_equal(record_write(f, "end", json_object()), -1);
	record_sink = NULL;
	record_close(f);
}

/* ----------------------------------------------------------------- resume */

static struct resume resume;

static void put_file(const char *name, const char *text)
{
	char *folder = xasprintf("%s/label", out), *path;

	mkdir(folder, 0777);
	free(folder);
	folder = xasprintf("%s/label/boot", out);
	mkdir(folder, 0777);
	path = xasprintf("%s/%s", folder, name);
	unlink(path);
	{
		FILE *f = fopen(path, "w");

		fputs(text, f);
		fclose(f);
	}
	free(path);
	free(folder);
}

static bool has(const char *params, const char *pass, long process)
{
	json_t *json = json_loads(params, 0, NULL);
	bool found = resume_has(&resume, "a/b", json, pass, process);

	json_decref(json);
	return found;
}

#define RUN(hash) "{\"record\":\"run\",\"config\":{\"hash\":\"" hash "\"}}\n"
#define AGAIN(hash)                                                                                \
	"{\"record\":\"run\",\"config\":{\"hash\":\"" hash "\"},\"resumes\":\"1.jsonl\"}\n"
#define PROCESS(pass, n)                                                                           \
	"{\"record\":\"process\",\"workload\":\"a/b\",\"params\":{\"x\":1,\"y\":2},\"process\":" n \
	",\"pass\":\"" pass "\"}\n"
#define SAMPLES                                                                                    \
	"{\"record\":\"samples\",\"workload\":\"a/"                                                \
	"b\",\"params\":{\"x\":1,\"y\":2},\"process\":5}\n"
#define END "{\"record\":\"end\",\"status\":0}\n"

static void only_a_process_record_commits(void **state)
{
	(void)state;
	put_file("1.jsonl", RUN("h") PROCESS("count", "0") PROCESS("time", "0") SAMPLES);
	assert_int_equal(resume_read(&resume, out, "label", "boot", "h"), 0);
	assert_string_equal(resume.file, "1.jsonl");
	assert_false(resume.complete);
	assert_true(has("{\"x\":1,\"y\":2}", "time", 0));
	assert_true(has("{\"y\":2,\"x\":1}", "count", 0)); /* the order of keys tells nothing */
	assert_false(has("{\"x\":1,\"y\":2}", "time", 1));
	assert_false(has("{\"x\":1,\"y\":2}", "time", 5));
	assert_false(has("{\"x\":1,\"y\":3}", "time", 0));
	resume_free(&resume);
	assert_false(has("{\"x\":1,\"y\":2}", "time", 0));
}

static void what_is_cut_does_not_count(void **state)
{
	const char *text = RUN("h") PROCESS("time", "0") PROCESS("time", "1");
	char *cut = xstrdup(text);

	(void)state;
	cut[strlen(cut) - 1] = '\0'; /* the last line is all there but for its newline */
	put_file("1.jsonl", cut);
	free(cut);
	assert_int_equal(resume_read(&resume, out, "label", "boot", "h"), 0);
	assert_true(has("{\"x\":1,\"y\":2}", "time", 0));
	assert_false(has("{\"x\":1,\"y\":2}", "time", 1));
	resume_free(&resume);
}

static void files_of_other_plans_and_of_others_are_passed_over(void **state)
{
	(void)state;
	put_file("1.jsonl", RUN("h") PROCESS("time", "0"));
	put_file("2.jsonl", RUN("other") PROCESS("time", "1") END);
	put_file("3.jsonl", "");
	put_file("4.jsonl", "no JSON\n[]\n" PROCESS("time", "2"));
	put_file("5.txt", RUN("h") PROCESS("time", "3"));
	assert_int_equal(resume_read(&resume, out, "label", "boot", "h"), 0);
	assert_string_equal(resume.file, "1.jsonl");
	assert_false(resume.complete);
	assert_true(has("{\"x\":1,\"y\":2}", "time", 0));
	for (int i = 1; i < 4; i++)
		assert_false(has("{\"x\":1,\"y\":2}", "time", i));
	resume_free(&resume);
	assert_int_equal(resume_read(&resume, out, "label", "boot", "none"), -1);
	assert_int_equal(resume_read(&resume, out, "label", "no-boot", "h"), -1);
}

static void a_chain_of_files_is_one_run(void **state)
{
	(void)state;
	put_file("1.jsonl", RUN("h") PROCESS("time", "0"));
	put_file("2.jsonl", AGAIN("h") PROCESS("time", "1"));
	assert_int_equal(resume_read(&resume, out, "label", "boot", "h"), 0);
	assert_string_equal(resume.file, "2.jsonl");
	assert_true(has("{\"x\":1,\"y\":2}", "time", 0));
	assert_true(has("{\"x\":1,\"y\":2}", "time", 1));
	resume_free(&resume);
	put_file("3.jsonl", AGAIN("h") END);
	assert_int_equal(resume_read(&resume, out, "label", "boot", "h"), 0);
	assert_true(resume.complete);
	resume_free(&resume);
	/* Started anew: nothing of it is done, and nothing is complete. */
	put_file("4.jsonl", RUN("h"));
	assert_int_equal(resume_read(&resume, out, "label", "boot", "h"), 0);
	assert_false(resume.complete);
	assert_false(has("{\"x\":1,\"y\":2}", "time", 0));
	resume_free(&resume);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(lines_are_whole_and_start_with_their_type),
		in_a_folder(a_file_that_exists_is_never_touched),
		in_a_folder(a_short_write_is_undone),
		in_a_folder(a_guest_hands_out_each_line),
		in_a_folder(only_a_process_record_commits),
		in_a_folder(what_is_cut_does_not_count),
		in_a_folder(files_of_other_plans_and_of_others_are_passed_over),
		in_a_folder(a_chain_of_files_is_one_run),
	};

	return cmocka_run_group_tests_name("runner_record", tests, NULL, NULL);
}
