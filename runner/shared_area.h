/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that a lab guest shares with its host (the ivshmem device of QEMU), and what is said in
 * it: frames, appended one after another and never changed. A frame counts from the moment `used`
 * covers it, so whatever a guest wrote before it panicked or hung is still there for the host.
 */
#ifndef RMAPBENCH_SHARED_AREA_H
#define RMAPBENCH_SHARED_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARED_AREA_MAGIC UINT64_C(0x3161657261626d72) /* "rmbarea1" */

enum frame_type {
	FRAME_HELLO = 1, /* user space of the guest runs; no payload */
	FRAME_RUNNING,	 /* name of the workload that starts now */
	FRAME_RECORD,	 /* one line of docs/record-format.md, without its newline */
	FRAME_EXIT,	 /* the run is over: int32_t, its exit status; -1: it died */
};

struct shared_area {
	uint64_t magic;
	uint64_t capacity; /* bytes of data[] */
	uint64_t used;	   /* bytes of whole frames */
	uint64_t refused;  /* frames that found no room */
	uint64_t data[];
};

struct frame_header {
	uint32_t type;
	uint32_t bytes;	   /* of the payload, which is then padded to 8 */
	uint64_t checksum; /* of type, bytes and payload */
};

/* ------------------------------------------------------------- in the guest */

/*
 * From here on shared_area_put() appends to `area`, in this process and in those it forks. One
 * process at a time may write. False if this is no area of a lab.
 */
bool shared_area_use(struct shared_area *area);

/*
 * Appends a frame; it is in the host's memory when this returns. Does nothing outside a guest.
 * Returns 0, or -1 if the area is full: the host then reports the guest as failed.
 */
int shared_area_put(enum frame_type type, const void *payload, size_t bytes);

/* Bytes written so far by anybody; 0 outside a guest. Tells that a run still moves. */
uint64_t shared_area_used(void);

/* -------------------------------------------------------------- on the host */

/* Makes an empty area of all `bytes` of zeroed memory. */
void shared_area_format(struct shared_area *area, size_t bytes);

struct frame {
	enum frame_type type;
	char *payload; /* NUL-terminated copy, the caller frees it */
	size_t bytes;
};

/*
 * Reads the frame at *at and moves *at behind it. `size` is what the area was formatted with: the
 * guest can write anything into the header. Returns 1 with a frame, 0 if there is none yet, -1 if
 * what stands there is no frame of ours.
 */
int shared_area_next(const struct shared_area *area, size_t size, uint64_t *at, struct frame *f);

#endif
