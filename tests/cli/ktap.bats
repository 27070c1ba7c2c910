#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench run --ktap: what a KTAP parser makes of it (Documentation/dev-tools/ktap.rst of the kernel).
# shellcheck disable=SC2030,SC2031,SC2154

load helpers

# parse: checks the last output as KTAP of two levels, and prints "N ok, N not ok, N skipped" of the lower one.
parse() {
	awk '
	function bad(why) { print "line " NR ": " why ": " $0; status = 1; exit 1 }
	function close_level(level) { if (plan[level] != count[level]) bad("the plan says " plan[level] ", there are " count[level]) }
	{ match($0, /^ */); level = RLENGTH / 2; line = substr($0, RLENGTH + 1) }
	line ~ /^#/ { next }
	level > 1 || level != int(level) { bad("indented by " RLENGTH) }
	line ~ /^KTAP version/ {
		if (line != "KTAP version 1") bad("version")
		if (NR > 1 && !level) bad("a second top")
		version[level] = 1; plan[level] = -1; count[level] = 0; wrong[level] = 0; next
	}
	NR == 1 || !version[level] { bad("before a version line") }
	line ~ /^1\.\.[0-9]+$/ { if (plan[level] >= 0) bad("a second plan"); plan[level] = substr(line, 4); next }
	line ~ /^(not )?ok [0-9]+ [^#]*[^# ]( # ?.+)?$/ {
		not_ok = line ~ /^not /; sub(/^(not )?ok /, "", line)
		if (line + 0 != ++count[level]) bad("number " count[level] " is due")
		wrong[level] += not_ok
		if (!level) {
			close_level(1)
			if (not_ok != (wrong[1] > 0)) bad("its subtests say otherwise")
			version[1] = 0
		} else {
			skip = line ~ / # SKIP( |$)/
			total[skip ? "skipped" : not_ok ? "not ok" : "ok"]++
		}
		next
	}
	{ bad("no line of KTAP") }
	END {
		if (!status && version[1]) { print "the last test has no result"; status = 1 }
		if (!status) { close_level(0); printf "%d ok, %d not ok, %d skipped\n", total["ok"], total["not ok"], total["skipped"] }
		exit status
	}' <<<"$output"
}

# parses_as TEXT
parses_as() {
	local got
	got=$(parse) || { printf '%s\n%s\n' "$got" "$output" && return 1; }
	[ "$got" = "$1" ] || { printf 'parsed as %s:\n%s\n' "$got" "$output" && return 1; }
}

@test "ktap: what is done is ok, with its figures as diagnostic lines before it" {
	use_fakes good
	plan '[fake/good]'
	bench --ktap
	left_with 0
	parses_as "1 ok, 0 not ok, 0 skipped"
	[ "${lines[0]}" = "KTAP version 1" ]
	[[ ${lines[4]} == "  # "* ]]
	says "ok 1 fake/good"
	says "# records: $OUT"
}

@test "ktap: a skip has the directive and its reason" {
	use_fakes good skips
	plan '[fake/good]' '[fake/skips]'
	bench --ktap
	left_with 0
	parses_as "1 ok, 0 not ok, 1 skipped"
	says "# SKIP two moons are needed"
	says "ok 2 fake/skips # SKIP"
}

@test "ktap: what is invalid is not ok, and so is its test" {
	use_fakes good disproves
	plan '[fake/good]' '[fake/disproves]'
	bench --ktap
	left_with 1
	parses_as "1 ok, 1 not ok, 0 skipped"
	says "not ok 2 fake/disproves"
	says "no evidence that its kernel path ran"
}

@test "ktap: each set of parameters is a subtest of its workload" {
	PLAN=$BATS_TEST_TMPDIR/plan.ini
	OUT=$BATS_TEST_TMPDIR/results
	printf '%s\n' '[run]' 'processes = 1' 'count_repeats = 0' '[null]' 'samples = 10' '[fork/vmas]' 'vmas = 1, 2, 3' 'samples = 10' >"$PLAN"
	bench --ktap
	left_with 0
	parses_as "4 ok, 0 not ok, 0 skipped"
	says "  ok 3 vmas=3"
	says "ok 2 fork/vmas"
	[ "$(grep -c '^  # fork ' <<<"$output")" -eq 3 ]
}

@test "ktap: the parser of this test finds what is wrong" {
	local wrong
	for wrong in $'KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 a\nok 1 x' \
		$'KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  not ok 1 a\nok 1 x' \
		$'KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  ok 2 a\nok 1 x' \
		$'KTAP version 1\n1..2\n  KTAP version 1\n  1..1\n  ok 1 a\nok 1 x' \
		$'1..1\nok 1 x' $'KTAP version 1\n1..1\nhello'; do
		output=$wrong
		run parse
		[ "$status" -eq 1 ]
	done
}

@test "ktap: nothing but KTAP is on stdout, and a resumed run that is complete has no tests" {
	use_fakes good
	plan '[fake/good]'
	bench --ktap
	bench --ktap --resume
	left_with 0
	parses_as "0 ok, 0 not ok, 0 skipped"
	says "# nothing to resume"
}

@test "ktap: a run that is interrupted closes its tests, as failed" {
	use_fakes waits good
	plan '[fake/waits]' "gate = $BATS_TEST_TMPDIR/never" '[fake/good]'
	"$RMAPBENCH" run --config "$PLAN" --label t --out "$OUT" --ktap >"$BATS_TEST_TMPDIR/out" 2>/dev/null &
	until_true pgrep -f "$FAKES/waits --control" >/dev/null
	kill -INT $!
	wait $! && return 1
	output=$(<"$BATS_TEST_TMPDIR/out")
	parses_as "0 ok, 2 not ok, 0 skipped"
	says "# not run: the run was cut off"
	nobody_left
}
