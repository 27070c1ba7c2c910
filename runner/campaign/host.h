/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine a campaign runs on. With another root (--root DIR, for tests) every file and every
 * program of it is looked for below DIR and nowhere else, so that no test can reach the real one.
 */
#ifndef RMAPBENCH_CAMPAIGN_HOST_H
#define RMAPBENCH_CAMPAIGN_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* `dir` is no / and must stay; called once, before everything else. */
void host_set_root(const char *dir);
/* Is this the machine itself? */
bool host_is_real(void);
/* Where `path` of the machine is, to be freed. */
char *host_path(const char *path);
/* `path` without the root, for what the machine itself is told. */
const char *host_plain(const char *path);

/* Its text without the last newline, cut to size; "" if it cannot be read. */
void host_text(const char *path, char *buf, size_t size);
bool host_has(const char *path);
/* 0, or -1 with errno. */
int host_write(const char *path, const char *text);

/* Identity of this boot (36 characters), release, version and command line of the running kernel.
 */
struct running {
	char boot_id[64], release[128], version[256], cmdline[4096];
};
void host_running(struct running *r);

/* Full name of a program in the system's own folders, never in the caller's PATH. To be freed, or
 * NULL. */
char *host_program(const char *name);
/* Runs a program with arguments up to NULL; its exit status, -1 after a message. */
int host_run(const char *const argv[]);
/* The same; what it wrote to stdout, to be freed; "" if it is not there. */
char *host_output(const char *const argv[], int *status);

/* Type of the file system `path` is on, and what is mounted there ("" if nobody knows). */
void host_mount(const char *path, char type[64], char source[256]);

#endif
