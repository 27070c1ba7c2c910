# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the tests of the runner, beside what workloads.bash has.
# shellcheck shell=bash disable=SC2154,SC2034
# (output, stderr and status come from bats; not every test uses every name)

# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/workloads.bash"

bats_require_minimum_version 1.5.0
RMAPBENCH=$BUILD/rmapbench

# use_fakes NAME...: from here on the workloads are these of tests/fake, copied: a folder of its own tells the processes of
# this test from all others.
use_fakes() {
	local name
	FAKES=$BATS_TEST_TMPDIR/fake
	mkdir -p "$FAKES"
	for name in lib.sh "$@"; do
		cp "$ROOT/tests/fake/$name" "$FAKES"
	done
	echo "$BUILD" >"$FAKES/build"
	export RMAPBENCH_WORKLOADS=$FAKES
}

# plan LINE...: the plan of this test; one process, no counting, unless its lines say otherwise.
plan() {
	PLAN=$BATS_TEST_TMPDIR/plan.ini
	OUT=$BATS_TEST_TMPDIR/results
	printf '%s\n' '[run]' 'processes = 1' 'count_repeats = 0' 'seconds = 20' "$@" >"$PLAN"
}

# bench ARGUMENT...: runs the plan; stdout and stderr apart.
bench() {
	run --separate-stderr "$RMAPBENCH" run --config "$PLAN" --label t --out "$OUT" "$@"
}

# warns_of TEXT: stderr of the last `run --separate-stderr` has it.
warns_of() {
	if [[ $stderr != *"$1"* ]]; then
		printf 'no "%s" on stderr:\n%s\n' "$1" "$stderr"
		return 1
	fi
}

# The newest record file of this test.
records() {
	find "$OUT" -name '*.jsonl' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-
}

# count_of FILTER: how many records of the newest file a jq filter selects. Fails if a line is no JSON.
count_of() {
	jq -s "map(select($1)) | length" "$(records)"
}

# has_records N FILTER
has_records() {
	local n
	n=$(count_of "$2") || return
	if [[ $n -ne $1 ]]; then
		printf '%s records, not %s, are %s in:\n' "$n" "$1" "$2"
		cut -c1-300 "$(records)"
		return 1
	fi
}

# whole_lines FILE: every line is a JSON object, and the last one ends.
whole_lines() {
	jq -es 'all(type == "object") and length > 0' "$1" >/dev/null && [[ -z $(tail -c 1 "$1") ]]
}

nothing_written() {
	if [ -e "$OUT" ]; then
		find "$OUT"
		return 1
	fi
}

# nobody_left: no process of this test's fakes is alive, after a moment for those on their way out.
nobody_left() {
	local i
	for ((i = 0; i < 100; i++)); do
		pgrep -f "$BATS_TEST_TMPDIR/fake/" >/dev/null || return 0
		sleep 0.05
	done
	pgrep -fa "$BATS_TEST_TMPDIR/fake/"
	return 1
}

# until_true COMMAND...: waits for it, 20 seconds at most.
until_true() {
	local i
	for ((i = 0; i < 400; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	echo "never came true: $*"
	return 1
}

needs_root() {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
}

# privately MOUNT_COMMANDS COMMAND...: runs a command in a mount namespace of its own, after shell commands that mount.
privately() {
	local mounts=$1
	shift
	unshare --mount sh -c "$mounts"' && exec "$@"' sh "$@"
}

# bench_privately MOUNT_COMMANDS ARGUMENT...: bench, so.
bench_privately() {
	local mounts=$1
	shift
	run --separate-stderr privately "$mounts" "$RMAPBENCH" run --config "$PLAN" --label t --out "$OUT" "$@"
}
