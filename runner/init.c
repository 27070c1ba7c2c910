// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Process 1 of a lab guest: mounts what the runner reads, finds the area shared with the host, arms
 * the watchdog, calls the command it was ordered to (run, coverage) as a host would, and powers
 * off. It has neither a shell nor a module to help it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/command.h"
#include "lib/error.h"
#include "runner/files.h"
#include "runner/record.h"
#include "runner/shared_area.h"

#define ORDERS	 "/orders.json"
#define PCI_PATH "/sys/bus/pci/devices"

struct orders {
	int argc;
	char **argv;   /* of the command to run, NULL-terminated */
	long watchdog; /* guest seconds without a sign of life until the host is told */
	long stall;    /* guest seconds without a new record that we call hung */
};

/* ---------------------------------------------------------------- file systems */

static const struct {
	const char *where, *type, *options;
	bool needed;
} mounts[] = {
	{ "/proc", "proc", NULL, true },
	{ "/sys", "sysfs", NULL, true },
	{ "/dev", "devtmpfs", NULL, false },
	{ "/dev/shm", "tmpfs", NULL, false },
	{ "/tmp", "tmpfs", NULL, false },
	{ "/sys/fs/cgroup", "cgroup2", NULL, false },
	{ "/sys/kernel/debug", "debugfs", NULL, false },
	{ "/sys/kernel/tracing", "tracefs", NULL, false },
};

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].where, 0755);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, mounts[i].options) &&
		    mounts[i].needed)
			error("init: mounting %s: %s", mounts[i].where, strerror(errno));
	}
	symlink("/proc/self/fd", "/dev/fd");
}

/* The controllers that workloads ask for; a kernel may lack any of them. */
static void enable_controllers(void)
{
	static const char *const names[] = { "+memory", "+cpuset", "+pids", "+cpu" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		write_text("/sys/fs/cgroup/cgroup.subtree_control", names[i]);
}

/* ------------------------------------------------------------------ PCI devices */

static unsigned long read_hex(const char *folder, const char *device, const char *file)
{
	char text[32];

	if (read_textf(text, sizeof(text), "%s/%s/%s", folder, device, file) < 0)
		return 0;
	return strtoul(text, NULL, 16);
}

/* The sysfs folder of the first device of that vendor and number, or NULL; the caller frees it. */
static char *pci_find(unsigned long vendor, unsigned long device)
{
	DIR *dir = opendir(PCI_PATH);
	char *found = NULL;
	struct dirent *e;

	while (dir && !found && (e = readdir(dir))) {
		if (read_hex(PCI_PATH, e->d_name, "vendor") == vendor &&
		    read_hex(PCI_PATH, e->d_name, "device") == device)
			found = xasprintf(PCI_PATH "/%s", e->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/*
 * Maps a memory BAR of a device, without a driver. *bytes is its size. NULL with errno. The
 * mapping is of whole pages; a small BAR can start inside one.
 */
static void *pci_map(const char *device, int bar, size_t *bytes)
{
	char *path = xasprintf("%s/enable", device);
	char *resources = xasprintf("%s/resource", device);
	unsigned long long start = 0, end = 0;
	FILE *f = fopen(resources, "re");
	void *map = MAP_FAILED;
	long page = sysconf(_SC_PAGESIZE);
	int fd;

	for (int i = 0; f && i <= bar; i++) {
		if (fscanf(f, "%llx %llx %*x", &start, &end) != 2)
			start = end = 0;
	}
	if (f)
		fclose(f);
	free(resources);
	if (write_text(path, "1"))
		error("init: %s: %s", path, strerror(errno));
	free(path);
	*bytes = end - start + 1;
	/* Write-combining where there is: a write-back cache would not reach the host in order. */
	path = xasprintf("%s/resource%d_wc", device, bar);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	free(path);
	if (fd < 0) {
		path = xasprintf("%s/resource%d", device, bar);
		fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
		free(path);
	}
	if (fd < 0)
		return NULL;
	map = mmap(NULL, *bytes < (size_t)page ? (size_t)page : *bytes, PROT_READ | PROT_WRITE,
		   MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return NULL;
	return (char *)map + (start & (page - 1));
}

static struct shared_area *area;
static size_t area_bytes;

/* ivshmem-plain, QEMU docs/specs/ivshmem-spec: BAR 2 is the memory. */
static bool find_shared_area(void)
{
	char *device = pci_find(0x1af4, 0x1110);

	if (!device)
		return false;
	area = pci_map(device, 2, &area_bytes);
	free(device);
	return area && shared_area_use(area);
}

/* --------------------------------------------------------------------- watchdog */

/*
 * The i6300ESB timer (Intel 6300ESB I/O Controller Hub datasheet, chapter 16; QEMU
 * hw/watchdog/wdt_i6300esb.c). Two stages, each counted in about 1 ms with the slow clock; when the
 * second runs out, QEMU acts and tells the host.
 */
enum {
	ESB_CONFIG = 0x60, /* PCI configuration space, 16 bits */
	ESB_LOCK = 0x68,   /* the same, 8 bits */
	ESB_LOCK_ENABLE = 0x02,
	ESB_TIMER1 = 0x00, /* memory, 32 bits */
	ESB_TIMER2 = 0x04,
	ESB_RELOAD = 0x0c, /* memory, 16 bits */
	ESB_RELOAD_NOW = 0x100,
	ESB_TICKS_PER_SECOND = 1007, /* 33 MHz / 2^15 */
};

static volatile char *watchdog;

/* Each write but the reload itself wants this first. */
static void watchdog_unlock(void)
{
	volatile uint16_t *reload = (volatile uint16_t *)(watchdog + ESB_RELOAD);

	*reload = 0x80;
	*reload = 0x86;
}

static void watchdog_pet(void)
{
	if (!watchdog)
		return;
	watchdog_unlock();
	*(volatile uint16_t *)(watchdog + ESB_RELOAD) = ESB_RELOAD_NOW;
}

static bool watchdog_arm(long seconds)
{
	char *device = pci_find(0x8086, 0x25ab);
	uint32_t ticks = seconds * ESB_TICKS_PER_SECOND / 2;
	uint16_t config = 0x0003; /* slow clock, no interrupt, act at the end */
	uint8_t enable = ESB_LOCK_ENABLE;
	char *path;
	size_t bytes;
	bool armed;
	int fd;

	if (!device)
		return false;
	watchdog = pci_map(device, 0, &bytes);
	path = xasprintf("%s/config", device);
	fd = open(path, O_RDWR | O_CLOEXEC);
	free(path);
	free(device);
	if (!watchdog || fd < 0)
		return false;
	watchdog_unlock();
	*(volatile uint32_t *)(watchdog + ESB_TIMER1) = ticks;
	watchdog_unlock();
	*(volatile uint32_t *)(watchdog + ESB_TIMER2) = ticks;
	armed = pwrite(fd, &config, sizeof(config), ESB_CONFIG) == sizeof(config) &&
		pwrite(fd, &enable, sizeof(enable), ESB_LOCK) == sizeof(enable);
	close(fd);
	watchdog_pet();
	return armed;
}

/* -------------------------------------------------------------------- rehearsal */

/*
 * rmapbench.rehearse=panic|hang|garbage|poweroff on the kernel command line: the guest fails in
 * that way while its second workload runs, so that anybody can see what a bad kernel looks like in
 * the results. The tests use it too.
 */
static char rehearse[32];

static void read_rehearsal(void)
{
	static const char key[] = "rmapbench.rehearse=";
	char line[4096];
	char *at;

	if (read_text("/proc/cmdline", line, sizeof(line)) > 0 && (at = strstr(line, key)))
		sscanf(at + sizeof(key) - 1, "%31s", rehearse);
}

/* Leaves nothing to anybody else: every CPU spins above all other tasks, for good. */
static void spin_everywhere(void)
{
	struct sched_param highest = { .sched_priority = 99 };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t one;

	write_text("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	for (long cpu = 0; cpu < cpus; cpu++) {
		/* 6.12 and later keep 5% for ordinary tasks in another way. */
		char *fair = xasprintf("/sys/kernel/debug/sched/fair_server/cpu%ld/runtime", cpu);

		write_text(fair, "0");
		free(fair);
	}
	for (long cpu = cpus - 1; cpu >= 0; cpu--) {
		if (cpu && fork())
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		sched_setscheduler(0, SCHED_FIFO, &highest);
		for (;;)
			;
	}
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	_exit(1); /* never: the kernel panics when process 1 ends, which the host sees */
}

static void rehearse_now(void)
{
	if (!strcmp(rehearse, "panic"))
		write_text("/proc/sysrq-trigger", "c");
	if (!strcmp(rehearse, "hang"))
		spin_everywhere();
	if (!strcmp(rehearse, "garbage"))
		shared_area_put((enum frame_type)0x4bad, "\377\376\375", 3);
	if (!strcmp(rehearse, "poweroff"))
		power_off();
	*rehearse = '\0';
}

/* -------------------------------------------------------------------------- run */

static bool read_orders(struct orders *o)
{
	json_error_t where;
	json_t *j = json_load_file(ORDERS, 0, &where), *argv;
	json_int_t watchdog_seconds = 0, stall = 0;

	if (!j || json_unpack_ex(j, &where, 0, "{s:o, s:I, s:I}", "argv", &argv, "watchdog",
				 &watchdog_seconds, "stall", &stall)) {
		error("init: " ORDERS ": %s", where.text);
		return false;
	}
	o->watchdog = watchdog_seconds;
	o->stall = stall;
	o->argc = json_array_size(argv);
	o->argv = xcalloc(o->argc + 1, sizeof(*o->argv));
	for (int i = 0; i < o->argc; i++)
		o->argv[i] = xstrdup(json_string_value(json_array_get(argv, i)));
	json_decref(j);
	return true;
}

/* The record_sink: a record reaches the host before the next one is made. */
static int send_record(const char *line, size_t length)
{
	if (length && line[length - 1] == '\n')
		length--;
	if (!shared_area_put(FRAME_RECORD, line, length))
		return 0;
	error("init: the area shared with the host is full; raise 'records' in the lab's config");
	return -1;
}

static pid_t start_run(const struct orders *o, const sigset_t *mask)
{
	const struct command *run = o->argc ? command_find(o->argv[0]) : NULL;
	pid_t pid;

	if (!run) {
		errno = ENOENT;
		return -1;
	}
	pid = fork();
	if (pid)
		return pid;
	sigprocmask(SIG_SETMASK, mask, NULL);
	setsid();
	record_sink = send_record;
	exit(run->main(o->argc, o->argv));
}

/* Collects every child that ended. True when `run` was one of them; *status is its status. */
static bool reap(pid_t run, int *status)
{
	bool ended = false;
	pid_t pid;
	int s;

	while ((pid = waitpid(-1, &s, WNOHANG)) > 0) {
		if (pid != run)
			continue;
		ended = true;
		*status = s;
	}
	return ended;
}

/* True from the start of the second workload. */
static bool second_workload_runs(void)
{
	static char *first;
	static uint64_t at;
	static bool second;
	struct frame f;

	while (!second && shared_area_next(area, area_bytes, &at, &f) > 0) {
		if (f.type == FRAME_RUNNING && !first)
			first = xstrdup(f.payload);
		else if (f.type == FRAME_RUNNING)
			second = strcmp(first, f.payload) != 0;
		free(f.payload);
	}
	return second;
}

/*
 * Waits for the run. Tells the watchdog that we live, for as long as records come: a run that has
 * stopped (its workload cannot be killed, say) ends in the same way as a kernel that has.
 */
static int supervise(const struct orders *o, pid_t run, const sigset_t *chld)
{
	const struct timespec second = { .tv_sec = 1 }, tenth = { .tv_nsec = 100000000 };
	uint64_t used = shared_area_used();
	struct timespec now, moved;
	int status = 0;

	clock_gettime(CLOCK_MONOTONIC, &moved);
	while (!reap(run, &status)) {
		sigtimedwait(chld, NULL, *rehearse ? &tenth : &second);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (shared_area_used() != used) {
			used = shared_area_used();
			moved = now;
		}
		if (now.tv_sec - moved.tv_sec <= o->stall)
			watchdog_pet();
		if (*rehearse && second_workload_runs())
			rehearse_now();
	}
	return status;
}

static void supervise_run(const struct orders *o)
{
	int32_t result = -1;
	sigset_t chld, old;
	int status;
	pid_t run;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &old);
	run = start_run(o, &old);
	if (run < 0) {
		error("init: cannot start the run: %s", strerror(errno));
		return;
	}
	status = supervise(o, run, &chld);
	if (WIFEXITED(status))
		result = WEXITSTATUS(status);
	else
		error("init: the run died from signal %d", WTERMSIG(status));
	shared_area_put(FRAME_EXIT, &result, sizeof(result));
}

static const struct command init_command;

static int init_main(int argc, char **argv)
{
	struct orders orders;

	(void)argc, (void)argv; /* the kernel's own words */
	if (getpid() != 1) {
		error("init is process 1 of a lab guest and nothing else; see 'rmapbench lab'");
		return STATUS_USAGE;
	}
	umask(022);
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "dumb", 1);
	mount_all();
	enable_controllers();
	read_rehearsal();
	if (!find_shared_area()) {
		error("init: no memory shared with the host (PCI device 1af4:1110)");
		power_off();
	}
	shared_area_put(FRAME_HELLO, NULL, 0);
	if (!read_orders(&orders))
		power_off();
	if (!watchdog_arm(orders.watchdog))
		warning("init: no watchdog (PCI device 8086:25ab): only wall-clock time bounds a "
			"hang");
	supervise_run(&orders);
	power_off();
	return STATUS_FAILED;
}

COMMAND(init_command) = {
	.name = "init",
	.usage = "",
	.summary = "process 1 of a lab guest; not for hosts",
	.order = 99,
	.main = init_main,
};
