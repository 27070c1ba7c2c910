// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/topology.h"

#include <hwloc.h>
#include <hwloc/glibc-sched.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "error.h"

static hwloc_topology_t topology;

void topology_read(void)
{
	if (topology)
		return;
	/* Without sysfs hwloc still finds the CPUs that sched_getaffinity() allows. */
	if (hwloc_topology_init(&topology) || hwloc_topology_load(topology))
		die(STATUS_FAILED,
		    "the topology of this machine cannot be read (hwloc); is /sys mounted?");
}

static void list(hwloc_const_bitmap_t set, char *buf, size_t size)
{
	hwloc_bitmap_list_snprintf(buf, size, set);
}

json_t *topology_json(void)
{
	json_t *nodes = json_array();
	hwloc_obj_t node = NULL;
	char cpus[512];

	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
		list(node->cpuset, cpus, sizeof(cpus));
		json_array_append_new(
			nodes, json_pack("{s:I, s:s, s:I}", "node", (json_int_t)node->os_index,
					 "cpus", cpus, "memory_kib",
					 (json_int_t)(node->attr->numanode.local_memory >> 10)));
	}
	return json_pack("{s:o}", "nodes", nodes);
}

static hwloc_const_cpuset_t first_node_cpus(void)
{
	hwloc_obj_t node = NULL;

	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
		if (!hwloc_bitmap_iszero(node->cpuset))
			return node->cpuset;
	}
	return hwloc_topology_get_allowed_cpuset(topology);
}

void topology_cpus(const char *which, cpu_set_t *set)
{
	hwloc_const_cpuset_t cpus = first_node_cpus();
	hwloc_cpuset_t chosen;

	topology_read();
	if (!strcmp(which, "all"))
		cpus = hwloc_topology_get_allowed_cpuset(topology);
	chosen = hwloc_bitmap_dup(cpus);
	if (!strcmp(which, "one"))
		hwloc_bitmap_only(chosen, hwloc_bitmap_last(cpus));
	hwloc_cpuset_to_glibc_sched_affinity(topology, chosen, set, sizeof(*set));
	hwloc_bitmap_free(chosen);
}

const char *topology_list(const cpu_set_t *set)
{
	static char text[512];
	hwloc_bitmap_t bitmap = hwloc_bitmap_alloc();

	hwloc_cpuset_from_glibc_sched_affinity(topology, bitmap, set, sizeof(*set));
	list(bitmap, text, sizeof(text));
	hwloc_bitmap_free(bitmap);
	return text;
}
