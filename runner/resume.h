/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a plan is already recorded? For run --resume.
 */
#ifndef RMAPBENCH_RESUME_H
#define RMAPBENCH_RESUME_H

#include <jansson.h>
#include <stdbool.h>

struct resume {
	char *file;    /* name of the newest file that is gone on from; NULL if there is none */
	bool complete; /* it has its `end`: nothing is missing */
	json_t *done;  /* set of keys of committed processes */
};

/*
 * Reads the files of <out>/<label>/<boot_id> whose plan has this hash. Returns 0, or -1 after a
 * message if there is nothing to go on from. resume_free() frees.
 */
int resume_read(struct resume *r, const char *out, const char *label, const char *boot_id,
		const char *plan_hash);
void resume_free(struct resume *r);
/* Was this process committed? Also true for pass "count" when the counting pass was. */
bool resume_has(const struct resume *r, const char *workload, const json_t *params,
		const char *pass, long process);

#endif
