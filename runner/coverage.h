/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of `rmapbench coverage` share: its options, and the way to a guest and back.
 */
#ifndef RMAPBENCH_COVERAGE_H
#define RMAPBENCH_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "runner/catalogue.h"
#include "runner/plan.h"

enum { COVERAGE_WORDS = 64 };

struct coverage_options {
	const char *functions, *config, *method, *records, *out, *label;
	const char *lab_config;
	const char *only[COVERAGE_WORDS];
	size_t only_count;
	char **rest; /* kernels of --lab, files of --from */
	int rest_count;
	bool lab, from, allow_dangerous;
};

/*
 * The plan of --config, with every workload of the catalogue that --only wants: what the file does
 * not name has its defaults, so a new workload is in by itself. 0, or -1 after messages.
 */
int coverage_plan(struct plan *plan, const struct coverage_options *o,
		  const struct catalogue *catalogue);

/*
 * Boots a guest of each kernel (LABEL=KERNEL or KERNEL) and measures there. Returns an exit status,
 * after messages; *files gets the record files of the guests that ended well, both to be freed. The
 * program of the guest has no lab in it: there this is NULL.
 */
int coverage_lab(const struct coverage_options *o, char ***files, size_t *count)
	__attribute__((weak));

/*
 * Writes the matrix of the runs in these record files as Markdown to `out`, NULL for stdout. 0, or
 * -1 after a message.
 */
int coverage_matrix(char *const *files, size_t count, const char *out);

#endif
