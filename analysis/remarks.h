/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reader must know beside the figures: boots that failed, workloads that gave none, what
 * only one side has. For verdict.c.
 */
#ifndef RMAPBENCH_REMARKS_H
#define RMAPBENCH_REMARKS_H

#include "analysis/verdict.h"

/* Adds notes to a comparison whose rows have their verdicts. */
void remarks_add(struct comparison *c);
/* Why two results that may be compared have nothing in common. The caller frees. */
char *remarks_nothing_shared(const struct results *base, const struct results *new);

#endif
