/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages for people. An error names the place, the value, what is allowed and what to do next.
 */
#ifndef RMAPBENCH_ERROR_H
#define RMAPBENCH_ERROR_H

/* Writes "rmapbench: <message>" and a newline to stderr, in one write. */
void error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, for what does not stop the work: "rmapbench: warning: ...". */
void warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* error(), then exit(status). For commands; libraries return their errors. */
void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

#endif
