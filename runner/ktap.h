/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run found, as the kernel's test tools read it: KTAP version 1, which
 * Documentation/dev-tools/ktap.rst of the kernel defines. A workload is a test, each of its sets of
 * parameters a subtest; figures are diagnostic lines before the result they belong to.
 */
#ifndef RMAPBENCH_KTAP_H
#define RMAPBENCH_KTAP_H

#include "runner/plan.h"

enum ktap_result { KTAP_OK, KTAP_SKIP, KTAP_FAILED };

/* Version and plan, on stdout. The plan must outlive ktap_finish(). */
void ktap_start(const struct plan *plan);
/* The result of the next item of the plan; its figures and reasons come from summary.h. */
void ktap_item(enum ktap_result result);
/* What was not run fails; then where the records are (`path`). */
void ktap_finish(const char *path);

#endif
