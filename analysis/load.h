/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results as they were recorded: a label has boots, a boot has measurements and counts. The one
 * place that knows docs/record-format.md.
 */
#ifndef RMAPBENCH_LOAD_H
#define RMAPBENCH_LOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "analysis/notes.h"

enum { RECORD_SCHEMA = 1 };

enum kind { KIND_LATENCY, KIND_THROUGHPUT, KIND_PATH_LENGTH, KIND_COUNT };

/* The name of a kind in records: "latency", "path length"... */
const char *kind_name(enum kind kind);

/* What one process measured. */
struct values {
	int process;
	size_t count;
	double *value; /* in the order they were taken */
	double *work;  /* units done in each, or NULL */
};

/* One metric of one workload with one set of parameters, in one boot. */
struct measurement {
	char *workload, *params; /* params as in params.h */
	char *metric, *unit;
	enum kind kind;
	bool lower_is_better;
	struct values *processes;
	size_t process_count;
	size_t order; /* place in the record, for tables */
};

/* One cache at one hold point; objects and bytes are growth since `before`. */
struct slab_count {
	char *workload, *params, *point, *cache;
	double delta;		 /* objects */
	double object_size;	 /* bytes */
	double slab_size;	 /* bytes of a slot */
	double slab_bytes_delta; /* bytes of whole slabs: depends on history; NAN if unknown */
	double model;		 /* delta that mainline's closed form predicts, or NAN */
	double lowest, highest;	 /* of the repeats of the counting pass */
	bool exact;
	char *inexact_because; /* or NULL */
	size_t order;
};

/* Raw slab use while a warm-up process ran; one cache. */
struct timeline {
	char *workload, *params, *cache;
	size_t count;
	double *ms, *objects;
};

enum trouble_kind { TROUBLE_SKIP, TROUBLE_INVALID, TROUBLE_KERNEL_LOG };

/* A workload that gave no figure in a boot. */
struct trouble {
	enum trouble_kind kind;
	char *workload, *params; /* params NULL: with all */
	char *reason;
};

struct boot {
	char *id;
	json_t *run;   /* the record, or NULL if the boot failed before it wrote one */
	char *machine; /* which machine it ran on */
	char *how;     /* what its figures are: mode, clock, virtualisation, architecture */
	char *mode;
	char *virtualisation;
	bool icount;
	char *schedule;	   /* of its block, or NULL */
	long index;	   /* of its block */
	char *failure;	   /* outcome of a boot that failed, or NULL */
	char *failed_in;   /* the workload that ran then, or NULL */
	bool finished;	   /* every file has its `end` */
	double elapsed_ns; /* of its runs, as the `end` records say */
	/* sorted for boot_measurement() and boot_slab() */
	struct measurement *measurements;
	size_t measurement_count;
	struct slab_count *slabs;
	size_t slab_count;
	struct timeline *timelines;
	size_t timeline_count;
	struct trouble *troubles;
	size_t trouble_count;
	json_t *log; /* kernel messages: array of {"workload": NAME or null, "lines"}; or NULL */
};

struct results {
	char *label;
	char *origin; /* the file or folder it was read from */
	struct boot *boots;
	size_t boot_count;
	struct notes notes; /* what was odd about the files */
};

/*
 * Reads the results that `name` stands for: a label (a folder in `root`), a folder or a file.
 * Returns NULL with *why (the caller frees it) if there are none, if they are not ours or damaged
 * other than by being cut off, or belong to several labels. *status is then an exit status:
 * STATUS_USAGE if `name` stands for nothing, else STATUS_FAILED.
 */
struct results *results_load(const char *name, const char *root, char **why, int *status);
void results_free(struct results *r);

/* Boots that failed. */
size_t results_failed(const struct results *r);

/* NULL if the boot has none, or none that counts: the workload was invalid there or ran into a
 * failure. */
const struct measurement *boot_measurement(const struct boot *b, const char *workload,
					   const char *params, const char *metric);
const struct slab_count *boot_slab(const struct boot *b, const char *workload, const char *params,
				   const char *point, const char *cache);
/* Why the figures of a workload do not count in this boot, or NULL if they do. */
const char *boot_trouble(const struct boot *b, const char *workload, const char *params);

#endif
