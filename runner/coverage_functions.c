// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/coverage_functions.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/error.h"

struct reader {
	struct functions *list;
	const char *file;
	FILE *stream;
	int line;
	int errors;
	/* [exceptions] may name what stands below. */
	struct exception {
		char *name, *reason;
		int line;
	} * exceptions;
	size_t exception_count;
};

static void complain(struct reader *r, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void complain(struct reader *r, int line, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error("%s:%d: %s", r->file, line, text);
	r->errors++;
}

struct function *functions_find(const struct functions *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++) {
		if (!strcmp(f->items[i].name, name))
			return &f->items[i];
	}
	return NULL;
}

static struct function *add_function(struct functions *f, const char *name, const char *file)
{
	array_grow(f->items, f->count);
	f->items[f->count] = (struct function){ .name = xstrdup(name), .file = xstrdup(file) };
	return &f->items[f->count++];
}

/* ------------------------------------------------------------------- file */

static bool is_identifier(const char *text)
{
	return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_")];
}

static void read_remark(struct reader *r, struct function *f, const char *word)
{
	if (!strcmp(word, "only 6.1") || !strcmp(word, "only 6.12"))
		f->only = xstrdup(word + 5);
	else if (!strncmp(word, "CONFIG_", 7) && is_identifier(word) && !f->option)
		f->option = xstrdup(word);
	else if (!strncmp(word, "in ", 3) && is_identifier(word + 3) && !f->caller)
		f->caller = xstrdup(word + 3);
	else if (!strncmp(word, "shown by ", 9) && is_identifier(word + 9) && !f->shown_by)
		f->shown_by = xstrdup(word + 9);
	else
		complain(r, r->line,
			 "%s: '%s' is no remark; remarks are 'only 6.1', 'only 6.12', CONFIG_ and "
			 "the name of an option, 'in' or 'shown by' and the name of a function, "
			 "each "
			 "once",
			 f->name, word);
}

/* "{only 6.1, CONFIG_KSM} why" */
static void read_function(struct reader *r, const char *file, const char *name, const char *value)
{
	struct function *f = functions_find(r->list, name);
	char *copy = xstrdup(value), *rest = copy, *end, *word;

	if (f || !is_identifier(name)) {
		complain(r, r->line, f ? "%s is there twice" : "'%s' is no name of a function",
			 name);
		free(copy);
		return;
	}
	f = add_function(r->list, name, file);
	if (*rest == '{') {
		end = strchr(++rest, '}');
		if (!end) {
			complain(r, r->line, "%s: the remarks in braces do not end", name);
			free(copy);
			return;
		}
		*end = '\0';
		for (char *remarks = rest; (word = strsep(&remarks, ","));)
			read_remark(r, f, word + strspn(word, " "));
		rest = end + 1;
	}
	f->why = xstrdup(rest + strspn(rest, " "));
	if (!*f->why)
		complain(r, r->line, "%s: say why it is in the list", name);
	free(copy);
}

static int on_key(void *arg, const char *section, const char *key, const char *value)
{
	struct reader *r = arg;

	if (!*section) {
		complain(r, r->line, "'%s' stands before the first section", key);
	} else if (!strcmp(section, "patterns")) {
		array_grow(r->list->patterns, r->list->pattern_count);
		r->list->patterns[r->list->pattern_count++] =
			(struct pattern){ xstrdup(key), xstrdup(value) };
	} else if (!strcmp(section, "exceptions")) {
		array_grow(r->exceptions, r->exception_count);
		r->exceptions[r->exception_count++] =
			(struct exception){ xstrdup(key), xstrdup(value), r->line };
	} else {
		read_function(r, section, key, value);
	}
	return 1; /* go on: all errors at once */
}

/* inih hands the reader one pointer for the stream and the handler another: both are r here. */
static char *next_line(char *line, int size, void *stream)
{
	struct reader *r = stream;

	r->line++;
	return fgets(line, size, r->stream);
}

static void take_exceptions(struct reader *r)
{
	for (size_t i = 0; i < r->exception_count; i++) {
		struct exception *e = &r->exceptions[i];
		struct function *f = functions_find(r->list, e->name);

		if (!f || f->exception)
			complain(r, e->line,
				 f ? "[exceptions] %s is there twice"
				   : "[exceptions] %s is no function of this list",
				 e->name);
		else
			f->exception = xstrdup(e->reason);
		free(e->name);
		free(e->reason);
	}
	free(r->exceptions);
}

int functions_read(struct functions *f, const char *file)
{
	struct reader r = { .list = f, .file = file };
	int line;

	*f = (struct functions){ 0 };
	r.stream = fopen(file, "re");
	if (!r.stream) {
		error("%s: %s; name a list with --functions, such as configs/functions.ini", file,
		      strerror(errno));
		return -1;
	}
	line = ini_parse_stream(next_line, &r, on_key, &r);
	fclose(r.stream);
	if (line > 0)
		complain(&r, line, "neither a [section] nor function = why");
	take_exceptions(&r);
	if (!r.errors && !f->count && !f->pattern_count) {
		error("%s: no function in it", file);
		return -1;
	}
	return r.errors ? -1 : 0;
}

void functions_free(struct functions *f)
{
	for (size_t i = 0; i < f->count; i++) {
		struct function *one = &f->items[i];

		for (size_t k = 0; k < one->symbol_count; k++)
			free(one->symbols[k]);
		free(one->symbols);
		free(one->name);
		free(one->file);
		free(one->why);
		free(one->only);
		free(one->option);
		free(one->caller);
		free(one->shown_by);
		free(one->exception);
		free(one->missing);
	}
	free(f->items);
	for (size_t i = 0; i < f->pattern_count; i++) {
		free(f->patterns[i].glob);
		free(f->patterns[i].why);
	}
	free(f->patterns);
	*f = (struct functions){ 0 };
}

/* ---------------------------------------------------------------- symbols */

/*
 * GCC and clang name what they made of a function by a dot and a word. A .cold part is no entry: it
 * is jumped to.
 */
size_t symbol_base(const char *symbol)
{
	static const char *const variants[] = { ".isra.", ".part.", ".constprop.", ".llvm." };
	size_t base = strcspn(symbol, ".");

	if (!symbol[base])
		return base;
	if (strstr(symbol, ".cold"))
		return 0;
	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		if (!strncmp(symbol + base, variants[i], strlen(variants[i])))
			return base;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct function *const *)a)->name, (*(struct function *const *)b)->name);
}

static int name_against(const void *name, const void *item)
{
	return strcmp(name, (*(struct function *const *)item)->name);
}

static void add_symbol(struct function *f, const char *symbol)
{
	array_grow(f->symbols, f->symbol_count);
	f->symbols[f->symbol_count++] = xstrdup(symbol);
}

/* A new function for a symbol that is not in the list but matches a pattern. */
static void match_patterns(struct functions *f, struct functions *found, const char *name,
			   const char *symbol)
{
	for (size_t i = 0; i < f->pattern_count; i++) {
		struct function *one;

		if (fnmatch(f->patterns[i].glob, name, 0))
			continue;
		one = functions_find(found, name);
		if (!one) {
			char *file = xasprintf("pattern %s", f->patterns[i].glob);

			one = add_function(found, name, file);
			free(file);
			one->why = xstrdup(f->patterns[i].why);
		}
		add_symbol(one, symbol);
		return;
	}
}

/* Where the whole function is there, its calls are all calls: parts would be counted twice. */
static void prefer_whole(struct function *f)
{
	size_t whole = 0;

	for (size_t i = 0; i < f->symbol_count; i++)
		whole += !strcmp(f->symbols[i], f->name);
	if (whole > 1)
		f->missing = xasprintf("%zu functions of this kernel have that name", whole);
	if (!whole)
		return;
	for (size_t i = 0; i < f->symbol_count; i++)
		free(f->symbols[i]);
	f->symbol_count = 0;
	if (whole == 1)
		add_symbol(f, f->name);
}

static bool is_series(const char *release, const char *series)
{
	size_t n = strlen(series);

	return !strncmp(release, series, n) && !isdigit((unsigned char)release[n]);
}

static char *why_missing(const struct function *f, const char *release, const json_t *config)
{
	if (f->only && !is_series(release, f->only))
		return xasprintf("of 6.1 and 6.12, only %s has it", f->only);
	if (f->option && config && !json_object_get(config, f->option))
		return xasprintf("%s is off", f->option);
	if (f->caller)
		return xasprintf("inlined into %s", f->caller);
	return xstrdup("no symbol: inlined or renamed here");
}

void functions_resolve(struct functions *f, FILE *symbols, const char *release,
		       const json_t *config)
{
	struct function **sorted = xcalloc(f->count + 1, sizeof(*sorted));
	struct functions found = { 0 };
	char line[1024], type, symbol[512];
	size_t listed = f->count;

	for (size_t i = 0; i < listed; i++)
		sorted[i] = &f->items[i];
	qsort(sorted, listed, sizeof(*sorted), by_name);
	while (fgets(line, sizeof(line), symbols)) {
		struct function **item;
		char name[512];
		size_t n;

		if (sscanf(line, "%*s %c %511s", &type, symbol) != 2 || !strchr("tTwW", type))
			continue;
		n = symbol_base(symbol);
		if (!n)
			continue;
		memcpy(name, symbol, n);
		name[n] = '\0';
		item = bsearch(name, sorted, listed, sizeof(*sorted), name_against);
		if (item)
			add_symbol(*item, symbol);
		else
			match_patterns(f, &found, name, symbol);
	}
	free(sorted);
	for (size_t i = 0; i < found.count; i++) {
		array_grow(f->items, f->count);
		f->items[f->count++] = found.items[i];
	}
	free(found.items);
	for (size_t i = 0; i < f->count; i++) {
		struct function *one = &f->items[i];

		prefer_whole(one);
		if (!one->symbol_count && !one->missing)
			one->missing = why_missing(one, release, config);
	}
}
