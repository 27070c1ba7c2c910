// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/environment.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runner/files.h"
#include "runner/settings.h"
#include "runner/topology.h"

/* "key<blanks>: value" of a text such as /proc/cpuinfo or /proc/meminfo. */
static void row(const char *text, const char *key, char *value, size_t size)
{
	size_t n = strlen(key);

	value[0] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
		const char *at = line + n;

		if (strncmp(line, key, n))
			continue;
		at += strspn(at, " \t");
		if (*at++ != ':')
			continue;
		at += strspn(at, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
		return;
	}
}

static long meminfo_kib(const char *key)
{
	char text[8192], value[64];

	if (read_text("/proc/meminfo", text, sizeof(text)) < 0)
		return 0;
	row(text, key, value, sizeof(value));
	return atol(value);
}

long environment_available_bytes(void)
{
	return meminfo_kib("MemAvailable") * 1024;
}

long environment_cpu_pressure_us(void)
{
	char text[512], *total;

	if (read_text("/proc/pressure/cpu", text, sizeof(text)) < 0 ||
	    !(total = strstr(text, "total=")))
		return -1;
	return atol(total + 6);
}

static json_t *lines(const char *text)
{
	json_t *array = json_array();

	while (*text) {
		size_t n = strcspn(text, "\n");

		json_array_append_new(array, json_stringn(text, n));
		text += n + (text[n] == '\n');
	}
	return array;
}

json_t *environment_buddyinfo(void)
{
	char text[8192];

	read_text("/proc/buddyinfo", text, sizeof(text));
	return lines(text);
}

void environment_boot_id(char *buf, size_t size)
{
	if (read_text("/proc/sys/kernel/random/boot_id", buf, size) <= 0)
		snprintf(buf, size, "unknown-boot");
}

/* CONFIG_ options that are set: name -> value. */
static json_t *parse_config(const char *text)
{
	json_t *config = json_object(), *all = lines(text), *line;
	size_t i;

	json_array_foreach (all, i, line) {
		const char *option = json_string_value(line);
		size_t name = strcspn(option, "=");

		if (!strncmp(option, "CONFIG_", 7) && option[name])
			json_object_setn_new(config, option, name, json_string(option + name + 1));
	}
	json_decref(all);
	return config;
}

void environment_add_config(json_t *kernel, const char *text)
{
	char hash[65];

	sha256_hex(text, strlen(text), hash);
	json_object_set_new(kernel, "config_hash", json_string(hash));
	json_object_set_new(kernel, "config", parse_config(text));
}

/* The kernel's own copy, or the one that a distribution or the lab puts beside it. */
static void add_config(json_t *kernel, const char *release)
{
	char boot[512];
	const char *places[] = { "/proc/config.gz", boot, "/config" };
	char *text = NULL;
	size_t length;

	snprintf(boot, sizeof(boot), "/boot/config-%s", release);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places) && !text; i++)
		text = access(places[i], R_OK) ? NULL : read_whole(places[i], &length);
	if (!text) {
		json_object_set_new(kernel, "config_hash", json_null());
		json_object_set_new(kernel, "config", json_null());
		return;
	}
	environment_add_config(kernel, text);
	free(text);
}

/* /proc/version: "Linux version R (builder) (gcc ... , GNU ld ...) #1 ...": the compiler is in the
 * second pair of parentheses. */
static void compiler(char *buf, size_t size)
{
	char text[1024], *open;
	int depth = 0;

	buf[0] = '\0';
	read_text("/proc/version", text, sizeof(text));
	open = strstr(text, ") (");
	if (!open)
		return;
	snprintf(buf, size, "%s", open + 3);
	for (char *c = buf; *c; c++) {
		depth += (*c == '(') - (*c == ')');
		if (depth >= 0)
			continue;
		*c = '\0';
		return;
	}
}

static json_t *kernel(void)
{
	char cmdline[4096], built_with[512];
	struct utsname u;
	json_t *json;

	uname(&u);
	read_text("/proc/cmdline", cmdline, sizeof(cmdline));
	compiler(built_with, sizeof(built_with));
	json = json_pack("{s:s, s:s, s:s, s:s, s:s}", "release", u.release, "version", u.version,
			 "cmdline", cmdline, "arch", u.machine, "compiler", built_with);
	add_config(json, u.release);
	return json;
}

static json_t *mitigations(void)
{
	json_t *all = json_object();
	char value[512];
	glob_t g = { 0 };

	if (!glob("/sys/devices/system/cpu/vulnerabilities/*", 0, NULL, &g)) {
		for (size_t i = 0; i < g.gl_pathc; i++) {
			if (read_text(g.gl_pathv[i], value, sizeof(value)) >= 0)
				json_object_set_new(all, strrchr(g.gl_pathv[i], '/') + 1,
						    json_string(value));
		}
	}
	globfree(&g);
	return all;
}

/* x86 has names; arm64 has numbers. */
static void cpu_name(const char *cpuinfo, char *buf, size_t size)
{
	char part[64];

	row(cpuinfo, "model name", buf, size);
	if (*buf)
		return;
	row(cpuinfo, "CPU implementer", buf, size);
	row(cpuinfo, "CPU part", part, sizeof(part));
	snprintf(buf + strlen(buf), size - strlen(buf), " part %s", part);
}

static json_t *machine(const char *cpuinfo)
{
	char cpu[256], microcode[64], host[256] = "", hash[65];

	cpu_name(cpuinfo, cpu, sizeof(cpu));
	row(cpuinfo, "microcode", microcode, sizeof(microcode));
	/* Tells machines apart without giving their names away. */
	gethostname(host, sizeof(host) - 1);
	sha256_hex(host, strlen(host), hash);
	hash[16] = '\0';
	return json_pack("{s:s, s:s, s:i, s:I, s:i, s:s, s:o}", "cpu", cpu, "microcode", microcode,
			 "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN), "memory_kib",
			 (json_int_t)meminfo_kib("MemTotal"), "page_size",
			 (int)sysconf(_SC_PAGESIZE), "hostname_hash", hash, "mitigations",
			 mitigations());
}

#if defined(__x86_64__)
#include <cpuid.h>

/* CPUID leaf 0x40000000 holds the name that the hypervisor gives itself. */
static void virtualisation(const char *cpuinfo, char name[13])
{
	unsigned int a, words[3];

	strcpy(name, "none");
	if (!strstr(cpuinfo, " hypervisor"))
		return;
	__cpuid(0x40000000, a, words[0], words[1], words[2]);
	memcpy(name, words, 12);
	name[12] = '\0';
	for (int i = 11; i >= 0 && name[i] == ' '; i--)
		name[i] = '\0';
	if (!strcmp(name, "KVMKVMKVM"))
		strcpy(name, "kvm");
	if (!strcmp(name, "TCGTCGTCGTCG"))
		strcpy(name, "tcg");
}
#else
/* No leaf to ask: QEMU's firmware tables name it. */
static void virtualisation(const char *cpuinfo, char name[13])
{
	char text[256];

	(void)cpuinfo;
	strcpy(name, "none");
	if (read_text("/proc/device-tree/compatible", text, sizeof(text)) > 0 &&
	    strstr(text, "dummy-virt"))
		strcpy(name, "qemu");
	else if (read_text("/sys/class/dmi/id/sys_vendor", text, sizeof(text)) > 0 &&
		 strstr(text, "QEMU"))
		strcpy(name, "qemu");
}
#endif

json_t *environment(void)
{
	static char cpuinfo[65536];
	char virt[13];

	topology_read();
	read_text("/proc/cpuinfo", cpuinfo, sizeof(cpuinfo));
	virtualisation(cpuinfo, virt);
	return json_pack("{s:o, s:o, s:o, s:o, s:s}", "kernel", kernel(), "machine",
			 machine(cpuinfo), "topology", topology_json(), "settings", settings_read(),
			 "virtualisation", virt);
}
