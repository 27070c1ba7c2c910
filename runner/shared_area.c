// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/shared_area.h"

#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"

static volatile struct shared_area *current;

/* FNV-1a, 64 bits (Fowler, Noll, Vo): finds accidents, and that is all it is for. */
static uint64_t checksum(uint64_t sum, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n--)
		sum = (sum ^ *p++) * UINT64_C(0x100000001b3);
	return sum;
}

static uint64_t frame_checksum(const struct frame_header *h, const void *payload)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	sum = checksum(sum, &h->type, sizeof(h->type));
	sum = checksum(sum, &h->bytes, sizeof(h->bytes));
	return checksum(sum, payload, h->bytes);
}

static size_t padded(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

bool shared_area_use(struct shared_area *area)
{
	volatile struct shared_area *a = area;

	if (a->magic != SHARED_AREA_MAGIC)
		return false;
	current = a;
	return true;
}

/*
 * The area is device memory of the guest: aligned accesses of 8 bytes are what every architecture
 * allows there, memcpy() is not.
 */
static void copy_out(volatile uint64_t *to, const void *from, size_t bytes)
{
	uint64_t word;

	for (size_t i = 0; i < bytes; i += sizeof(word)) {
		size_t left = bytes - i;

		word = 0;
		memcpy(&word, (const char *)from + i, left < sizeof(word) ? left : sizeof(word));
		*to++ = word;
	}
}

int shared_area_put(enum frame_type type, const void *payload, size_t bytes)
{
	struct frame_header h = { .type = type, .bytes = bytes };
	size_t whole = sizeof(h) + padded(bytes);
	volatile uint64_t *to;
	uint64_t used;

	if (!current)
		return 0;
	used = current->used;
	if (bytes > UINT32_MAX || whole > current->capacity - used) {
		current->refused++;
		return -1;
	}
	h.checksum = frame_checksum(&h, payload);
	to = current->data + used / 8;
	copy_out(to, &h, sizeof(h));
	copy_out(to + sizeof(h) / 8, payload, bytes);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	current->used = used + whole;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return 0;
}

uint64_t shared_area_used(void)
{
	return current ? current->used : 0;
}

void shared_area_format(struct shared_area *area, size_t bytes)
{
	area->magic = SHARED_AREA_MAGIC;
	area->capacity = (bytes - sizeof(*area)) & ~(size_t)7;
	area->used = 0;
	area->refused = 0;
}

int shared_area_next(const struct shared_area *area, size_t size, uint64_t *at, struct frame *f)
{
	uint64_t capacity = (size - sizeof(*area)) & ~(size_t)7;
	uint64_t used = __atomic_load_n(&area->used, __ATOMIC_ACQUIRE);
	const char *data = (const char *)area->data;
	struct frame_header h;

	if (*at == used)
		return 0;
	if (used > capacity || *at > used || used - *at < sizeof(h))
		return -1;
	memcpy(&h, data + *at, sizeof(h));
	if (h.bytes > used - *at - sizeof(h) || h.type < FRAME_HELLO || h.type > FRAME_EXIT)
		return -1;
	f->type = h.type;
	f->bytes = h.bytes;
	f->payload = xcalloc(1, h.bytes + 1);
	memcpy(f->payload, data + *at + sizeof(h), h.bytes);
	if (frame_checksum(&h, f->payload) != h.checksum) {
		free(f->payload);
		return -1;
	}
	*at += sizeof(h) + padded(h.bytes);
	return 1;
}
