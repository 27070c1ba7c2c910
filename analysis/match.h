/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which boots of two results are compared with which?
 */
#ifndef RMAPBENCH_MATCH_H
#define RMAPBENCH_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/load.h"
#include "analysis/notes.h"

/* Boots that may be compared: figures of one kind, from one machine where the sides share one. */
struct stratum {
	const char *how;     /* kind of figures, as boot.how */
	const char *machine; /* as boot.machine; NULL: the two sides ran on different machines */
	bool paired;	     /* base[i] and new[i] are one block */
	const struct boot **base, **new;
	size_t base_count, new_count;
};

struct match {
	struct stratum *strata; /* those of one kind stand together */
	size_t count;
	struct notes notes; /* boots that have no counterpart */
};

/*
 * Boots with the same schedule and index are a pair. Where a machine has pairs, its other boots are
 * left out; where it has none, all boots of either side are compared unpaired. Returns false with
 * *why (the caller frees it) if the sides have no kind of figures in common.
 */
bool match_boots(const struct results *base, const struct results *new, struct match *m,
		 char **why);
void match_free(struct match *m);

#endif
