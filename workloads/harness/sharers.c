// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that a process and its children share, and the proof that all still see the same.
 */
#include "workloads/machine.h"

static long pages_of(const struct bench *b, const struct region *r)
{
	return r->count * (long)(r->bytes / b->page_size);
}

static void verify(struct bench *b, void *arg, long k)
{
	const struct region *r = &((struct sharers *)arg)->region;
	long good = region_verify(b, r, 1);

	if (good != pages_of(b, r))
		bench_corrupted(b,
				"%ld of %ld pages do not hold what was written, in child %ld "
				"(0: the parent)",
				pages_of(b, r) - good, pages_of(b, r), k + 1);
}

void sharers_new(struct bench *b, struct sharers *s, long children)
{
	*s = (struct sharers){ .family = family_new(b, children), .children = children };
	s->family.on_release = verify;
}

void sharers_map(struct bench *b, struct sharers *s, long pages, int node)
{
	s->region = region_map(b, 1, pages * b->page_size);
	pages_small(s->region.base, s->region.bytes);
	node_prefer(b, node);
	region_fill(b, &s->region, 1);
	node_prefer(b, -1);
}

void sharers_fork(struct bench *b, struct sharers *s)
{
	while (s->family.count < s->children)
		family_fork(b, &s->family, NULL, s);
	family_ready(b, &s->family);
}

void sharers_verify(struct bench *b, const struct sharers *s)
{
	verify(b, (void *)s, -1);
}

void sharers_check(struct bench *b, const struct sharers *s)
{
	long pages = s->region.bytes / b->page_size;

	for (long i = 0; i < s->region.count; i++) {
		if (!frames_agree(b, &s->family, region_vma(&s->region, i), pages))
			bench_corrupted(b, "processes that share VMA %ld see different frames", i);
	}
	sharers_verify(b, s);
}

long sharers_release(struct bench *b, struct sharers *s)
{
	return family_release(b, &s->family);
}

void sharers_free(struct bench *b, struct sharers *s)
{
	region_unmap(b, &s->region);
	family_free(b, &s->family);
}

uint64_t sharers_bytes(const struct bench *b, uint64_t bytes, long children)
{
	return bytes + family_bytes(b, bytes / b->page_size / 256 + 1, children + 1);
}

static long on_node(struct bench *b, const struct region *r, int node)
{
	long there = 0;

	for (long i = 0; i < r->count; i++)
		there += pages_on_node(b, region_vma(r, i), r->bytes / b->page_size, node);
	return there;
}

long sharers_travel(struct bench *b, struct sharers *s, int metric, int from, int to,
		    void (*move)(struct bench *b, struct sharers *s, int from, int to))
{
	long were_from = on_node(b, &s->region, from), were_to = on_node(b, &s->region, to);
	uint64_t start, ns;
	long left, came;

	start = bench_now(b);
	move(b, s, from, to);
	ns = bench_now(b) - start;
	left = were_from - on_node(b, &s->region, from);
	came = on_node(b, &s->region, to) - were_to;
	came = left < came ? left : came;
	came = came < 0 ? 0 : came;
	bench_rate(b, metric, came, ns);
	sharers_check(b, s);
	return came;
}
