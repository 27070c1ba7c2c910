/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far is it? One line with the time left on a terminal; one line a workload elsewhere.
 */
#ifndef RMAPBENCH_PROGRESS_H
#define RMAPBENCH_PROGRESS_H

/* `total` processes will be started. */
void progress_start(long total);
/* A process is about to start; `title` names workload and parameters, `pass` what it does. */
void progress_process(const char *title, const char *pass);
/* `n` of the processes are behind us, run or not. */
void progress_reached(long n);
/* A workload has ended: "ok", "skip: reason"... Printed as a line of its own. */
void progress_item(const char *title, const char *outcome);
void progress_end(void);

/* Also called with the title of each process; for who must know what ran when a kernel died. */
extern void (*progress_watch)(const char *title);

#endif
