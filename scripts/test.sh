#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/test.sh [SUITE...]: runs the suites, each of which prints TAP, and adds them up.
# The last line is "N passed, M failed, K skipped"; status 1 if anything failed, or nothing ran.
set -u
cd "$(dirname "$0")/.." || exit 1
suites=${*:-unit cli calibration guest}
log=build/test
rm -rf "$log"
mkdir -p "$log"

# cmocka numbers a program's tests; the name of the program tells them apart.
unit() {
	make --no-print-directory unit >"$log/unit.build" 2>&1 || {
		cat "$log/unit.build"
		echo "not ok building the unit tests"
		return
	}
	for program in build/tests/*; do
		case $program in *.d | *.o) continue ;; esac
		before=$(grep -c '^ok\|^not ok' "$log/unit.tap" 2>/dev/null)
		CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 "$program" 2>&1
		status=$?
		# A program that dies takes its remaining tests with it: that is a failure.
		[ $status -lt 124 ] || echo "not ok $program died with status $status (after ${before:-0} lines)"
	done
}

bats_in() {
	[ -n "$(find "$1" -name '*.bats' 2>/dev/null)" ] || return
	bats --tap --print-output-on-failure "$1" 2>&1
	status=$?
	[ $status -le 1 ] || echo "not ok bats $1 ended with status $status"
}

cli() { bats_in tests/cli; }

guest() { bats_in tests/guest; }

calibration() {
	make --no-print-directory calibration 2>&1 || echo "not ok calibration ended with an error"
}

for suite in $suites; do
	echo "# suite $suite"
	start=$(date +%s)
	"$suite" | tee "$log/$suite.tap"
	echo "# suite $suite took $(($(date +%s) - start)) s"
done

count() { cat "$log"/*.tap | grep -cE "$1"; }
failed=$(count '^not ok')
skipped=$(count '^ok .*# [sS][kK][iI][pP]')
passed=$(($(count '^ok ') - skipped))
[ "$failed" -eq 0 ] || {
	echo "# failed:"
	grep -hE '^not ok' "$log"/*.tap
}
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
