/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What workloads ask of the machine beyond their own memory: settings that are put back, control
 * groups, nodes, page frames and huge pages. Implemented in workloads/harness/.
 */
#ifndef RMAPBENCH_MACHINE_H
#define RMAPBENCH_MACHINE_H

#include "workloads/workload.h"

/* ----------------------------------------------------------------- put back */

/*
 * Calls undo(arg) when the workload's first process ends, by itself or by a signal it can catch;
 * the last one registered is called first. undo() may run in a signal handler: no allocation.
 */
void bench_undo(struct bench *b, void (*undo)(void *arg), void *arg);

/*
 * Writes to a file of /proc or /sys and puts its value back at the end. Of a file that lists its
 * choices ("always [madvise] never") the chosen word is what is put back. False, with errno, if it
 * cannot be read or refuses the value.
 */
bool setting_try(struct bench *b, const char *path, const char *value);
/* The same; the workload fails if it cannot. */
void setting_write(struct bench *b, const char *path, const char *value);

/* Says something a reader of the figures must know; no verdict depends on it. */
void bench_note(struct bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Populated memory for bookkeeping, shared with children, with no anon_vma; zeroed. The harness
 * frees it when run() has returned.
 */
void *bench_memory(struct bench *b, size_t bytes);

/*
 * Between the two, waits for kernel locks of this process and its descendants are counted by the
 * function that wanted the lock. Skips where the kernel cannot. The end notes the functions with
 * most waits and returns the number of all. Disturbs timing.
 */
void lock_waits_begin(struct bench *b);
long lock_waits_end(struct bench *b);

/* ------------------------------------------------------------ control groups */

struct group {
	char path[192];	  /* "" while there is none */
	char origin[512]; /* cgroup.procs of where we were */
	bool v2;
};

/*
 * Creates a group for a controller ("memory", "cpuset"), cgroup v2 or v1, and moves this process
 * into it; group_leave(), or the end, moves it back, kills what else is in the group, and removes
 * it. What the process touches from now on is charged to the group. False if no hierarchy with that
 * controller is mounted in /sys/fs/cgroup or it cannot be created.
 */
bool group_create(struct bench *b, struct group *g, const char *controller);
bool group_enter(struct bench *b, struct group *g);
void group_leave(struct bench *b, struct group *g);
/* A file of the group: 0, or -1 with errno. */
int group_write(const struct group *g, const char *file, const char *value);
/* A number from a file of the group, or -1 with errno. */
long group_read(const struct group *g, const char *file);
/*
 * Makes the kernel reclaim `bytes` of what the group holds, through memory.reclaim (v2, 5.19 and
 * later), memory.high (v2) or memory.force_empty (v1). The kernel may reclaim less. False if there
 * is no such interface.
 */
bool group_reclaim(const struct group *g, size_t bytes);

/* ---------------------------------------------------------------- nodes */

/* Pages that this process touches from now on come from `node`; -1: from wherever is near. */
void node_prefer(struct bench *b, int node);

/*
 * move_pages(2) without libnuma, whose start-up code reads sysfs and allocates. `flags` are
 * MPOL_MF_MOVE, MPOL_MF_MOVE_ALL; with `nodes` NULL it only asks. Returns what the call returns.
 */
long pages_move(pid_t pid, unsigned long count, void **pages, const int *nodes, int *status,
		int flags);
/* Pages of [start, start + pages) of this process that lie on `node`. */
long pages_on_node(struct bench *b, const void *start, long pages, int node);
/* As the system calls of the same name; errno is set. `node` as a mask of one. */
long node_bind(void *start, size_t bytes, int node, unsigned int flags);
long node_migrate(pid_t pid, int from, int to);

/* ---------------------------------------------------------------- frames */

/*
 * Page frame numbers of `pages` pages from `start` in process `pid`; 0 where none is present, or
 * all 0 if the kernel hides them.
 */
void frames_read(pid_t pid, const void *start, long pages, uint64_t *frame);
/*
 * True if every child of the family maps the same frames as this process does; where frames are
 * hidden, true if move_pages(2) says the same node. Reads again a few times before it says no:
 * the kernel may move a page in between.
 */
bool frames_agree(struct bench *b, const struct family *f, const void *start, long pages);
/* Flags of a frame as /proc/kpageflags has them (bits: linux/kernel-page-flags.h); 0 if hidden. */
uint64_t frame_flags(uint64_t frame);

/* ---------------------------------------------------------------- sharers */

/*
 * Memory that this process fills with region_fill(tag 1) and its children share. Each child
 * verifies it when it is released.
 */
struct sharers {
	struct region region;
	struct family family;
	long children; /* forked by sharers_fork() */
};

/* Room for `children`; before POPULATED. */
void sharers_new(struct bench *b, struct sharers *s, long children);
/* Maps one VMA of small pages, which come from `node` (-1: any), and fills it. */
void sharers_map(struct bench *b, struct sharers *s, long pages, int node);
/* Forks the children; returns when all sleep. */
void sharers_fork(struct bench *b, struct sharers *s);
/* Corrupted, unless this process sees what it wrote. */
void sharers_verify(struct bench *b, const struct sharers *s);
/* Corrupted, unless all map the same frames and this process sees what it wrote. */
void sharers_check(struct bench *b, const struct sharers *s);
/* Children verify and leave; returns how many left with 0. */
long sharers_release(struct bench *b, struct sharers *s);
void sharers_free(struct bench *b, struct sharers *s);
uint64_t sharers_bytes(const struct bench *b, uint64_t bytes, long children);

/*
 * Times move(b, s, from, to), which is to take the pages of `s` to another node, and reports it as
 * bench_rate(metric) of those that left `from` and are on `to`. Checks all sharers. Returns that
 * number of pages.
 */
long sharers_travel(struct bench *b, struct sharers *s, int metric, int from, int to,
		    void (*move)(struct bench *b, struct sharers *s, int from, int to));

/* ---------------------------------------------------------------- swap */

/*
 * Makes sure that there is swap: if there is none, a zram device of `bytes` becomes one until the
 * workload ends. Skips if neither is to be had.
 */
void swap_ensure(struct bench *b, size_t bytes);
/* Makes one in any case, ahead of all other swap; skips where there is no zram. One at a time. */
void swap_add(struct bench *b, size_t bytes);
/* swapoff(2) of the one that was made; then swap_remove() gives the device back. */
int swap_off(void);
void swap_remove(void);

/* ---------------------------------------------------------------- huge pages */

/* `folios` VMAs, each one aligned huge page that is asked for by madvise; untouched. */
struct region thp_map(struct bench *b, long folios);
/* Huge pages that are mapped by a PMD in [start, start + bytes). */
long thp_mapped(const void *start, size_t bytes);
/* The same over all VMAs of a region. */
long thp_in_region(const struct region *r);

/* ---------------------------------------------------------------------- TLB */

/* Memory for tlb_flush(); the caller unmaps it. */
struct region tlb_region(struct bench *b);
/*
 * Flushes all of this process's TLB, by a change of the rights of more pages than are flushed one
 * by one.
 */
void tlb_flush(struct bench *b, const struct region *r);

#endif
