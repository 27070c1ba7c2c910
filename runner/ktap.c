// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/ktap.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "runner/summary.h"

static const struct plan *plan;
static size_t next;	     /* item */
static size_t test, subtest; /* numbers of the last ones */
static bool failed, ran;     /* one of the subtests of this test */

static bool same_test(size_t a, size_t b)
{
	return !strcmp(plan->items[a].workload->name, plan->items[b].workload->name);
}

/* Items of one workload stand together; these are those of item `first`. */
static size_t subtests(size_t first)
{
	size_t last = first;

	while (last < plan->count && same_test(first, last))
		last++;
	return last - first;
}

/* A description ends at a hash sign, a line at its end. */
static void put_text(const char *text)
{
	for (; *text; text++)
		putchar(*text == '#' ? '_' : *text == '\n' || *text == '\r' ? ' ' : *text);
}

void ktap_start(const struct plan *p)
{
	size_t tests = 0;

	plan = p;
	next = test = 0;
	for (size_t i = 0; i < p->count; i += subtests(i))
		tests++;
	printf("KTAP version 1\n1..%zu\n", tests);
	fflush(stdout);
}

/* Each line of the item's part of the summary, but for its title. */
static void put_figures(const struct plan_item *item)
{
	char *text = NULL, *lines;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort(); /* out of memory */
	summary_print_of(f, item->workload->name, item->params);
	fclose(f);
	lines = text;
	strsep(&lines, "\n");
	for (char *line; (line = strsep(&lines, "\n"));) {
		if (*line)
			printf("  # %s\n", line + strspn(line, " "));
	}
	free(text);
}

static void put_result(const struct plan_item *item, enum ktap_result result, const char *why)
{
	char *title = plan_item_title(item);
	const char *params = title + strlen(item->workload->name);

	printf("  %sok %zu ", result == KTAP_FAILED ? "not " : "", subtest);
	put_text(*params ? params + 1 : title);
	if (result == KTAP_SKIP || why)
		printf(" #%s", result == KTAP_SKIP ? " SKIP" : "");
	if (why) {
		putchar(' ');
		put_text(why);
	}
	putchar('\n');
	free(title);
}

static void put_item(enum ktap_result result, const char *why)
{
	const struct plan_item *item = &plan->items[next];

	if (!next || !same_test(next - 1, next)) {
		test++;
		subtest = 0;
		failed = ran = false;
		printf("  KTAP version 1\n  1..%zu\n", subtests(next));
	}
	subtest++;
	failed = failed || result == KTAP_FAILED;
	ran = ran || result != KTAP_SKIP;
	put_figures(item);
	put_result(item, result, why);
	next++;
	if (next == plan->count || !same_test(next - 1, next)) {
		printf("%sok %zu ", failed ? "not " : "", test);
		put_text(item->workload->name);
		printf("%s\n", ran ? "" : " # SKIP");
	}
	fflush(stdout);
}

void ktap_item(enum ktap_result result)
{
	const struct plan_item *item = &plan->items[next];

	put_item(result,
		 result == KTAP_OK ? NULL : summary_trouble(item->workload->name, item->params));
}

void ktap_finish(const char *path)
{
	while (next < plan->count)
		put_item(KTAP_FAILED, "not run: the run was cut off");
	printf("# records: %s\n", path);
	fflush(stdout);
}
