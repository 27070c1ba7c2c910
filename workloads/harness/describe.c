// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --describe: the workload's declaration as JSON, for the runner, `list` and the docs.
 */
#include <stdio.h>

#include "workloads/harness/harness.h"

static const char *const kind_names[] = { "latency", "throughput", "count" };
static const char *const better_names[] = { "lower", "higher" };
static const char *const cpus_names[] = { "one", "node", "all" };
const char *const relation_names[] = { ">=", "==", "<=" };
const char *const hold_point_names[] = { "before", "populated", "held", "after" };

char *json_quote(char *buf, size_t size, const char *s)
{
	size_t n = 0;

	buf[n++] = '"';
	for (; *s && n + 8 < size; s++) {
		if (*s == '"' || *s == '\\')
			buf[n++] = '\\';
		if ((unsigned char)*s < ' ')
			n += snprintf(buf + n, size - n, "\\u%04x", *s);
		else
			buf[n++] = *s;
	}
	buf[n++] = '"';
	buf[n] = '\0';
	return buf;
}

static void string(const char *key, const char *value, const char *after)
{
	char buf[1024];

	printf("\"%s\":%s%s", key, json_quote(buf, sizeof(buf), value ? value : ""), after);
}

static void describe_params(void)
{
	printf("\"params\":[");
	for (long i = 0; i < count_params(); i++) {
		const struct param *p = &workload.params[i];

		printf("%s{", i ? "," : "");
		string("name", p->name, ",");
		string("unit", p->unit, ",");
		string("help", p->help, ",");
		if (p->text) {
			printf("\"type\":\"string\",");
			string("default", p->text, "}");
		} else {
			printf("\"default\":%ld,\"min\":%ld,\"max\":%ld}", p->def, p->min, p->max);
		}
	}
	printf("],");
}

static void describe_metrics(void)
{
	printf("\"metrics\":[");
	for (long i = 0; i < count_metrics(); i++) {
		const struct metric *m = &workload.metrics[i];

		printf("%s{", i ? "," : "");
		string("name", m->name, ",");
		string("unit", m->unit, ",");
		string("kind", kind_names[m->kind], ",");
		string("better", better_names[m->better], ",");
		printf("\"timed_only\":%s,", m->timed_only ? "true" : "false");
		string("help", m->help, "}");
	}
	printf("],");
}

static void describe_evidence(void)
{
	printf("\"evidence\":[");
	for (long i = 0; i < count_evidence(); i++) {
		const struct evidence *e = &workload.evidence[i];

		printf("%s{", i ? "," : "");
		string("counter", e->counter, ",");
		string("relation", relation_names[e->relation], ",");
		string("work", workload.works[e->work], ",");
		printf("\"factor\":%g,\"may_be_zero\":%s,", e->factor ? e->factor : 1,
		       e->may_be_zero ? "true" : "false");
		string("from", hold_point_names[e->from], ",");
		string("to", hold_point_names[e->to], ",");
		string("why", e->why, "}");
	}
	printf("],");
}

static void describe_names(void)
{
	const char *comma = "";

	printf("\"works\":[");
	for (long i = 0; i < count_works(); i++) {
		char buf[256];

		printf("%s%s", i ? "," : "", json_quote(buf, sizeof(buf), workload.works[i]));
	}
	printf("],\"needs\":[");
	for (int bit = 0; need_name(bit); bit++) {
		char buf[256];

		if (!(workload.needs & 1u << bit))
			continue;
		printf("%s%s", comma, json_quote(buf, sizeof(buf), need_name(bit)));
		comma = ",";
	}
	printf("],");
}

void describe(void)
{
	printf("{");
	string("workload", workload_name, ",");
	string("summary", workload.summary, ",");
	string("drives", workload.drives, ",");
	describe_params();
	describe_metrics();
	describe_evidence();
	describe_names();
	string("cpus", cpus_names[workload.cpus], ",");
	printf("\"samples\":%ld}\n", workload.samples);
}
