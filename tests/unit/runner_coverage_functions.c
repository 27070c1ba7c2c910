// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of functions: its file, and what of it a kernel has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runner/coverage_functions.h"

static int read_text(struct functions *f, const char *text)
{
	char path[] = "/tmp/rmapbench-functions-XXXXXX";
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	rc = functions_read(f, path);
	unlink(path);
	return rc;
}

static void resolve(struct functions *f, const char *symbols, const char *release, json_t *config)
{
	FILE *stream = fmemopen((void *)symbols, strlen(symbols), "r");

	functions_resolve(f, stream, release, config);
	fclose(stream);
}

static void reads_remarks_and_exceptions(void **state)
{
	struct functions f;
	const struct function *one;

	(void)state;
	assert_int_equal(
		read_text(&f,
			  "; a comment\n[mm/a.c]\nwalk = {only 6.12, CONFIG_KSM, in outer} why it "
			  "is here\nplain = first = second\nproof = {shown by inner} x\n"
			  "[patterns]\n*lazy* = new\n[exceptions]\nplain = no way there\n"),
		0);
	assert_int_equal(f.count, 3);
	assert_int_equal(f.pattern_count, 1);
	one = functions_find(&f, "walk");
	assert_string_equal(one->file, "mm/a.c");
	assert_string_equal(one->only, "6.12");
	assert_string_equal(one->option, "CONFIG_KSM");
	assert_string_equal(one->caller, "outer");
	assert_string_equal(one->why, "why it is here");
	assert_null(one->exception);
	one = functions_find(&f, "plain");
	assert_string_equal(one->why, "first = second");
	assert_string_equal(one->exception, "no way there");
	assert_string_equal(functions_find(&f, "proof")->shown_by, "inner");
	assert_null(functions_find(&f, "nobody"));
	functions_free(&f);
}

static void refuses_what_is_wrong(void **state)
{
	static const char *const wrong[] = {
		"walk = before a section\n",
		"[mm/a.c]\nwalk = \n",
		"[mm/a.c]\nwalk = {only 5.4} why\n",
		"[mm/a.c]\nwalk = {in one, in two} why\n",
		"[mm/a.c]\nwalk = {CONFIG_KSM why\n",
		"[mm/a.c]\nwalk = {CONFIG_A B} why\n",
		"[mm/a.c]\nnot a name = why\n",
		"[mm/a.c]\nwalk = why\n[mm/b.c]\nwalk = again\n",
		"[mm/a.c]\nwalk = why\n[exceptions]\nother = reason\n",
		"[mm/a.c]\nwalk = why\n[exceptions]\nwalk = one\nwalk = two\n",
		"[mm/a.c]\nneither\n",
		"; nothing\n",
	};
	struct functions f;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (!read_text(&f, wrong[i]))
			fail_msg("taken: %s", wrong[i]);
		functions_free(&f);
	}
	assert_int_equal(functions_read(&f, "/nowhere/functions.ini"), -1);
	functions_free(&f);
}

static void knows_what_a_compiler_hangs_on_names(void **state)
{
	(void)state;
	assert_int_equal(symbol_base("rmap_walk"), 9);
	assert_int_equal(symbol_base("rmap_walk.isra.0"), 9);
	assert_int_equal(symbol_base("remap_page.part.0"), 10);
	assert_int_equal(symbol_base("page_mkclean.constprop.0.isra.0"), 12);
	assert_int_equal(symbol_base("rmap_walk.llvm.123"), 9);
	/* A cold part is jumped to, never called; data has dots, too. */
	assert_int_equal(symbol_base("rmap_walk.cold"), 0);
	assert_int_equal(symbol_base("rmap_walk.part.0.cold"), 0);
	assert_int_equal(symbol_base("__key.0"), 0);
}

static const char kernel[] = "ffffffff81000000 T whole\n"
			     "ffffffff81000010 t whole.part.0\n"
			     "ffffffff81000020 t split.part.0\n"
			     "ffffffff81000030 t split.isra.0\n"
			     "ffffffff81000040 t split.cold\n"
			     "ffffffff81000050 t twice\n"
			     "ffffffff81000060 t twice\n"
			     "ffffffff81000070 D data\n"
			     "ffffffff81000080 t vma_lazy_get\n"
			     "ffffffff81000090 t vma_lazy_put.isra.0\n"
			     "ffffffffc0000000 t in_module\t[zram]\n";

static void finds_symbols(void **state)
{
	const struct function *one;
	struct functions f;

	(void)state;
	assert_int_equal(read_text(&f, "[mm/a.c]\nwhole = a\nsplit = b\ntwice = c\ndata = d\n"
				       "in_module = e\nvma_lazy_get = listed\n"
				       "[patterns]\nvma_lazy_* = a new design\n"),
			 0);
	resolve(&f, kernel, "6.12.1", NULL);
	one = functions_find(&f, "whole");
	/* Calls of the part are calls of the whole already. */
	assert_int_equal(one->symbol_count, 1);
	assert_string_equal(one->symbols[0], "whole");
	assert_null(one->missing);
	one = functions_find(&f, "split");
	assert_int_equal(one->symbol_count, 2);
	assert_string_equal(one->symbols[0], "split.part.0");
	assert_null(one->missing);
	one = functions_find(&f, "twice");
	assert_int_equal(one->symbol_count, 0);
	assert_string_equal(one->missing, "2 functions of this kernel have that name");
	assert_non_null(functions_find(&f, "data")->missing);
	assert_null(functions_find(&f, "in_module")->missing);
	/* The pattern adds what is not listed, and only that. */
	assert_int_equal(f.count, 7);
	assert_string_equal(functions_find(&f, "vma_lazy_get")->why, "listed");
	one = functions_find(&f, "vma_lazy_put");
	assert_string_equal(one->why, "a new design");
	assert_string_equal(one->symbols[0], "vma_lazy_put.isra.0");
	functions_free(&f);
}

static const char *missing(const char *remarks, const char *release, json_t *config)
{
	static char text[256];
	struct functions f;

	snprintf(text, sizeof(text), "[mm/a.c]\ngone = {%s} why\n", remarks);
	assert_int_equal(read_text(&f, text), 0);
	resolve(&f, kernel, release, config);
	snprintf(text, sizeof(text), "%s", f.items[0].missing);
	functions_free(&f);
	return text;
}

static void says_why_a_function_is_missing(void **state)
{
	json_t *off = json_pack("{s:s}", "CONFIG_NUMA", "y");
	json_t *on = json_pack("{s:s}", "CONFIG_KSM", "y");

	(void)state;
	assert_string_equal(missing("only 6.1", "6.12.3", NULL),
			    "of 6.1 and 6.12, only 6.1 has it");
	assert_string_equal(missing("only 6.12", "6.1.90", NULL),
			    "of 6.1 and 6.12, only 6.12 has it");
	assert_string_equal(missing("only 6.1, in outer", "6.1.90", NULL), "inlined into outer");
	assert_string_equal(missing("only 6.1, in outer", "6.1", NULL), "inlined into outer");
	assert_string_equal(missing("CONFIG_KSM, in outer", "6.12.3", off), "CONFIG_KSM is off");
	assert_string_equal(missing("CONFIG_KSM, in outer", "6.12.3", on), "inlined into outer");
	/* Without a config nobody knows. */
	assert_string_equal(missing("CONFIG_KSM", "6.12.3", NULL),
			    "no symbol: inlined or renamed here");
	json_decref(off);
	json_decref(on);
}

/* The list that is shipped: every name that a remark gives as proof is listed, too. */
static void the_shipped_list_is_whole(void **state)
{
	struct functions f;

	(void)state;
	assert_int_equal(functions_read(&f, "configs/functions.ini"), 0);
	assert_true(f.count > 150);
	for (size_t i = 0; i < f.count; i++) {
		if (f.items[i].shown_by)
			assert_non_null(functions_find(&f, f.items[i].shown_by));
	}
	functions_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_remarks_and_exceptions),
		cmocka_unit_test(refuses_what_is_wrong),
		cmocka_unit_test(knows_what_a_compiler_hangs_on_names),
		cmocka_unit_test(finds_symbols),
		cmocka_unit_test(says_why_a_function_is_missing),
		cmocka_unit_test(the_shipped_list_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
