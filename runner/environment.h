/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is this host? Kernel, machine, settings: what a reader needs to judge whether two results
 * can be compared.
 */
#ifndef RMAPBENCH_ENVIRONMENT_H
#define RMAPBENCH_ENVIRONMENT_H

#include <jansson.h>
#include <stddef.h>

/* kernel, machine, topology, settings and virtualisation of a run record. */
json_t *environment(void);
/* Adds config_hash and config to the `kernel` of a run record, from the text of a .config. */
void environment_add_config(json_t *kernel, const char *text);
/* The identity of this boot; "unknown-boot" where the kernel does not tell. */
void environment_boot_id(char *buf, size_t size);
/* MemAvailable in bytes. */
long environment_available_bytes(void);
/* CPU pressure since boot in us (/proc/pressure/cpu, "some"), -1 without PSI. */
long environment_cpu_pressure_us(void);
/* Lines of /proc/buddyinfo, as an array. */
json_t *environment_buddyinfo(void);

#endif
