#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench run: settings of the system that a plan changes, and that are put back whatever happens.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers

SWAPPINESS=/proc/sys/vm/swappiness
THP=/sys/kernel/mm/transparent_hugepage/enabled

# The values that the tests set and that no other run on this host uses.
other_swappiness() {
	OLD=$(cat $SWAPPINESS)
	NEW=$((OLD == 37 ? 38 : 37))
}

setup() {
	needs_root
	other_swappiness
	OLD_THP=$(sed -n 's/.*\[\(.*\)\].*/\1/p' $THP 2>/dev/null) || true
}

# Should a test fail half-way, the host is as it was.
teardown() {
	[ -z "${OLD:-}" ] || echo "$OLD" >$SWAPPINESS
	[ -z "${OLD_THP:-}" ] || echo "$OLD_THP" >$THP
}

is_set() { [ "$(cat $SWAPPINESS)" = "$NEW" ]; }
is_back() { [ "$(cat $SWAPPINESS)" = "$OLD" ]; }

# start_waiting: a run in the background whose workload waits; returns when it waits with the setting changed. Sets RUNNER.
start_waiting() {
	use_fakes waits
	plan '[settings]' "swappiness = $NEW" '[fake/waits]' "gate = $BATS_TEST_TMPDIR/gate"
	"$RMAPBENCH" run --config "$PLAN" --label t --out "$OUT" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	RUNNER=$!
	until_true workload_waits
	is_set
}

workload_waits() {
	pgrep -f "$FAKES/waits" >/dev/null
}

@test "settings: in force while the workload runs, recorded, and put back at the end" {
	start_waiting
	touch "$BATS_TEST_TMPDIR/gate"
	wait $RUNNER
	is_back
	has_records 1 ".record == \"run\" and .settings.swappiness == \"$NEW\""
	nobody_left
}

@test "settings: words among choices, such as THP, are set and put back too" {
	[ -e $THP ] || skip "no THP here"
	use_fakes good
	before=$(cat $THP)
	other=$([[ $before == *"[always]"* ]] && echo madvise || echo always)
	plan '[settings]' "thp = $other" '[fake/good]'
	bench
	left_with 0
	has_records 1 ".record == \"run\" and .settings.thp == \"$other\""
	[ "$(cat $THP)" = "$before" ]
}

@test "settings: aslr = 0 is for the workloads alone" {
	use_fakes good
	before=$(cat /proc/sys/kernel/randomize_va_space)
	plan '[settings]' 'aslr = 0' '[fake/good]'
	bench
	left_with 0
	has_records 1 ".record == \"run\" and .settings.aslr == \"$before\" and .settings.workload_aslr == \"0\""
}

@test "settings: put back on SIGTERM, SIGINT and SIGHUP; the run says so and leaves no process" {
	for signal in TERM HUP INT; do
		start_waiting
		kill -$signal $RUNNER
		status=0
		wait $RUNNER || status=$?
		[ $status -eq 1 ]
		is_back
		nobody_left
		grep -q "interrupted; what was recorded is whole. Go on with the same command and --resume" "$BATS_TEST_TMPDIR/stderr"
		whole_lines "$(records)"
		has_records 0 '.record == "end" or .record == "samples"'
	done
}

@test "settings: put back by the janitor when the runner is killed, and the workload goes with it" {
	start_waiting
	kill -KILL $RUNNER
	wait $RUNNER || true
	until_true is_back
	nobody_left
	whole_lines "$(records)"
	has_records 0 '.record == "end"'
}

@test "settings: the janitor of a killed runner ends the children of the workload too" {
	use_fakes hang
	plan '[settings]' "swappiness = $NEW" '[fake/hang]'
	"$RMAPBENCH" run --config "$PLAN" --label t --out "$OUT" >/dev/null 2>&1 3>&- &
	RUNNER=$!
	until_true pgrep -f "^$FAKES/hang-child" >/dev/null
	kill -KILL $RUNNER
	wait $RUNNER || true
	until_true is_back
	nobody_left
}

@test "settings: put back when a workload is invalid, and when no record can be written" {
	use_fakes crash
	plan '[settings]' "swappiness = $NEW" '[fake/crash]'
	bench
	left_with 1
	is_back
	OUT=/proc/nope
	bench
	left_with 1
	is_back
}

@test "settings: one that this kernel lacks does not stop the run" {
	use_fakes good
	plan '[settings]' 'ksm = 1' "swappiness = $NEW" '[fake/good]'
	bench_privately "mount -t tmpfs none /sys/kernel/mm/ksm"
	left_with 0
	has_records 1 ".record == \"run\" and .settings.ksm == null and .settings.swappiness == \"$NEW\""
	is_back
}

@test "settings: one that cannot be written is warned of, and the run goes on" {
	use_fakes good
	plan '[settings]' "swappiness = $NEW" '[fake/good]'
	bench_privately "mount --bind $SWAPPINESS $SWAPPINESS && mount -o remount,ro,bind $SWAPPINESS"
	left_with 0
	warns_of "warning: $SWAPPINESS: cannot be set to $NEW: Read-only file system; going on with $OLD"
	has_records 1 ".record == \"run\" and .settings.swappiness == \"$OLD\""
	has_records 1 '.record == "end"'
}
