// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings that are taken, and lines of the kernel log that are reports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runner/kernel_log.h"
#include "runner/settings.h"

static void settings_are_known_by_name(void **state)
{
	const char *allowed;

	(void)state;
	assert_true(setting_known("thp", &allowed));
	assert_true(setting_known("max_map_count", &allowed));
	assert_false(setting_known("th", &allowed));
	assert_false(setting_known("", &allowed));
	assert_non_null(strstr(allowed, "thp, thp_defrag, "));
	assert_non_null(strstr(allowed, "max_map_count"));
}

static void settings_refuse_what_they_do_not_take(void **state)
{
	(void)state;
	assert_null(setting_refuses("thp", "madvise"));
	assert_string_equal(setting_refuses("thp", "[madvise]"), "always, madvise, never");
	assert_string_equal(setting_refuses("thp", ""), "always, madvise, never");
	assert_null(setting_refuses("thp_defrag", "defer+madvise"));
	assert_null(setting_refuses("ksm", "0"));
	assert_string_equal(setting_refuses("ksm", "2"), "0, 1");
	assert_null(setting_refuses("swappiness", "100"));
	assert_null(setting_refuses("khugepaged_sleep_ms", "0"));
	assert_string_equal(setting_refuses("swappiness", ""), "a whole number");
	assert_string_equal(setting_refuses("swappiness", "-1"), "a whole number");
	assert_string_equal(setting_refuses("swappiness", "1\n2"), "a whole number");
}

static void settings_are_read_as_one_word(void **state)
{
	json_t *all = settings_read(), *thp = json_object_get(all, "thp");

	(void)state;
	assert_non_null(thp);
	if (json_is_string(thp))
		assert_null(setting_refuses("thp", json_string_value(thp)));
	assert_null(setting_refuses("aslr", json_string_value(json_object_get(all, "aslr"))));
	json_decref(all);
}

static void reports_of_the_kernel(void **state)
{
	static const char *const reports[] = {
		"WARNING: CPU: 1 PID: 42 at mm/rmap.c:443 unlink_anon_vmas+0x1a0/0x1d0",
		"BUG: Bad rss-counter state mm:000000007c8ab1d1 type:MM_ANONPAGES val:1",
		"BUG: Bad page state in process rmap  pfn:12345",
		"BUG: kernel NULL pointer dereference, address: 0000000000000008",
		"kernel BUG at mm/huge_memory.c:2700!",
		"Oops: 0000 [#1] PREEMPT SMP NOPTI",
		"Kernel panic - not syncing: Fatal exception",
		"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [wide:1234]",
		"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
		"INFO: task khugepaged:33 blocked for more than 120 seconds.",
		"UBSAN: array-index-out-of-bounds in mm/vma.c:1:2",
		"list_del corruption. prev->next should be ffff88810, but was dead00000",
		"Unable to handle kernel paging request at virtual address dead000000000100",
		"page dumped because: VM_BUG_ON_FOLIO(!folio_test_locked(folio))",
	};
	static const char *const ordinary[] = {
		"",
		"random: crng init done",
		"EXT4-fs (vda1): warning: mounting fs with errors",
		"Warning: unable to open an initial console.",
		"debug: bug hunting in progress",
		"split_huge_pages (1234): range-based requests, 4 of 4 split",
		"systemd[1]: Started Oops reporter.",
		"wide (1234): drop_caches: 3",
		"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(reports) / sizeof(*reports); i++) {
		if (!kernel_log_is_complaint(reports[i]))
			fail_msg("not taken for a report: %s", reports[i]);
	}
	for (size_t i = 0; i < sizeof(ordinary) / sizeof(*ordinary); i++) {
		if (kernel_log_is_complaint(ordinary[i]))
			fail_msg("taken for a report: %s", ordinary[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_known_by_name),
		cmocka_unit_test(settings_refuse_what_they_do_not_take),
		cmocka_unit_test(settings_are_read_as_one_word),
		cmocka_unit_test(reports_of_the_kernel),
	};

	return cmocka_run_group_tests_name("runner_host", tests, NULL, NULL);
}
