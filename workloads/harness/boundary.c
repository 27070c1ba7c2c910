// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linked between our objects and the C library's: a page that is never touched, so that the
 * library's variables start on a page boundary whatever ours take. Each fork writes some of them,
 * in the parent and in the child, and those that happen to lie across a boundary cost another
 * copied page: the size of a buffer of ours moved fork() by a few percent.
 */
enum { BOUNDARY = 4096 };

static char library_boundary[BOUNDARY] __attribute__((aligned(BOUNDARY), used));
