// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Did the kernel path run? Judges the declared evidence against counters read before and after.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workloads/harness/harness.h"

enum { VMSTAT = 65536 };

static long before[MAX_EVIDENCE], after[MAX_EVIDENCE];

/* To be unmapped; "" if it cannot be read. */
static char *read_vmstat(void)
{
	char *buf = scratch_map(VMSTAT);
	int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;

	while (buf && fd >= 0 && n + 1 < VMSTAT && (got = read(fd, buf + n, VMSTAT - 1 - n)) > 0)
		n += got;
	if (fd >= 0)
		close(fd);
	return buf;
}

static long row(const char *text, const char *name)
{
	size_t n = strlen(name);
	long value;

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p += p != NULL) {
		if (!strncmp(p, name, n) && sscanf(p + n, " %ld", &value) == 1)
			return value;
	}
	return -1;
}

long vmstat_read(const char *name)
{
	char *text = read_vmstat();
	long value = row(text, name);

	scratch_unmap(text, VMSTAT);
	return value;
}

static void read_rows(long *rows)
{
	char *text = read_vmstat();

	for (long i = 0; i < count_evidence(); i++) {
		if (!strncmp(workload.evidence[i].counter, "vmstat:", 7))
			rows[i] = row(text, workload.evidence[i].counter + 7);
	}
	scratch_unmap(text, VMSTAT);
}

void evidence_begin(void)
{
	read_rows(before);
}

static bool compare(long seen, enum relation relation, long wanted)
{
	if (relation == AT_LEAST)
		return seen >= wanted;
	if (relation == AT_MOST)
		return seen <= wanted;
	return seen == wanted;
}

/* Growth of the counter; false if this kernel does not have it. */
static bool growth(const struct bench *b, const struct evidence *e, long *seen)
{
	const char *name = strchr(e->counter, ':') + 1;

	if (!strncmp(e->counter, "work:", 5)) {
		for (int i = 0; i < MAX_WORKS && workload.works[i]; i++) {
			if (!strcmp(workload.works[i], name)) {
				*seen = b->area->work[i];
				return true;
			}
		}
		return false;
	}
	*seen = after[e - workload.evidence] - before[e - workload.evidence];
	return after[e - workload.evidence] >= 0;
}

static void tell(const struct bench *b, const struct evidence *e, long wanted, const char *verdict)
{
	char counter[128], why[1024];

	control_send(
		"{\"evidence\":{\"pass\":\"%s\",\"counter\":%s,\"relation\":\"%s\",\"wanted\":%ld,"
		"\"from\":\"%s\",\"to\":\"%s\",%s\"why\":%s}}",
		bench_counting(b) ? "count" : "time",
		json_quote(counter, sizeof(counter), e->counter), relation_names[e->relation],
		wanted, hold_point_names[e->from], hold_point_names[e->to], verdict,
		json_quote(why, sizeof(why), e->why ? e->why : ""));
}

/* Returns 1 if the evidence fails. */
static int judge(const struct bench *b, const struct evidence *e)
{
	uint64_t work = b->area->work[e->work];
	long wanted = (e->factor ? e->factor : 1) * work;
	bool idle = !work && !e->may_be_zero;
	char verdict[64];
	long seen = 0;
	bool known, held;

	if (!strncmp(e->counter, "slab:", 5)) {
		if (bench_counting(b))
			tell(b, e, wanted, idle ? "\"idle\":true," : "");
		return 0;
	}
	known = growth(b, e, &seen);
	held = known && !idle && compare(seen, e->relation, wanted);
	snprintf(verdict, sizeof(verdict), "\"seen\":%ld,\"held\":%s,", seen,
		 held ? "true" : "false");
	tell(b, e, wanted, verdict);
	if (!control_connected())
		printf("  evidence  %-32s grew %ld, wanted %s %ld: %s\n", e->counter, seen,
		       relation_names[e->relation], wanted,
		       held	? "held"
		       : !known ? "NO SUCH COUNTER"
		       : idle	? "NO WORK DONE"
				: "FAILED");
	return !held;
}

int evidence_end(struct bench *b)
{
	int failed = 0;

	read_rows(after);
	for (long i = 0; i < count_evidence(); i++)
		failed += judge(b, &workload.evidence[i]);
	return failed;
}
