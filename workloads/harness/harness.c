// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main() of every workload: options, limits, hold points, and a summary when it runs alone.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workloads/harness/harness.h"

enum { COMMON_OPTIONS = 12 };

static struct bench bench;
static int control_fd = -1;
static int samples_fd = -1;
static bool allow_dangerous;
static pid_t main_pid;
/* Set while the counters of the evidence are running. */
static struct {
	char text[1024];
	size_t n;
} model;

#define COUNT_NAMED(array)                                                                         \
	({                                                                                         \
		long n = 0;                                                                        \
		while (n < (long)(sizeof(array) / sizeof(*(array))) && (array)[n].name)            \
			n++;                                                                       \
		n;                                                                                 \
	})

long count_params(void)
{
	return COUNT_NAMED(workload.params);
}

long count_metrics(void)
{
	return COUNT_NAMED(workload.metrics);
}

long count_works(void)
{
	long n = 0;

	while (n < MAX_WORKS && workload.works[n])
		n++;
	return n;
}

long count_evidence(void)
{
	long n = 0;

	while (n < MAX_EVIDENCE && workload.evidence[n].counter)
		n++;
	return n;
}

bool control_connected(void)
{
	return control_fd >= 0;
}

static void leave(int status) __attribute__((noreturn));

void control_send(const char *format, ...)
{
	static char packet[MAX_PACKET];
	va_list args;
	int n;

	if (!control_connected())
		return;
	va_start(args, format);
	n = vsnprintf(packet, sizeof(packet), format, args);
	va_end(args);
	if (send(control_fd, packet, n, MSG_NOSIGNAL) < 0)
		leave(EXIT_FAILURE); /* the runner is gone: nobody to tell */
}

static void leave(int status)
{
	/* A child ends alone; its parent sees the status. */
	if (getpid() != main_pid)
		_exit(status == EXIT_CORRUPTED ? status : EXIT_FAILURE);
	undo_all();
	fflush(stdout);
	_exit(status == EXIT_CORRUPTED ? EXIT_FAILURE : status);
}

/* Formats once for both: a packet for the runner, a line on stderr for a person. */
static void tell_why(const char *key, const char *extra, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
static void tell_why(const char *key, const char *extra, const char *format, va_list args)
{
	char reason[1024], quoted[2048];

	vsnprintf(reason, sizeof(reason), format, args);
	control_send("{\"%s\":%s%s}", key, json_quote(quoted, sizeof(quoted), reason), extra);
	if (!control_connected())
		fprintf(stderr, "%s: %s: %s\n", workload_name, key, reason);
}

void bench_skip(struct bench *b, const char *format, ...)
{
	va_list args;

	(void)b;
	va_start(args, format);
	tell_why("skip", "", format, args);
	va_end(args);
	leave(EXIT_SKIP);
}

void bench_fail(struct bench *b, const char *format, ...)
{
	va_list args;

	(void)b;
	va_start(args, format);
	tell_why("invalid", ",\"corrupted\":false", format, args);
	va_end(args);
	leave(EXIT_FAILURE);
}

void bench_corrupted(struct bench *b, const char *format, ...)
{
	va_list args;

	(void)b;
	va_start(args, format);
	tell_why("invalid", ",\"corrupted\":true", format, args);
	va_end(args);
	leave(EXIT_CORRUPTED);
}

uint64_t bench_random(struct bench *b)
{
	uint64_t z = b->seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void bench_model(struct bench *b, enum hold_point point, const char *cache, long objects)
{
	(void)b;
	(void)point;
	model.n += snprintf(model.text + model.n, sizeof(model.text) - model.n, "%s\"%s\":%ld",
			    model.n ? "," : "", cache, objects);
}

void bench_hold(struct bench *b, enum hold_point point)
{
	char reply[16];
	ssize_t n;

	if (b->pass == PASS_TIME || !control_connected()) {
		model.n = 0;
		return;
	}
	control_send("{\"hold\":\"%s\",\"model\":{%.*s}}", hold_point_names[point], (int)model.n,
		     model.text);
	model.n = 0;
	while ((n = recv(control_fd, reply, sizeof(reply), 0)) < 0 && errno == EINTR)
		;
	if (n <= 0)
		leave(EXIT_FAILURE); /* the runner is gone */
}

static void bad_call(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void bad_call(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", workload_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; --help lists what is allowed\n");
	exit(2);
}

static long number(const char *name, const char *text, long min, long max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 0);
	if (errno || *end || end == text || value < min || value > max)
		bad_call("--%s %s: allowed are whole numbers from %ld to %ld", name, text, min,
			 max);
	return value;
}

static void help(void)
{
	printf("%s: %s\ndrives: %s\n\n", workload_name, workload.summary, workload.drives);
	for (long i = 0; i < count_params(); i++) {
		const struct param *p = &workload.params[i];

		if (p->text)
			printf("  --%-12s %s (%s; default '%s')\n", p->name, p->help, p->unit,
			       p->text);
		else
			printf("  --%-12s %s (%s; %ld to %ld, default %ld)\n", p->name, p->help,
			       p->unit, p->min, p->max, p->def);
	}
	printf("  --samples N    operations timed (default %ld)\n"
	       "  --seed N       of everything random (default 1)\n"
	       "  --describe     print the declaration as JSON\n"
	       "  --check        say whether it can run here: status 0, or 77 and the reason\n"
	       "  --max-bytes N, --max-processes N   refuse parameters that would take more\n"
	       "  --allow-dangerous   also where it harms the host\n",
	       workload.samples);
}

enum { OPT_DESCRIBE = 256, OPT_CHECK, OPT_HELP, OPT_DANGEROUS, OPT_VALUE };

static const char *const value_options[] = { "control-fd", "samples-fd",   "pass",
					     "seed",	   "clock",	   "samples",
					     "max-bytes",  "max-processes" };
enum { CONTROL_FD, SAMPLES_FD, PASS, SEED, CLOCK, SAMPLES, MAX_BYTES, MAX_PROCS, VALUE_OPTIONS };

static int word(const char *name, const char *text, const char *const *allowed)
{
	for (int i = 0; allowed[i]; i++) {
		if (!strcmp(text, allowed[i]))
			return i;
	}
	bad_call("--%s %s", name, text);
}

static void set_option(struct bench *b, int which, const char *text)
{
	static const char *const passes[] = { "time", "count", "control", NULL };
	static const char *const clocks[] = { "host", "icount", NULL };
	const char *name = value_options[which];

	switch (which) {
	case CONTROL_FD:
		control_fd = number(name, text, 0, 1 << 20);
		break;
	case SAMPLES_FD:
		samples_fd = number(name, text, 0, 1 << 20);
		break;
	case PASS:
		b->pass = word(name, text, passes);
		break;
	case SEED:
		b->seed = number(name, text, 0, INT64_MAX);
		break;
	case CLOCK:
		b->icount = word(name, text, clocks);
		break;
	case SAMPLES:
		b->samples = number(name, text, 1, MAX_SAMPLES);
		break;
	case MAX_BYTES:
		b->max_bytes = number(name, text, 1, INT64_MAX);
		break;
	case MAX_PROCS:
		b->max_processes = number(name, text, 1, 1 << 22);
		break;
	}
}

static void set_param(struct bench *b, int i, const char *text)
{
	const struct param *p = &workload.params[i];

	if (!p->text)
		b->param[i] = number(p->name, text, p->min, p->max);
	else if (!*text)
		bad_call("--%s: an empty text is not allowed", p->name);
	else
		b->text[i] = text;
}

static void check_and_exit(void) __attribute__((noreturn));
static void check_and_exit(void)
{
	const char *reason;
	int bit = need_missing(workload.needs, allow_dangerous, &reason);

	if (bit < 0)
		exit(EXIT_SUCCESS);
	printf("%s\n", reason);
	exit(EXIT_SKIP);
}

static void parse(struct bench *b, int argc, char **argv)
{
	struct option options[COMMON_OPTIONS + MAX_PARAMS + 1] = {
		{ "describe", no_argument, NULL, OPT_DESCRIBE },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "allow-dangerous", no_argument, NULL, OPT_DANGEROUS },
	};
	bool check = false;
	int n = 4, option;

	for (int i = 0; i < VALUE_OPTIONS; i++)
		options[n++] =
			(struct option){ value_options[i], required_argument, NULL, OPT_VALUE + i };
	for (long i = 0; i < count_params(); i++) {
		options[n++] = (struct option){ workload.params[i].name, required_argument, NULL,
						OPT_VALUE + VALUE_OPTIONS + i };
		b->param[i] = workload.params[i].def;
		b->text[i] = workload.params[i].text;
	}
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPT_DESCRIBE:
			describe();
			exit(EXIT_SUCCESS);
		case OPT_HELP:
			help();
			exit(EXIT_SUCCESS);
		case OPT_CHECK:
			check = true;
			break;
		case OPT_DANGEROUS:
			allow_dangerous = true;
			break;
		case '?':
			exit(2);
		default:
			option -= OPT_VALUE;
			if (option < VALUE_OPTIONS) {
				set_option(b, option, optarg);
				break;
			}
			set_param(b, option - VALUE_OPTIONS, optarg);
		}
	}
	if (optind < argc)
		bad_call("'%s' is no option", argv[optind]);
	if (check)
		check_and_exit();
}

static void map_samples(struct bench *b)
{
	size_t bytes = sample_area_bytes(count_metrics(), b->samples);

	if (samples_fd < 0) {
		samples_fd = memfd_create("samples", MFD_CLOEXEC);
		if (samples_fd < 0 || ftruncate(samples_fd, bytes))
			bench_fail(b, "memfd of %zu bytes for samples: %m", bytes);
	}
	/* A shared file mapping has no anon_vma. */
	b->area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, samples_fd, 0);
	if (b->area == MAP_FAILED)
		bench_fail(b, "mmap of %zu bytes of samples: %m", bytes);
	close(samples_fd);
	/* Written, not only populated: the first write to a page is a fault under shadow paging. */
	memset(b->area, 0, bytes);
	b->area->capacity = b->samples;
	/* Children that report nothing need not pay for the mapping at fork. */
	if (!workload.children_report)
		madvise(b->area, bytes, MADV_DONTFORK);
	__atomic_store_n(&b->area->magic, SAMPLE_MAGIC, __ATOMIC_RELEASE);
}

static long available_bytes(void)
{
	char line[128];
	long kib = 0;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemAvailable: %ld", &kib) == 1)
			break;
	}
	if (f)
		fclose(f);
	return kib * 1024;
}

/* Refuses what would take more than its share, before anything is taken. */
static void check_limits(struct bench *b)
{
	struct footprint f = { .processes = 1 };

	/* Run alone, half of what is free is a safe share. */
	if (!b->max_bytes)
		b->max_bytes = available_bytes() / 2;
	if (!workload.footprint)
		return;
	workload.footprint(b, &f);
	if ((long)f.bytes > b->max_bytes)
		bench_skip(
			b,
			"would take %lu MiB, the limit is %ld MiB: lower the parameters, or raise "
			"'memory' in the [run] section (--max-bytes when run alone)",
			(unsigned long)(f.bytes >> 20), b->max_bytes >> 20);
	if (b->max_processes && f.processes > b->max_processes)
		bench_skip(
			b,
			"would run %ld processes, the limit is %ld: lower the parameters, or raise "
			"'processes_limit' in the [run] section (--max-processes when run alone)",
			f.processes, b->max_processes);
}

static void check_needs(struct bench *b)
{
	char quoted[1024], need[64];
	const char *reason;
	int bit = need_missing(workload.needs, allow_dangerous, &reason);

	if (bit < 0)
		return;
	if (!control_connected())
		bench_skip(b, "%s", reason);
	control_send("{\"skip\":%s,\"need\":%s}", json_quote(quoted, sizeof(quoted), reason),
		     json_quote(need, sizeof(need), need_name(bit)));
	leave(EXIT_SKIP);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print_metric(const struct bench *b, int m)
{
	const struct metric *metric = &workload.metrics[m];
	const struct sample *s = &b->area->samples[m * b->area->capacity];
	uint64_t n = b->area->used[m], sum = 0, work = 0;
	uint64_t *sorted;

	n = n > b->area->capacity ? b->area->capacity : n;
	if (!n) {
		printf("  %-18s no samples\n", metric->name);
		return;
	}
	sorted = calloc(n, sizeof(*sorted));
	if (!sorted)
		return;
	for (uint64_t i = 0; i < n; i++) {
		sorted[i] = s[i].value;
		sum += s[i].value;
		work += s[i].work;
	}
	if (metric->kind == THROUGHPUT) {
		printf("  %-18s %.6g %s (%lu in %lu ns, %lu batches)\n", metric->name,
		       sum ? work * 1e9 / sum : 0, metric->unit, (unsigned long)work,
		       (unsigned long)sum, (unsigned long)n);
	} else {
		qsort(sorted, n, sizeof(*sorted), by_value);
		printf("  %-18s median %lu %s, min %lu, p99 %lu, max %lu, n %lu\n", metric->name,
		       (unsigned long)sorted[n / 2], metric->unit, (unsigned long)sorted[0],
		       (unsigned long)sorted[n * 99 / 100], (unsigned long)sorted[n - 1],
		       (unsigned long)n);
	}
	free(sorted);
}

static void summary(const struct bench *b, int failed)
{
	printf("%s:", workload_name);
	for (long i = 0; i < count_params(); i++) {
		if (b->text[i])
			printf(" %s='%s'", workload.params[i].name, b->text[i]);
		else
			printf(" %s=%ld", workload.params[i].name, b->param[i]);
	}
	printf("\n");
	if (failed) {
		printf("  no figures: %d piece%s of evidence failed, so what was meant to be "
		       "measured "
		       "did not run\n",
		       failed, failed == 1 ? "" : "s");
		return;
	}
	for (long m = 0; m < count_metrics(); m++)
		print_metric(b, m);
}

static void send_done(const struct bench *b, uint64_t elapsed)
{
	char work[1024] = "";
	int n = 0;

	for (long i = 0; i < count_works(); i++)
		n += snprintf(work + n, sizeof(work) - n, "%s\"%s\":%lu", i ? "," : "",
			      workload.works[i], (unsigned long)b->area->work[i]);
	control_send("{\"done\":{\"work\":{%s},\"vmas\":%ld,\"elapsed_ns\":%lu}}", work, b->vmas,
		     (unsigned long)elapsed);
}

/*
 * Every page of our own that a workload may write later is written now, so that no anon_vma of
 * ours is born between two hold points.
 */
static void settle(void)
{
	static volatile char bss;
	static volatile char data = 1;
	volatile char stack[8 * 1024];

	bss = 1;
	data = 2;
	for (size_t i = 0; i < sizeof(stack); i += 4096)
		stack[i] = bss + data;
	free(malloc(1));
	if (!control_connected()) {
		printf("%s", "");
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct bench *b = &bench;
	uint64_t start;
	int failed;

	if (argc && !strcmp(argv[0], EXEC_NAME))
		return EXEC_STATUS;
	main_pid = getpid();
	b->samples = workload.samples;
	b->seed = 1;
	b->page_size = sysconf(_SC_PAGESIZE);
	parse(b, argc, argv);
	check_needs(b);
	check_limits(b);
	map_samples(b);
	settle();
	b->vmas = maps_count();

	bench_hold(b, BEFORE);
	evidence_begin();
	start = bench_now(b);
	if (b->pass == PASS_CONTROL) {
		bench_hold(b, POPULATED);
		bench_hold(b, HELD);
	} else {
		workload.run(b);
		memory_free_all();
	}
	start = bench_now(b) - start;
	failed = b->pass == PASS_CONTROL ? 0 : evidence_end(b);
	bench_hold(b, AFTER);

	if (control_connected())
		send_done(b, start);
	else
		summary(b, failed);
	leave(failed && !control_connected() ? EXIT_FAILURE : EXIT_SUCCESS);
}
