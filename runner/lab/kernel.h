/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is this kernel? From a file, a folder or a Debian package to an image in memory, its
 * architecture, version and config, and whether it can do what a guest needs.
 */
#ifndef RMAPBENCH_LAB_KERNEL_H
#define RMAPBENCH_LAB_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

enum arch { ARCH_X86_64, ARCH_ARM64 };

const char *arch_name(enum arch a);
/* False if there is no such architecture. */
bool arch_parse(const char *name, enum arch *a);
/* That of this machine. */
enum arch arch_host(void);

struct kernel {
	char *label;
	char *given;   /* as the user wrote it */
	char *cmdline; /* more words for this kernel alone, or "" */
	enum arch arch;
	int image; /* memory file, close-on-exec; QEMU opens it by /proc/self/fd */
	size_t size;
	char *version; /* "6.12.1 (who@where) #1 SMP ...", or NULL */
	char *config;  /* text, or NULL */
};

/*
 * Reads `given`: a bzImage or arm64 Image (compressed or not), a folder that holds one, or a
 * Debian kernel package. Returns 0, or -1 after telling what is wrong with it. Free with
 * kernel_close().
 */
int kernel_open(struct kernel *k, const char *label, const char *given);
void kernel_close(struct kernel *k);

/* The release ("6.12.1"), to be freed; "unknown" if the image does not tell. */
char *kernel_release(const struct kernel *k);

/* "y", "m", a number or a string as the config has it; NULL if it is not set or there is no config.
 */
char *kernel_option(const struct kernel *k, const char *name);

struct guest_needs {
	enum arch arch;
	int nodes;
	int cpus;
};

/*
 * Tells everything that keeps this kernel from being a guest of that kind; returns how many
 * reasons there were. Without a config it can only warn.
 */
int kernel_check(const struct kernel *k, const struct guest_needs *needs);

#endif
