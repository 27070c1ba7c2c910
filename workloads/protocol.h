/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a workload and the runner say to each other.
 *
 * The runner starts  <program> --control-fd C --samples-fd S --pass time|count|control --seed N
 *                    --clock host|icount --max-bytes B --max-processes P [--samples N]
 *                    [--allow-dangerous] --<param> VALUE...
 *
 * S is a memfd of sample_area_bytes() that the runner made; the workload maps it shared. C is one
 * end of a SOCK_SEQPACKET pair; each packet is one JSON object from the workload:
 *
 *   {"hold":"populated","model":{"anon_vma":64}}   waits for one packet, "go"
 *   {"evidence":{...}}                             fields as in docs/record-format.md; "slab:" ones
 *                                                  come without seen and held: the runner judges
 *   {"note":"text"}                                something a reader of the figures must know
 *   {"skip":"reason","need":"two nodes"}           exits with 77
 *   {"invalid":"reason","corrupted":true}          exits with 1
 *   {"done":{"work":{"forks":100},"vmas":12,"elapsed_ns":1}}  the last packet; exits with 0
 *
 * Anything else (death, other status, no "done") is a run that failed.
 */
#ifndef RMAPBENCH_PROTOCOL_H
#define RMAPBENCH_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

enum { MAX_PARAMS = 10, MAX_METRICS = 8, MAX_WORKS = 12, MAX_EVIDENCE = 10 };
enum { EXIT_SKIP = 77 };
#define SAMPLE_MAGIC UINT64_C(0x31706d7362616d72) /* "rmabsmp1" */
#define MAX_PACKET   65536
#define MAX_SAMPLES  1000000

struct sample {
	uint64_t value; /* ns, or a count */
	uint64_t work;	/* THROUGHPUT only */
};

struct sample_area {
	uint64_t magic;
	uint64_t capacity; /* samples of each metric: --samples */
	uint64_t work[MAX_WORKS];
	uint64_t used[MAX_METRICS]; /* may exceed capacity: what is over was dropped */
	struct sample samples[];    /* metric after metric */
};

/* Bytes of a sample area for `metrics` metrics of `capacity` samples. */
static inline size_t sample_area_bytes(long metrics, long capacity)
{
	return sizeof(struct sample_area) + (size_t)metrics * capacity * sizeof(struct sample);
}

#endif
