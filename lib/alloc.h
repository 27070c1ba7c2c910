/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocation that cannot fail: out of memory ends the program with a message.
 */
#ifndef RMAPBENCH_ALLOC_H
#define RMAPBENCH_ALLOC_H

#include <stddef.h>

/* Each returns memory that the caller frees with free(). */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t count, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Makes room for one more element in a growing array: `items` holds `count` of them and grows
 * at each power of two.
 */
#define array_grow(items, count)                                                                   \
	((items) = (((count) & ((count)-1))                                                        \
			    ? (items)                                                              \
			    : xrealloc((items), (count) ? 2 * (count) : 1, sizeof(*(items)))))

#endif
