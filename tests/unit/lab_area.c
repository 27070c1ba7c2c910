// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The area that a guest shares with its host: what goes in comes out, and what a broken guest puts
 * there is found out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runner/shared_area.h"

enum { BYTES = 4096 };

static struct shared_area *area;

static int set_up(void **state)
{
	(void)state;
	area = calloc(1, BYTES);
	shared_area_format(area, BYTES);
	return shared_area_use(area) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(area);
	return 0;
}

static void frames_come_out_as_they_went_in(void **state)
{
	static const char *const lines[] = { "{\"record\":\"run\"}", "", "1234567", "12345678",
					     "123456789" };
	uint64_t at = 0;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(shared_area_put(FRAME_RECORD, lines[i], strlen(lines[i])), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(shared_area_next(area, BYTES, &at, &f), 1);
		assert_int_equal(f.type, FRAME_RECORD);
		assert_int_equal(f.bytes, strlen(lines[i]));
		assert_string_equal(f.payload, lines[i]);
		free(f.payload);
	}
	assert_int_equal(shared_area_next(area, BYTES, &at, &f), 0);
}

static void a_reader_follows_a_writer(void **state)
{
	uint64_t at = 0;
	struct frame f;

	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(shared_area_next(area, BYTES, &at, &f), 0);
		assert_int_equal(shared_area_put(FRAME_RUNNING, "fork/vmas", 9), 0);
		assert_int_equal(shared_area_next(area, BYTES, &at, &f), 1);
		assert_int_equal(f.type, FRAME_RUNNING);
		free(f.payload);
	}
	assert_int_equal(at, shared_area_used());
}

static void a_full_area_refuses_and_keeps_what_it_has(void **state)
{
	char line[500];
	uint64_t at = 0;
	struct frame f;
	int written = 0, read = 0;

	(void)state;
	memset(line, 'x', sizeof(line));
	while (!shared_area_put(FRAME_RECORD, line, sizeof(line)))
		written++;
	assert_int_equal(area->refused, 1);
	assert_int_equal(shared_area_put(FRAME_RECORD, line, sizeof(line)), -1);
	assert_int_equal(area->refused, 2);
	while (shared_area_next(area, BYTES, &at, &f) > 0) {
		assert_memory_equal(f.payload, line, sizeof(line));
		free(f.payload);
		read++;
	}
	assert_int_equal(written, 7); /* of 516 bytes, padded */
	assert_int_equal(read, written);
}

static void a_flipped_bit_is_garbage(void **state)
{
	unsigned char *data = (unsigned char *)area->data;
	uint64_t at, end;
	struct frame f;

	(void)state;
	shared_area_put(FRAME_RECORD, "{\"record\":\"end\"}", 16);
	end = shared_area_used();
	for (uint64_t i = 0; i < end; i++) {
		int rc;

		data[i] ^= 0x20;
		at = 0;
		rc = shared_area_next(area, BYTES, &at, &f);
		assert_int_equal(rc, -1);
		data[i] ^= 0x20;
	}
	at = 0;
	assert_int_equal(shared_area_next(area, BYTES, &at, &f), 1);
	free(f.payload);
}

static void lengths_beyond_the_area_are_garbage(void **state)
{
	static const uint64_t used[] = { 1, 8, 15, BYTES, BYTES * 2, UINT64_MAX };
	struct frame_header *h = (struct frame_header *)area->data;
	uint64_t at = 0;
	struct frame f;

	(void)state;
	h->type = FRAME_RECORD;
	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++) {
		area->used = used[i];
		h->bytes = UINT32_MAX;
		assert_int_equal(shared_area_next(area, BYTES, &at, &f), -1);
	}
	/* `used` that went back. */
	area->used = 0;
	shared_area_put(FRAME_RECORD, "1", 1);
	assert_int_equal(shared_area_next(area, BYTES, &at, &f), 1);
	free(f.payload);
	area->used = 8;
	assert_int_equal(shared_area_next(area, BYTES, &at, &f), -1);
}

static void the_capacity_is_not_taken_from_the_guest(void **state)
{
	uint64_t at = 0;
	struct frame f;

	(void)state;
	area->capacity = UINT64_MAX;
	area->used = UINT64_C(1) << 40;
	assert_int_equal(shared_area_next(area, BYTES, &at, &f), -1);
}

static void other_memory_is_not_used(void **state)
{
	struct shared_area other = { 0 };

	(void)state;
	assert_false(shared_area_use(&other));
	shared_area_put(FRAME_HELLO, NULL, 0);
	assert_int_equal(other.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_come_out_as_they_went_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reader_follows_a_writer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_area_refuses_and_keeps_what_it_has, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_flipped_bit_is_garbage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lengths_beyond_the_area_are_garbage, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_capacity_is_not_taken_from_the_guest, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(other_memory_is_not_used, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
