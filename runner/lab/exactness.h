/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May what the boots of a lab counted be called exact?
 */
#ifndef RMAPBENCH_LAB_EXACTNESS_H
#define RMAPBENCH_LAB_EXACTNESS_H

#include "runner/lab/boots.h"

/*
 * Says `exact` in the records where it is so: every kernel that boots has two whole boots at least,
 * and all of them are the same to the bit. All kernels or none: a comparison has two sides. Returns
 * false if the word was refused.
 */
bool exactness_judge(struct lab *lab);

#endif
