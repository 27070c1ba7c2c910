/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many blocks does an interval of a wanted width take? The rule (Stein 1945) is that of
 * `rmapbench blocks`, which is asked; docs/method.md tells why nothing else may decide when to
 * stop.
 */
#ifndef RMAPBENCH_LAB_UNTIL_H
#define RMAPBENCH_LAB_UNTIL_H

/* Blocks of the pilot: the variance of these alone decides. */
enum { PILOT_BLOCKS = 10 };

/*
 * Blocks that the comparison of two folders of results needs in all for intervals of +-`until`
 * ("1%"), PILOT_BLOCKS at least. -1 after a message if they cannot be compared.
 */
long until_blocks(const char *until, const char *base, const char *new);

#endif
