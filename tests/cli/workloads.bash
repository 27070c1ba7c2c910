# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the tests of single workloads. Expects the programs in build/.
# shellcheck shell=bash disable=SC2154,SC2034
# (output and status come from bats; not every test uses every program)

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$ROOT/build}
WORKLOADS=$BUILD/workloads
PREVENT=$BUILD/prevent
# Workloads whose calls lie: tests/liars/liar.c.
LIARS=$BUILD/liars

# says TEXT: the output of the last `run` has it.
says() {
	if [[ $output != *"$1"* ]]; then
		printf 'no "%s" in:\n%s\n' "$1" "$output"
		return 1
	fi
}

# silent_on TEXT: the output of the last `run` does not have it.
silent_on() {
	if [[ $output == *"$1"* ]]; then
		printf '"%s" in:\n%s\n' "$1" "$output"
		return 1
	fi
}

# left_with STATUS
left_with() {
	if [[ $status -ne $1 ]]; then
		printf 'status %s, not %s:\n%s\n' "$status" "$1" "$output"
		return 1
	fi
}

# works NAME ARGUMENT...: runs alone, every piece of evidence holds, every metric has samples, and
# no process stays behind.
works() {
	local name=$1 metric
	shift
	run "$WORKLOADS/$name" "$@"
	left_with 0
	says "$name:"
	says ": held"
	silent_on FAILED
	silent_on "no samples"
	for metric in $("$WORKLOADS/$name" --describe | jq -r '.metrics[].name'); do
		says "  $metric "
	done
	gone "$WORKLOADS/$name $*"
}

# gone COMMAND: no process of exactly this command line is left.
gone() {
	if pgrep -fx -- "$1"; then
		echo "still running: $1"
		return 1
	fi
}

# describes NAME: --describe is a JSON object that names the workload, and is complete.
describes() {
	"$WORKLOADS/$1" --describe | jq -e --arg name "$1" '
		.workload == $name and (.summary | length > 10) and (.drives | length > 3) and
		(.metrics | length > 0) and (.evidence | length > 0) and .samples > 0 and
		all(.params[]; (.help | length > 0) and
			(.type == "string" or .min <= .default and .default <= .max)) and
		all(.metrics[]; (.unit | length > 0) and (.help | length > 0)) and
		all(.evidence[]; (.why | length > 0)) and
		([.evidence[].work] - .works == [])' > /dev/null
}

# refuses NAME OPTION VALUE: status 2, and a message with option, value and what is allowed.
refuses() {
	run "$WORKLOADS/$1" "--$2" "$3"
	left_with 2
	says "--$2 $3: allowed are whole numbers from"
}

# over_limits NAME ARGUMENT...: a skip that says what to do, and nothing measured.
over_limits() {
	local name=$1
	shift
	run "$WORKLOADS/$name" "$@"
	left_with 77
	says "the limit is"
	says "lower the parameters"
	silent_on median
}

# fails_evidence COUNTER COMMAND...: the evidence on COUNTER fails, no figure is printed, status 1.
fails_evidence() {
	local counter=$1
	shift
	run "$@"
	left_with 1
	[[ $(grep -c "$counter .*\(FAILED\|NO WORK DONE\)" <<< "$output") -ge 1 ]] || {
		printf 'no failed evidence on %s in:\n%s\n' "$counter" "$output"
		return 1
	}
	says "no figures"
	silent_on median
}

# merged NAME: with holes that stay mapped its VMAs are one, and there is no figure.
merged() {
	run "$PREVENT" munmap:4096 -- "$WORKLOADS/$1"
	left_with 1
	says "so they are one VMA"
	silent_on median
}

# frozen_vmstat COMMAND...: with a /proc/vmstat that stands still. Needs root.
frozen_vmstat() {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	cp /proc/vmstat "$BATS_TEST_TMPDIR/vmstat"
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --mount sh -c 'mount --bind "$1" /proc/vmstat && shift && exec "$@"' sh \
		"$BATS_TEST_TMPDIR/vmstat" "$@"
}
