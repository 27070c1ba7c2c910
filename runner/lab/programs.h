/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where are the programs that run in a guest?
 */
#ifndef RMAPBENCH_LAB_PROGRAMS_H
#define RMAPBENCH_LAB_PROGRAMS_H

#include "runner/lab/kernel.h"

/*
 * Those of an architecture: *runner is rmapbench-guest, *workloads the folder of the workloads,
 * beside this program or where `make install` puts them; both to be freed. 0, or -1 after a
 * message, with NULL in both.
 */
int guest_programs(enum arch a, char **runner, char **workloads);

#endif
