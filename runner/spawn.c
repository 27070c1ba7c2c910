// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "error.h"
#include "runner/files.h"
#include "runner/settings.h"
#include "runner/topology.h"

enum { MOST_ARGS = 64, GRACE_MS = 2000, LEAVE_MS = 1000 };

struct run {
	const struct spawn_request *request;
	struct spawn_result *result;
	pid_t pid;
	pid_t group;			/* stays when pid is reaped */
	int exited;			/* pidfd */
	int control, samples, messages; /* our ends */
	char said[2048];		/* what it wrote to stderr */
	size_t said_length;
	bool ended; /* it sent its last packet */
};

static int signal_fd = -1;
static bool interrupted;

void spawn_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

bool spawn_interrupted(void)
{
	struct signalfd_siginfo info;

	if (signal_fd >= 0 && read(signal_fd, &info, sizeof(info)) == sizeof(info))
		interrupted = true;
	return interrupted;
}

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* What a workload says need not be text, but records are. */
static void make_text(char *s)
{
	json_t *text = json_string(s);

	for (; !text && *s; s++) {
		if (*s < ' ' || *s > '~')
			*s = '?';
	}
	json_decref(text);
}

static void invalid(struct spawn_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void invalid(struct spawn_result *result, const char *format, ...)
{
	va_list args;
	char text[3072];

	if (result->reason)
		return; /* the first cause is the one to tell */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_text(text);
	result->outcome = OUTCOME_INVALID;
	result->reason = xstrdup(text);
}

/* ------------------------------------------------------------------ start */

struct arguments {
	char *list[MOST_ARGS];
	int n;
};

static void add(struct arguments *a, char *owned)
{
	if (a->n < MOST_ARGS - 1)
		a->list[a->n++] = owned;
	else
		free(owned);
}

static void option(struct arguments *a, const char *name, long value)
{
	add(a, xasprintf("--%s", name));
	add(a, xasprintf("%ld", value));
}

static void build_arguments(const struct run *run, struct arguments *a, int control, int samples)
{
	const struct spawn_request *r = run->request;
	const char *name;
	json_t *value;

	add(a, xstrdup(r->workload->program));
	option(a, "control-fd", control);
	option(a, "samples-fd", samples);
	option(a, "samples", r->samples);
	option(a, "seed", r->seed);
	option(a, "max-bytes", r->max_bytes);
	option(a, "max-processes", r->max_processes);
	add(a, xstrdup("--pass"));
	add(a, xstrdup(r->pass));
	add(a, xstrdup("--clock"));
	add(a, xstrdup(r->icount ? "icount" : "host"));
	if (r->allow_dangerous)
		add(a, xstrdup("--allow-dangerous"));
	json_object_foreach ((json_t *)r->params, name, value) {
		add(a, xasprintf("--%s", name));
		add(a, json_is_string(value)
			       ? xstrdup(json_string_value(value))
			       : xasprintf("%lld", (long long)json_integer_value(value)));
	}
}

/* In the child, between fork and exec. */
static void become(const struct run *run, struct arguments *a, const cpu_set_t *cpus, int control,
		   int samples, int messages, pid_t parent) __attribute__((noreturn));
static void become(const struct run *run, struct arguments *a, const cpu_set_t *cpus, int control,
		   int samples, int messages, pid_t parent)
{
	/* The environment lies on the stack that fork copies: the same for every process. */
	static char *environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
		"HOME=/", NULL
	};
	int nothing = open("/dev/null", O_RDWR);
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sched_setaffinity(0, sizeof(*cpus), cpus);
	if (run->request->fixed_layout)
		personality(ADDR_NO_RANDOMIZE);
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	dup2(messages, STDERR_FILENO);
	/* Nothing of ours but these two, nor of whoever called us: fork copies the table. */
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	fcntl(control, F_SETFD, 0);
	fcntl(samples, F_SETFD, 0);
	execve(a->list[0], a->list, environment);
	dprintf(STDERR_FILENO, "%s: %s", a->list[0], strerror(errno));
	_exit(127);
}

/* The runner's own descriptors are all close-on-exec, so numbers need no moving. */
static int start(struct run *run)
{
	struct arguments a = { .n = 0 };
	int pair[2] = { -1, -1 }, messages[2] = { -1, -1 };
	pid_t parent = getpid();
	const char *which;
	cpu_set_t cpus;

	run->samples = memfd_create("samples", MFD_CLOEXEC);
	if (run->samples < 0 || ftruncate(run->samples, run->result->area_bytes) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ||
	    pipe2(messages, O_CLOEXEC | O_NONBLOCK))
		return -1;
	run->result->area = mmap(NULL, run->result->area_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
				 run->samples, 0);
	if (run->result->area == MAP_FAILED) {
		run->result->area = NULL;
		return -1;
	}
	which = json_string_value(json_object_get(run->request->workload->json, "cpus"));
	topology_cpus(which, &cpus);
	snprintf(run->result->cpus, sizeof(run->result->cpus), "%s", topology_list(&cpus));
	build_arguments(run, &a, pair[1], run->samples);
	run->pid = fork();
	if (!run->pid)
		become(run, &a, &cpus, pair[1], run->samples, messages[1], parent);
	if (run->pid > 0) {
		run->group = run->pid;
		run->exited = syscall(SYS_pidfd_open, run->pid, 0);
		setpgid(run->pid, run->pid);
		settings_guard_group(run->pid);
	}
	for (int i = 0; i < a.n; i++)
		free(a.list[i]);
	close(pair[1]);
	close(messages[1]);
	run->control = pair[0];
	run->messages = messages[0];
	return run->pid < 0 || run->exited < 0 ? -1 : 0;
}

/* ----------------------------------------------------------------- packets */

/* Has it the fields that protocol.h promises? Whoever reads them later relies on it. */
static bool is_known(json_t *json)
{
	const char *text;
	json_int_t number;

	return !json_unpack(json, "{s:s}", "hold", &text) ||
	       !json_unpack(json, "{s:s}", "skip", &text) ||
	       !json_unpack(json, "{s:s}", "invalid", &text) ||
	       !json_unpack(json, "{s:s}", "note", &text) ||
	       json_is_object(json_object_get(json, "done")) ||
	       !json_unpack(json, "{s:{s:s, s:s, s:I, s:s}}", "evidence", "counter", &text,
			    "relation", &text, "wanted", &number, "why", &text);
}

static void on_packet(struct run *run, const char *packet, size_t length)
{
	struct spawn_result *result = run->result;
	json_t *json = json_loadb(packet, length, 0, NULL), *value;
	int shown = length < 60 ? length : 60;
	const char *point;

	if (!json) {
		invalid(result, "it sent %zu bytes that are no JSON: %.*s", length, shown, packet);
		return;
	}
	if (!is_known(json)) {
		invalid(result, "it sent what the protocol does not know: %.*s", shown, packet);
		json_decref(json);
		return;
	}
	if ((point = json_string_value(json_object_get(json, "hold")))) {
		if (run->request->hold)
			run->request->hold(run->request->hold_arg, point,
					   json_object_get(json, "model"));
		if (send(run->control, "go", 2, MSG_NOSIGNAL) < 0)
			invalid(result, "it died at hold point '%s'", point);
	} else if ((value = json_object_get(json, "evidence"))) {
		json_array_append(result->evidence, value);
	} else if ((value = json_object_get(json, "skip")) && !result->reason) {
		result->outcome = OUTCOME_SKIP;
		result->reason = xstrdup(json_string_value(value));
		value = json_object_get(json, "need");
		result->need = json_is_string(value) ? xstrdup(json_string_value(value)) : NULL;
	} else if ((value = json_object_get(json, "invalid"))) {
		result->corrupted = json_is_true(json_object_get(json, "corrupted"));
		invalid(result, "%s%s", result->corrupted ? "corrupted: " : "",
			json_string_value(value));
	} else if ((value = json_object_get(json, "note"))) {
		json_array_append(result->notes, value);
	} else if ((value = json_object_get(json, "done"))) {
		result->done = json_incref(value);
	}
	json_decref(json);
}

/* Takes one packet; false if there is none. */
static bool receive(struct run *run)
{
	static char packet[MAX_PACKET];
	ssize_t n = recv(run->control, packet, sizeof(packet), MSG_DONTWAIT);

	if (n <= 0)
		return false;
	on_packet(run, packet, n);
	return true;
}

static void listen_to_stderr(struct run *run)
{
	ssize_t n;
	char rest[512];

	while (run->said_length + 1 < sizeof(run->said) &&
	       (n = read(run->messages, run->said + run->said_length,
			 sizeof(run->said) - 1 - run->said_length)) > 0)
		run->said_length += n;
	/* A chatty one must not block on a full pipe. */
	while (run->said_length + 1 >= sizeof(run->said) &&
	       read(run->messages, rest, sizeof(rest)) > 0)
		;
	run->said[run->said_length] = '\0';
}

/* -------------------------------------------------------------------- end */

/*
 * Sends a signal (0: none) to all that is left below us but the janitor; orphans, however deep,
 * come to us (PR_SET_CHILD_SUBREAPER). Returns how many there are.
 */
static long signal_leftovers(const struct run *run, int number)
{
	char text[65536], *next = text, *end;
	long pid, count = 0;

	if (read_textf(text, sizeof(text), "/proc/self/task/%d/children", (int)getpid()) < 0) {
		/* Without CONFIG_PROC_CHILDREN killing the process group has to do. */
		if (run->group > 0)
			kill(-run->group, SIGKILL);
		return 0;
	}
	for (; (pid = strtol(next, &end, 10)) && end != next; next = end) {
		if (pid == settings_janitor())
			continue;
		kill(pid, number);
		count++;
	}
	return count;
}

static void reap(void)
{
	siginfo_t info;

	do {
		info.si_pid = 0;
	} while (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG) && info.si_pid);
}

/*
 * Children that outlive the workload would disturb the next one, and its counts. Those that are
 * on their way out get a moment. Returns how many had to be killed.
 */
static long sweep(const struct run *run)
{
	long left, killed = 0;

	for (int ms = 0;; ms++) {
		reap();
		left = signal_leftovers(run, ms < LEAVE_MS ? 0 : SIGKILL);
		if (!left)
			return killed;
		if (ms == LEAVE_MS)
			killed = left;
		usleep(1000);
	}
}

static void end_group(struct run *run, int *status)
{
	bool reaped = false;
	siginfo_t info;

	/* A moment to put back what the workload itself changed. */
	kill(-run->pid, SIGTERM);
	for (int ms = 0; ms < GRACE_MS && !reaped; ms += 10) {
		memset(&info, 0, sizeof(info));
		reaped =
			!waitid(P_PID, run->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
		if (!reaped)
			usleep(10000);
	}
	kill(-run->pid, SIGKILL);
	waitpid(run->pid, status, 0);
	run->pid = 0;
}

static void explain_death(struct run *run, int status)
{
	struct spawn_result *result = run->result;
	const char *colon = run->said_length ? ": " : "";

	run->said[strcspn(run->said, "\n")] = '\0';
	if (WIFSIGNALED(status))
		invalid(result, "it was killed by signal %d (%s)%s%s", WTERMSIG(status),
			strsignal(WTERMSIG(status)), colon, run->said);
	else if (WEXITSTATUS(status) == EXIT_SKIP && result->outcome == OUTCOME_SKIP)
		return;
	else if (WEXITSTATUS(status))
		invalid(result, "it left with status %d%s%s", WEXITSTATUS(status), colon,
			run->said);
	else if (!result->done)
		invalid(result, "it left early, without saying that it was done%s%s", colon,
			run->said);
}

/* Talks to the workload until it ends. Sets *status. */
static void converse(struct run *run, int *status)
{
	double deadline = now_seconds() + run->request->seconds;
	bool closed = false, exited = false;

	/* Its death ends it, not a closed descriptor: it may close early, or its children late. */
	while (!exited) {
		struct pollfd fds[] = {
			{ .fd = closed ? -1 : run->control, .events = POLLIN },
			{ .fd = run->messages, .events = POLLIN },
			{ .fd = signal_fd, .events = POLLIN },
			{ .fd = run->exited, .events = POLLIN },
		};
		double left = deadline - now_seconds();

		if (left <= 0) {
			end_group(run, status);
			listen_to_stderr(run);
			invalid(run->result,
				"it did not end within %.0f s and was killed; raise 'seconds' if "
				"it is "
				"only slow",
				run->request->seconds);
			return;
		}
		if (poll(fds, 4, (int)(left * 1000) + 1) < 0)
			continue;
		if (spawn_interrupted()) {
			end_group(run, status);
			run->result->outcome = OUTCOME_INTERRUPTED;
			return;
		}
		if (fds[1].revents)
			listen_to_stderr(run);
		if (fds[1].revents & POLLHUP && !(fds[1].revents & POLLIN)) {
			close(run->messages);
			run->messages = -1;
		}
		if (fds[0].revents && !receive(run))
			closed = fds[0].revents & POLLHUP;
		exited = fds[3].revents;
	}
	while (receive(run))
		;
	waitpid(run->pid, status, 0);
	run->pid = 0;
	if (run->messages >= 0)
		listen_to_stderr(run);
	explain_death(run, *status);
}

void spawn(const struct spawn_request *request, struct spawn_result *result)
{
	struct run run = { .request = request,
			   .result = result,
			   .exited = -1,
			   .control = -1,
			   .samples = -1,
			   .messages = -1 };
	size_t metrics = json_array_size(json_object_get(request->workload->json, "metrics"));
	int status = 0;
	long left;

	*result = (struct spawn_result){ .outcome = OUTCOME_DONE };
	result->evidence = json_array();
	result->notes = json_array();
	result->area_bytes = sample_area_bytes(metrics, request->samples);
	if (start(&run))
		invalid(result, "it cannot be started: %s", strerror(errno));
	else
		converse(&run, &status);
	settings_guard_group(0);
	if (run.pid > 0)
		end_group(&run, &status);
	left = sweep(&run);
	if (left && result->outcome == OUTCOME_DONE)
		invalid(result, "it left %ld process%s behind, which had to be killed", left,
			left == 1 ? "" : "es");
	if (result->outcome == OUTCOME_DONE &&
	    (result->area->magic != SAMPLE_MAGIC ||
	     result->area->capacity != (uint64_t)request->samples))
		invalid(result, "its sample area is not what it was given");
	close(run.exited);
	close(run.control);
	close(run.samples);
	if (run.messages >= 0)
		close(run.messages);
}

void spawn_free(struct spawn_result *result)
{
	free(result->reason);
	free(result->need);
	json_decref(result->evidence);
	json_decref(result->notes);
	json_decref(result->done);
	if (result->area)
		munmap(result->area, result->area_bytes);
	*result = (struct spawn_result){ 0 };
}
