// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GRUB: entries of grub.cfg by the image that they boot, and whether GRUB can forget a one-shot
 * entry by itself.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/campaign/boot_loader.h"
#include "runner/campaign/host.h"
#include "runner/files.h"

enum { MOST_DEPTH = 8 };

/* A menu or an entry that is open while the file is read. */
struct open_block {
	char id[512];
	bool menu, entry; /* else some other pair of braces */
};

struct reader {
	struct open_block open[MOST_DEPTH];
	int depth;
	struct target *targets;
	size_t count;
};

static const char *config_file(void)
{
	return host_has("/boot/grub/grub.cfg") ? "/boot/grub/grub.cfg" : "/boot/grub2/grub.cfg";
}

/* The text in quotes at `at`, either kind. */
static void quoted(const char *at, char *to, size_t size)
{
	const char *end = *at ? strchr(at + 1, *at) : NULL;

	snprintf(to, size, "%.*s", end ? (int)(end - at - 1) : 0, end ? at + 1 : "");
}

/* What grub-reboot takes: the id, or where there is none the title. */
static void read_id(const char *line, struct open_block *b)
{
	const char *id = strstr(line, "menuentry_id_option"), *quote;

	if (!id)
		id = strstr(line, "--id");
	quote = id ? strpbrk(id, "'\"") : strpbrk(line, "'\"");
	if (quote)
		quoted(quote, b->id, sizeof(b->id));
}

static bool is_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(line, word, n) && (isspace((unsigned char)line[n]) || !line[n]);
}

static void open_braces(struct reader *r, const char *line)
{
	struct open_block *b;

	if (r->depth < MOST_DEPTH) {
		b = &r->open[r->depth];
		*b = (struct open_block){ .menu = is_word(line, "submenu"),
					  .entry = is_word(line, "menuentry") };
		if (b->menu || b->entry)
			read_id(line, b);
	}
	r->depth++;
}

/* "menu>entry", to be freed; NULL outside of an entry. */
static char *path_of_entry(const struct reader *r)
{
	char *path = xstrdup("");
	bool entry = false;

	for (int i = 0; i < r->depth && i < MOST_DEPTH; i++) {
		const struct open_block *b = &r->open[i];
		char *longer;

		if (!b->menu && !b->entry)
			continue;
		entry = entry || b->entry;
		longer = xasprintf("%s%s%s", path, *path ? ">" : "", b->id);
		free(path);
		path = longer;
	}
	if (entry && *path && !strstr(path, "recovery"))
		return path;
	free(path);
	return NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "linux /boot/vmlinuz-6.1 root=..." of an entry: the first entry of an image is the one. */
static void take_linux(struct reader *r, const char *line)
{
	char image[512] = "", *path;
	int words = 0;

	if (sscanf(line, "%*s %511s %n", image, &words) < 1)
		return;
	path = path_of_entry(r);
	for (size_t i = 0; path && i < r->count; i++) {
		struct target *t = &r->targets[i];

		if (*t->entry || strcmp(base_name(image), base_name(t->image)))
			continue;
		free(t->entry);
		t->entry = xstrdup(path);
		free(t->cmdline);
		/* With variables or quotes in it only GRUB knows what becomes of it. */
		t->cmdline =
			words && !strpbrk(line + words, "$'\"\\") ? xstrdup(line + words) : NULL;
	}
	free(path);
}

static void read_line(struct reader *r, char *line)
{
	size_t n;

	line += strspn(line, " \t");
	n = strlen(line);
	while (n && isspace((unsigned char)line[n - 1]))
		line[--n] = '\0';
	if (*line == '#')
		return;
	if (is_word(line, "linux") || is_word(line, "linuxefi") || is_word(line, "linux16"))
		take_linux(r, line);
	if (*line == '}' && r->depth)
		r->depth--;
	if (n && line[n - 1] == '{')
		open_braces(r, line);
}

/*
 * GRUB itself takes the one-shot entry back when it boots it, by writing to its environment block.
 * Where it can only read, the entry would be booted again and again.
 */
static char *unwritable(const char *config)
{
	char type[64], source[256];
	const char *what = NULL;

	host_mount(config, type, source);
	if (!strcmp(type, "btrfs") || !strcmp(type, "zfs") || !strcmp(type, "f2fs"))
		what = type;
	else if (!strncmp(source, "/dev/mapper/", 12) || !strncmp(source, "/dev/dm-", 8) ||
		 !strncmp(source, "/dev/md", 7))
		what = source;
	if (!what)
		return NULL;
	return xasprintf("%s is on %s, where GRUB cannot write: it would boot a one-shot entry "
			 "again and again. Put /boot on a plain partition, or use kexec",
			 config, what);
}

static char *check(const char *config, const char *text)
{
	char *tool = host_program("grub-reboot");

	if (!tool)
		tool = host_program("grub2-reboot");
	if (!tool)
		return xstrdup("grub-reboot is not installed (Debian: package grub2-common)");
	free(tool);
	if (strstr(text, "blscfg"))
		return xstrdup("this GRUB makes its menu from boot loader specification files "
			       "(blscfg), whose one-shot entries rmapbench does not set; use "
			       "kexec");
	if (!strstr(text, "next_entry") || !strstr(text, "save_env"))
		return xasprintf("%s knows no one-shot entries: set GRUB_DEFAULT=saved in "
				 "/etc/default/grub, run update-grub (or grub2-mkconfig)",
				 config);
	return unwritable(config);
}

static char *missing_entries(const struct target *t, size_t count, const char *config)
{
	for (size_t i = 0; i < count; i++) {
		if (!*t[i].entry)
			return xasprintf("%s has no entry for %s; run update-grub (or "
					 "grub2-mkconfig), then again",
					 config, t[i].image);
	}
	return NULL;
}

char *grub_find(struct target *t, size_t count)
{
	const char *config = config_file();
	struct reader r = { .targets = t, .count = count };
	char *full = host_path(config), *why, *rest;
	size_t length;
	char *text = read_whole(full, &length);

	free(full);
	if (!text)
		return xasprintf("%s cannot be read", config);
	why = check(config, text);
	for (char *line = strtok_r(text, "\n", &rest); line && !why;
	     line = strtok_r(NULL, "\n", &rest))
		read_line(&r, line);
	free(text);
	return why ? why : missing_entries(t, count, config);
}
