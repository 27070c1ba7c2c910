/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One guest: QEMU from its start to its end, the records that come out of it, and how it ended.
 */
#ifndef RMAPBENCH_LAB_GUEST_H
#define RMAPBENCH_LAB_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runner/lab/kernel.h"
#include "runner/lab/qmp.h"
#include "runner/shared_area.h"

enum { MAX_NODES = 8 };

/* How the guest's processor is made, which says what its figures are. */
enum accel {
	ACCEL_ICOUNT, /* TCG that counts instructions: repeats to the bit */
	ACCEL_KVM,    /* the processor itself: time is time */
	ACCEL_TCG,    /* TCG: neither */
};

struct node {
	int cpus;
	uint64_t memory; /* bytes */
};

struct machine {
	enum arch arch;
	enum accel accel;
	bool fixed_layout; /* neither KASLR nor ASLR */
	/*
	 * TCG runs all processors in turn in one thread. With a thread each, a kernel that patches
	 * its own code, as every probe and static branch does, can run into a breakpoint that is
	 * gone already: an oops of the emulator's making.
	 */
	bool one_thread;
	struct node nodes[MAX_NODES];
	int node_count;
	char *cmdline;	     /* more words for every kernel, or "" */
	uint64_t area_bytes; /* of the shared area */
	/* Bounds: processor time of QEMU, or five times as much wall time. */
	double boot_seconds; /* until user space answers */
	double seconds;	     /* for all of it */
};

enum outcome {
	GUEST_RUNNING,
	GUEST_DONE,
	GUEST_PANIC,
	GUEST_HANG,
	GUEST_OOPS,
	GUEST_KILLED,
	GUEST_NO_BOOT,
	GUEST_GARBAGE,
};

/* As in docs/record-format.md, boot_failed. */
const char *outcome_name(enum outcome o);

struct guest {
	pid_t pid; /* of QEMU; 0: not running */
	struct qmp qmp;
	struct shared_area *area;
	size_t area_bytes;
	uint64_t read;	/* bytes of the area that we took */
	int console;	/* the console's log, for reading */
	int complaints; /* what QEMU itself wrote to stderr */
	double started; /* CLOCK_MONOTONIC seconds */
	double boot_seconds, seconds;
	bool hello, exited, garbage, overflow, out_of_time;
	int exit_status; /* of the run in the guest, when exited */
	int qemu_status; /* as wait(2) has it */
};

/* Bytes that QEMU may take for such a guest beside the guest's memory. */
#define GUEST_OVERHEAD (UINT64_C(192) << 20)

/* "qemu-system-x86_64": the program for an architecture; where it is in PATH, or NULL. To be freed.
 */
const char *qemu_name(enum arch a);
char *qemu_find(enum arch a);

/* The `-cpu` of such a machine. */
const char *machine_cpu(const struct machine *m);
uint64_t machine_memory(const struct machine *m);
int machine_cpus(const struct machine *m);
/* The kernel's command line there; to be freed. */
char *machine_cmdline(const struct machine *m, const struct kernel *k);

/*
 * Starts QEMU with the console in the file `log`. `seed` is where everything random in the guest
 * comes from. Returns 0, or -1 after a message. A guest that started must be given to guest_end().
 */
int guest_start(struct guest *g, const struct machine *m, const struct kernel *k, int initramfs,
		uint64_t seed, const char *log);

/*
 * Takes the next frame. 1: there is one, its payload to be freed; 0: none now.
 */
int guest_frame(struct guest *g, struct frame *f);

/*
 * Looks after the guest without waiting: events, bounds of time. Kills it when one is exceeded.
 * False once QEMU is gone; frames may be left then.
 */
bool guest_alive(struct guest *g);

/* How it ended: once it is not alive and all its frames were taken. */
enum outcome guest_outcome(struct guest *g);

/* Ends QEMU if it lives, and frees everything. */
void guest_end(struct guest *g);

/*
 * The lines of the log that tell why the guest failed, as a new array of `count` strings; both to
 * be freed. Bytes that are not printable ASCII are shown as '?'.
 */
char **guest_log_lines(struct guest *g, enum outcome o, size_t *count);

#endif
