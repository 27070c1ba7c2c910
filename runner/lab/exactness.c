// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/exactness.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/lab/repeat.h"

/* The record files of the whole boots of one kernel; count of them. */
static size_t whole_files(const struct lab *lab, size_t kernel, char **files)
{
	size_t n = 0;

	for (size_t i = 0; i < lab->schedule.count; i++) {
		const struct planned_boot *b = &lab->schedule.boots[i];
		char *folder, *path;

		if (b->kernel != kernel || b->state != BOOT_DONE)
			continue;
		folder = boot_folder(lab, b);
		if (record_file_of(folder, &path) == FILE_WHOLE)
			files[n++] = path;
		else
			free(path);
		free(folder);
	}
	return n;
}

static bool repeats_agree(const struct kernel *k, char **files, size_t n)
{
	bool agree = true;

	for (size_t i = 1; i < n && agree; i++) {
		char *difference = NULL;

		if (repeat_compare(files[0], files[i], &difference)) {
			error("%s: two boots differ, so nothing here is called exact:\n%s  (%s\n   "
			      "against %s)",
			      k->label, difference ? difference : "", files[0], files[i]);
			agree = false;
		}
		free(difference);
	}
	return agree;
}

/* Also in those of failed boots, as far as they came: they are shown beside the others. */
static int set_mode_everywhere(struct lab *lab, const char *mode)
{
	int rc = 0;

	for (size_t i = 0; i < lab->schedule.count; i++) {
		char *folder = boot_folder(lab, &lab->schedule.boots[i]), *path;

		record_file_of(folder, &path);
		if (path)
			rc |= repeat_set_mode(path, mode);
		free(path);
		free(folder);
	}
	return rc;
}

bool exactness_judge(struct lab *lab)
{
	char **files = xcalloc(lab->schedule.count, sizeof(*files));
	bool exact = true;

	for (size_t k = 0; k < lab->kernel_count; k++) {
		size_t n = whole_files(lab, k, files);

		if (n == 1) {
			error("%s: one whole boot only, so nothing here is called exact",
			      lab->kernels[k].label);
			exact = false;
		}
		exact = repeats_agree(&lab->kernels[k], files, n) && exact;
		for (size_t i = 0; i < n; i++)
			free(files[i]);
	}
	free(files);
	exact = exact && lab->done;
	if (set_mode_everywhere(lab, exact ? "exact" : "inexact"))
		return false;
	if (exact)
		printf("exact: all boots of one kernel are the same to the bit (%ld boots)\n",
		       lab->done);
	return exact;
}
