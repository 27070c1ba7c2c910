// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a workload changed in the system is put back when it ends, however it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/harness/harness.h"
#include "workloads/machine.h"

enum { MOST_UNDOS = 32, MOST_SETTINGS = 24, MOST_MEMORY = 16 };

static struct {
	void (*undo)(void *arg);
	void *arg;
} undos[MOST_UNDOS];
static int undo_count;
static pid_t owner;

static struct setting {
	char path[160];
	char value[64];
} settings[MOST_SETTINGS];
static int setting_count;

void undo_all(void)
{
	if (getpid() != owner)
		return;
	while (undo_count) {
		undo_count--;
		undos[undo_count].undo(undos[undo_count].arg);
	}
}

/*
 * Nothing interrupts it; back from here, the signal ends the process as it would have. The kernel
 * must not reset the handler on entry (SA_RESETHAND): it does so before it blocks the signal, and
 * timeout(1), which sends two, killed us between.
 */
static void on_signal(int number)
{
	undo_all();
	signal(number, SIG_DFL);
	raise(number);
}

static void catch_signals(void)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV,
				      SIGBUS, SIGFPE,  SIGILL, SIGABRT };
	struct sigaction action = { .sa_handler = on_signal };

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaction(caught[i], &action, NULL);
}

void bench_undo(struct bench *b, void (*undo)(void *arg), void *arg)
{
	if (undo_count == MOST_UNDOS)
		bench_fail(b, "more than %d changes to put back", MOST_UNDOS);
	if (!owner) {
		owner = getpid();
		catch_signals();
	}
	undos[undo_count].undo = undo;
	undos[undo_count].arg = arg;
	undo_count++;
}

static void put_back(void *arg)
{
	const struct setting *s = arg;

	if (file_write(s->path, s->value))
		fprintf(stderr, "%s: could not put back '%s' in %s: %s\n", workload_name, s->value,
			s->path, strerror(errno));
}

/* The current value: the word in brackets where a file lists its choices, or the first line. */
static bool current(const char *path, char *value, size_t size)
{
	char text[256] = "", *start, *end;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	start = strchr(text, '[');
	start = start ? start + 1 : text;
	end = start + strcspn(start, "]\n");
	if ((size_t)(end - start) >= size) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(value, start, end - start);
	value[end - start] = '\0';
	return true;
}

bool setting_try(struct bench *b, const char *path, const char *value)
{
	struct setting *s = &settings[setting_count];

	if (setting_count == MOST_SETTINGS)
		bench_fail(b, "more than %d settings to put back", MOST_SETTINGS);
	if (!current(path, s->value, sizeof(s->value)))
		return false;
	if (!strcmp(s->value, value))
		return true;
	if (file_write(path, value))
		return false;
	snprintf(s->path, sizeof(s->path), "%s", path);
	setting_count++;
	bench_undo(b, put_back, s);
	return true;
}

void setting_write(struct bench *b, const char *path, const char *value)
{
	if (!setting_try(b, path, value))
		bench_fail(b, "%s: writing '%s': %m", path, value);
}

void bench_note(struct bench *b, const char *format, ...)
{
	char text[1024], quoted[2048];
	va_list args;

	(void)b;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	control_send("{\"note\":%s}", json_quote(quoted, sizeof(quoted), text));
	if (!control_connected())
		printf("  note      %s\n", text);
}

static struct {
	void *start;
	size_t bytes;
} memory[MOST_MEMORY];
static int memory_count;

void *bench_memory(struct bench *b, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		bench_fail(b, "mmap of %zu bytes for bookkeeping: %m", bytes);
	if (memory_count == MOST_MEMORY)
		bench_fail(b, "more than %d pieces of memory for bookkeeping", MOST_MEMORY);
	memory[memory_count].start = p;
	memory[memory_count].bytes = bytes;
	memory_count++;
	return p;
}

void memory_free_all(void)
{
	while (memory_count) {
		memory_count--;
		munmap(memory[memory_count].start, memory[memory_count].bytes);
	}
}
