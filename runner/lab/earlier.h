/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which boots has a label already, and may more be added to them?
 */
#ifndef RMAPBENCH_LAB_EARLIER_H
#define RMAPBENCH_LAB_EARLIER_H

#include "runner/lab/kernel.h"

/*
 * 0, or -1 after a message if <out>/<label> holds boots of another kernel, mode or version of
 * rmapbench. `lab_mode` is the mode of the records to come.
 */
int earlier_check(const char *out, const char *lab_mode, const struct kernel *k);

#endif
