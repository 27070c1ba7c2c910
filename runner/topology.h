/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes and CPUs of this machine, and which of them a workload gets.
 */
#ifndef RMAPBENCH_TOPOLOGY_H
#define RMAPBENCH_TOPOLOGY_H

#include <jansson.h>
#include <sched.h>

/* Reads the topology by hwloc once; exits with a message if it cannot be had. */
void topology_read(void);
/* The "topology" of a run record: nodes with their CPUs and memory. */
json_t *topology_json(void);
/*
 * CPUs for a workload that declares `which`: "one" (the last CPU of the first node with CPUs: CPU 0
 * takes most interrupts), "node" (that node's), "all". Only CPUs that this process may use.
 */
void topology_cpus(const char *which, cpu_set_t *set);
/* "0-2,5" for a set; static. */
const char *topology_list(const cpu_set_t *set);

#endif
