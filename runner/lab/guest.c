// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"

enum {
	MOST_LOG_BYTES = 64 << 20, /* of console; a guest that says more has lost its mind */
	WATCHDOG_SECONDS = 20,	   /* from the alarm to the end */
	QUOTED_LINES = 24,
	QUOTED_TAIL = 10,
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

const char *outcome_name(enum outcome o)
{
	static const char *const names[] = {
		[GUEST_RUNNING] = "running", [GUEST_DONE] = "done",	  [GUEST_PANIC] = "panic",
		[GUEST_HANG] = "hang",	     [GUEST_OOPS] = "oops",	  [GUEST_KILLED] = "killed",
		[GUEST_NO_BOOT] = "no boot", [GUEST_GARBAGE] = "garbage",
	};

	return names[o];
}

/* ------------------------------------------------------------------ command line */

const char *qemu_name(enum arch a)
{
	return a == ARCH_ARM64 ? "qemu-system-aarch64" : "qemu-system-x86_64";
}

char *qemu_find(enum arch a)
{
	const char *path = getenv("PATH");
	char *copy = xstrdup(path ? path : "/usr/local/bin:/usr/bin:/bin"), *rest = copy, *folder;
	char *found = NULL;

	while (!found && (folder = strsep(&rest, ":"))) {
		found = xasprintf("%s/%s", *folder ? folder : ".", qemu_name(a));
		if (access(found, X_OK)) {
			free(found);
			found = NULL;
		}
	}
	free(copy);
	return found;
}

/*
 * qemu64 has no `rep movs` counted per byte and no RDRAND, which would be one more source of
 * chance; KASLR takes its entropy from RDRAND, and there it comes from -seed.
 */
const char *machine_cpu(const struct machine *m)
{
	if (m->accel == ACCEL_KVM)
		return "host";
	if (m->arch == ARCH_ARM64)
		return "cortex-a57";
	return m->fixed_layout ? "qemu64" : "qemu64,+rdrand";
}

uint64_t machine_memory(const struct machine *m)
{
	uint64_t bytes = 0;

	for (int i = 0; i < m->node_count; i++)
		bytes += m->nodes[i].memory;
	return bytes;
}

int machine_cpus(const struct machine *m)
{
	int cpus = 0;

	for (int i = 0; i < m->node_count; i++)
		cpus += m->nodes[i].cpus;
	return cpus;
}

char *machine_cmdline(const struct machine *m, const struct kernel *k)
{
	/*
	 * panic=-1 with -no-reboot ends QEMU at once. slab_nomerge: counts of one cache are not
	 * mixed with strangers'. oops=panic: a kernel that oopsed measures nothing any more.
	 */
	return xasprintf("console=%s panic=-1 oops=panic slab_nomerge%s%s%s%s%s",
			 m->arch == ARCH_ARM64 ? "ttyAMA0 earlycon"
					       : "ttyS0 earlyprintk=ttyS0 unknown_nmi_panic",
			 m->fixed_layout ? " nokaslr norandmaps" : "", *m->cmdline ? " " : "",
			 m->cmdline, *k->cmdline ? " " : "", k->cmdline);
}

struct arguments {
	char **list;
	size_t count;
};

static void add(struct arguments *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct arguments *a, const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		die(1, "out of memory; free some and run again");
	va_end(args);
	a->list = xrealloc(a->list, a->count + 2, sizeof(*a->list));
	a->list[a->count++] = s;
	a->list[a->count] = NULL;
}

static void add_nodes(struct arguments *a, const struct machine *m)
{
	int cpu = 0;

	for (int i = 0; i < m->node_count; i++) {
		const struct node *n = &m->nodes[i];

		add(a, "-object");
		add(a, "memory-backend-ram,id=m%d,size=%lluM", i,
		    (unsigned long long)(n->memory >> 20));
		add(a, "-numa");
		if (n->cpus)
			add(a, "node,nodeid=%d,memdev=m%d,cpus=%d-%d", i, i, cpu,
			    cpu + n->cpus - 1);
		else
			add(a, "node,nodeid=%d,memdev=m%d", i, i);
		cpu += n->cpus;
	}
}

static void add_processor(struct arguments *a, const struct machine *m, uint64_t seed)
{
	if (m->arch == ARCH_ARM64) {
		add(a, "-machine");
		add(a, "virt,gic-version=3%s", m->fixed_layout ? ",dtb-randomness=off" : "");
	}
	add(a, "-accel");
	add(a, m->accel == ACCEL_KVM ? "kvm" : m->one_thread ? "tcg,thread=single" : "tcg");
	add(a, "-cpu");
	add(a, "%s", machine_cpu(m));
	add(a, "-seed");
	add(a, "%llu", (unsigned long long)seed);
	if (m->accel == ACCEL_ICOUNT) {
		add(a, "-icount");
		add(a, "shift=0,sleep=off");
		add(a, "-rtc");
		add(a, "base=2026-01-01T00:00:00,clock=vm");
	}
}

struct descriptors {
	int qmp, area, console, complaints, kernel, initramfs;
};

static struct arguments command_line(const char *qemu, const struct machine *m,
				     const struct kernel *k, uint64_t seed,
				     const struct descriptors *d)
{
	struct arguments a = { 0 };
	char *cmdline = machine_cmdline(m, k);

	add(&a, "%s", qemu);
	add_processor(&a, m, seed);
	add(&a, "-m");
	add(&a, "%lluM", (unsigned long long)(machine_memory(m) >> 20));
	add(&a, "-smp");
	add(&a, "%d", machine_cpus(m));
	add_nodes(&a, m);
	add(&a, "-nodefaults");
	add(&a, "-no-user-config");
	add(&a, "-display");
	add(&a, "none");
	add(&a, "-no-reboot");
	add(&a, "-chardev");
	add(&a, "socket,id=qmp,fd=%d", d->qmp);
	add(&a, "-mon");
	add(&a, "chardev=qmp,mode=control");
	/* A file never makes the guest wait, as a pipe would: waiting is not deterministic. */
	add(&a, "-chardev");
	add(&a, "file,id=console,path=/proc/self/fd/%d,append=on", d->console);
	add(&a, "-serial");
	add(&a, "chardev:console");
	add(&a, "-object");
	add(&a, "memory-backend-file,id=area,mem-path=/proc/self/fd/%d,size=%llu,share=on", d->area,
	    (unsigned long long)m->area_bytes);
	add(&a, "-device");
	add(&a, "ivshmem-plain,memdev=area");
	add(&a, "-device");
	add(&a, "i6300esb");
	add(&a, "-action");
	/*
	 * On x86 the processor that hangs is made to say where: the NMI panics. Elsewhere QEMU
	 * knows no NMI.
	 */
	add(&a, "watchdog=%s", m->arch == ARCH_X86_64 ? "inject-nmi" : "poweroff");
	add(&a, "-kernel");
	add(&a, "/proc/self/fd/%d", d->kernel);
	add(&a, "-initrd");
	add(&a, "/proc/self/fd/%d", d->initramfs);
	add(&a, "-append");
	add(&a, "%s", cmdline);
	free(cmdline);
	return a;
}

/* --------------------------------------------------------------------- start */

static void keep_open(int fd)
{
	fcntl(fd, F_SETFD, 0);
}

/* In the child. It dies with us, and Ctrl-C in the terminal is ours to handle. */
static void become_qemu(char **argv, const struct descriptors *d, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(d->complaints, STDOUT_FILENO);
	dup2(d->complaints, STDERR_FILENO);
	keep_open(d->qmp);
	keep_open(d->area);
	keep_open(d->console);
	keep_open(d->kernel);
	keep_open(d->initramfs);
	execv(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int make_area(struct guest *g, uint64_t bytes)
{
	int fd = memfd_create("rmapbench-area", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, bytes)) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		return -1;
	g->area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (g->area == MAP_FAILED) {
		g->area = NULL;
		close(fd);
		return -1;
	}
	g->area_bytes = bytes;
	shared_area_format(g->area, bytes);
	return fd;
}

static int spawn(struct guest *g, char **argv, const struct descriptors *d)
{
	pid_t parent = getpid();

	g->pid = fork();
	if (g->pid < 0) {
		g->pid = 0;
		return -1;
	}
	if (!g->pid)
		become_qemu(argv, d, parent);
	return 0;
}

int guest_start(struct guest *g, const struct machine *m, const struct kernel *k, int initramfs,
		uint64_t seed, const char *log)
{
	struct descriptors d = { .kernel = k->image, .initramfs = initramfs };
	struct arguments a = { 0 };
	char *qemu = qemu_find(m->arch);
	int pair[2] = { -1, -1 }, rc = -1;

	*g = (struct guest){ .started = now(),
			     .boot_seconds = m->boot_seconds,
			     .seconds = m->seconds };
	d.console = open(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	d.complaints = memfd_create("rmapbench-qemu-stderr", MFD_CLOEXEC);
	d.area = make_area(g, m->area_bytes);
	g->console = d.console;
	g->complaints = d.complaints;
	if (qemu && d.console >= 0 && d.complaints >= 0 && d.area >= 0 &&
	    !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		d.qmp = pair[1];
		a = command_line(qemu, m, k, seed, &d);
		rc = spawn(g, a.list, &d);
	}
	if (rc)
		error("starting %s with its log in %s: %s", qemu_name(m->arch), log,
		      qemu ? strerror(errno) : "not installed");
	qmp_start(&g->qmp, pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
	if (d.area >= 0)
		close(d.area);
	for (size_t i = 0; i < a.count; i++)
		free(a.list[i]);
	free(a.list);
	free(qemu);
	if (rc)
		guest_end(g);
	return rc;
}

/* ---------------------------------------------------------------------- life */

int guest_frame(struct guest *g, struct frame *f)
{
	int rc;

	if (g->garbage)
		return 0;
	rc = shared_area_next(g->area, g->area_bytes, &g->read, f);
	if (rc < 0) {
		g->garbage = true;
		return 0;
	}
	if (rc && f->type == FRAME_HELLO)
		g->hello = true;
	if (rc && f->type == FRAME_EXIT && f->bytes == sizeof(int32_t)) {
		int32_t status;

		memcpy(&status, f->payload, sizeof(status));
		g->exit_status = status;
		g->exited = true;
	}
	g->overflow |= g->area->refused;
	return rc;
}

static off_t log_size(const struct guest *g)
{
	struct stat st;

	return fstat(g->console, &st) ? 0 : st.st_size;
}

/*
 * Seconds that count against the bounds: QEMU's processor time, so that a busy host does not make a
 * kernel look hung; a guest that sleeps for good uses none, so a fifth of the wall time at least.
 */
static double age(const struct guest *g)
{
	double wall = now() - g->started, used = 0;
	struct timespec t;
	clockid_t clock;

	if (!clock_getcpuclockid(g->pid, &clock) && !clock_gettime(clock, &t))
		used = t.tv_sec + t.tv_nsec / 1e9;
	return used > wall / 5 ? used : wall / 5;
}

/* Kills a guest that is over a bound; how it ended is judged when QEMU is gone. */
static void enforce_bounds(struct guest *g)
{
	double seconds = age(g);

	/* It has a while to say where it hangs. */
	if (g->qmp.watchdog && g->seconds > seconds + WATCHDOG_SECONDS)
		g->seconds = seconds + WATCHDOG_SECONDS;
	if (seconds > g->seconds || (!g->hello && seconds > g->boot_seconds))
		g->out_of_time = true;
	if (log_size(g) > MOST_LOG_BYTES)
		g->garbage = true;
	if (g->out_of_time || g->garbage)
		kill(g->pid, SIGKILL);
}

static bool log_says(struct guest *g, const char *const *marks);

static const char *const oops_marks[] = { "Oops",
					  "kernel BUG at",
					  "BUG: unable to handle",
					  "BUG: kernel NULL pointer",
					  "general protection fault",
					  "Unable to handle kernel",
					  NULL };

enum outcome guest_outcome(struct guest *g)
{
	if (g->garbage)
		return GUEST_GARBAGE;
	if (g->qmp.watchdog || (g->out_of_time && g->hello))
		return GUEST_HANG;
	if (g->out_of_time)
		return GUEST_NO_BOOT;
	if (WIFSIGNALED(g->qemu_status))
		return GUEST_KILLED;
	if (!g->hello)
		return GUEST_NO_BOOT;
	if (!strcmp(g->qmp.reason, "guest-reset") || !strcmp(g->qmp.reason, "guest-panic"))
		return log_says(g, oops_marks) ? GUEST_OOPS : GUEST_PANIC;
	return g->exited && g->exit_status >= 0 ? GUEST_DONE : GUEST_KILLED;
}

bool guest_alive(struct guest *g)
{
	qmp_read(&g->qmp);
	if (g->pid && waitpid(g->pid, &g->qemu_status, WNOHANG) != g->pid) {
		enforce_bounds(g);
		return true;
	}
	/* Its last words may have come between the two calls. */
	qmp_read(&g->qmp);
	g->pid = 0;
	return false;
}

void guest_end(struct guest *g)
{
	if (g->pid > 0) {
		kill(g->pid, SIGKILL);
		waitpid(g->pid, NULL, 0);
	}
	g->pid = 0;
	qmp_close(&g->qmp);
	if (g->area)
		munmap(g->area, g->area_bytes);
	g->area = NULL;
	if (g->console >= 0)
		close(g->console);
	if (g->complaints >= 0)
		close(g->complaints);
	g->console = g->complaints = -1;
}

/* ----------------------------------------------------------------------- log */

/* The last bytes of a file, as text; to be freed. */
static char *read_tail(int fd)
{
	enum { TAIL = 256 << 10 };
	struct stat st;
	char *text = xcalloc(1, TAIL + 1);
	ssize_t n;

	if (fd < 0 || fstat(fd, &st))
		return text;
	n = pread(fd, text, TAIL, st.st_size > TAIL ? st.st_size - TAIL : 0);
	for (ssize_t i = 0; i < n; i++) {
		unsigned char c = text[i];

		if ((c < ' ' && c != '\n' && c != '\t' && c != '\r') || c >= 127)
			text[i] = '?';
	}
	return text;
}

static bool contains_any(const char *text, const char *const *marks)
{
	for (; *marks; marks++) {
		if (strstr(text, *marks))
			return true;
	}
	return false;
}

static bool log_says(struct guest *g, const char *const *marks)
{
	char *text = read_tail(g->console);
	bool says = contains_any(text, marks);

	free(text);
	return says;
}

struct lines {
	char **list;
	size_t count;
};

static void split(char *text, struct lines *l)
{
	char *line;

	while ((line = strsep(&text, "\r\n"))) {
		if (!*line)
			continue;
		array_grow(l->list, l->count);
		l->list[l->count++] = xstrdup(line);
	}
}

/* From the first line with a mark; without one the end. */
static void keep_relevant(struct lines *l, const char *const *marks)
{
	size_t from = l->count > QUOTED_TAIL ? l->count - QUOTED_TAIL : 0, to = l->count;

	for (size_t i = 0; marks && i < l->count; i++) {
		if (!contains_any(l->list[i], marks))
			continue;
		from = i;
		to = from + QUOTED_LINES < l->count ? from + QUOTED_LINES : l->count;
		break;
	}
	for (size_t i = 0; i < l->count; i++) {
		if (i < from || i >= to)
			free(l->list[i]);
	}
	memmove(l->list, l->list + from, (to - from) * sizeof(*l->list));
	l->count = to - from;
}

static void prepend(struct lines *l, char *line)
{
	array_grow(l->list, l->count);
	memmove(l->list + 1, l->list, l->count * sizeof(*l->list));
	l->list[0] = line;
	l->count++;
}

/* What no line of the log says. */
static char *reason(const struct guest *g, enum outcome o)
{
	switch (o) {
	case GUEST_GARBAGE:
		return xasprintf("at byte %llu of what it hands out stands no record",
				 (unsigned long long)g->read);
	case GUEST_KILLED:
		if (g->overflow)
			return xstrdup(
				"its records did not fit: raise 'records' in the lab's config");
		if (WIFSIGNALED(g->qemu_status))
			return xasprintf("QEMU was killed by signal %d", WTERMSIG(g->qemu_status));
		return xasprintf("%s ended (%s) before its run did",
				 g->exited ? "its runner" : "it",
				 *g->qmp.reason ? g->qmp.reason : "QEMU gave no reason");
	case GUEST_HANG:
		return xstrdup(g->qmp.watchdog ? "its watchdog was not told that it lives"
					       : "it took longer than 'seconds' allows");
	case GUEST_NO_BOOT:
		return xstrdup(g->out_of_time ? "user space did not answer within 'boot_seconds'"
					      : "it ended before user space answered");
	default:
		return NULL;
	}
}

char **guest_log_lines(struct guest *g, enum outcome o, size_t *count)
{
	static const char *const marks[] = { "Oops",
					     "kernel BUG at",
					     "BUG: unable to handle",
					     "BUG: kernel NULL pointer",
					     "general protection fault",
					     "Unable to handle kernel",
					     "Kernel panic",
					     "rmapbench: ",
					     NULL };
	struct lines l = { 0 };
	char *complaints = read_tail(g->complaints), *text = read_tail(g->console);
	char *first = reason(g, o);

	split(text, &l);
	if (l.count)
		keep_relevant(&l, marks);
	if (first)
		prepend(&l, first);
	/* What QEMU says is short, and matters most when it is all there is. */
	split(complaints, &l);
	free(complaints);
	free(text);
	*count = l.count;
	return l.list;
}
