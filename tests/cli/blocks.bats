#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench blocks: Stein's rule on a pilot.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load workloads
load records

setup() {
	R=$BATS_TEST_TMPDIR/results
}

# pilot BLOCKS [SPREAD]: log ratios of +-SPREAD per mille in turn.
pilot() {
	local b spread=${2:-20}
	for ((b = 0; b < $1; b++)); do
		new_boot "$R" base "$b"
		sed -i "1s/T22:00:00Z/T22:$((10 + 2 * b)):00Z/" "$RECORD"
		latency fork/vmas '{"vmas":1}' fork 1000000
		end
		new_boot "$R" new "$b"
		sed -i "1s/T22:00:00Z/T22:$((11 + 2 * b)):00Z/" "$RECORD"
		latency fork/vmas '{"vmas":1}' fork $((1000000 + (b % 2 ? 1 : -1) * spread * 1000))
		latency fork/vmas '{"vmas":1}' reap $((1000000 + b % 2 * 100000))
		end
		new_boot "$R" base "$b"
		sed -i "1s/T22:00:00Z/T22:$((10 + 2 * b)):00Z/" "$RECORD"
		latency fork/vmas '{"vmas":1}' fork 1000000
		latency fork/vmas '{"vmas":1}' reap 1000000
		end
	done
}

blocks() {
	run "$BUILD/rmapbench" blocks --results "$R" "$@"
}

@test "blocks: the number by hand, and its price" {
	PRIMARY='"fork/vmas:fork"'
	pilot 10
	blocks base new
	left_with 0
	# s = 0.02 x sqrt(10 / 9), t = 2.262157: (t s / ln 1.01)^2 = 22.97
	says "blocks needed: 23 (10 done, 13 more, about 26 minutes at 2.0 a block)"
	says "primary metric"
	silent_on "reap"
	says "compare --pilot 10 base new"
	blocks --number --until 0.5% base new
	[ "$output" = 92 ]
	blocks --number --until 5% base new
	[ "$output" = 10 ]
}

@test "blocks: without primary metrics the worst of all decides" {
	pilot 10
	blocks base new
	left_with 0
	says "in every metric"
	says "reap"
	[[ $output =~ blocks\ needed:\ ([0-9]+) ]]
	[ "${BASH_REMATCH[1]}" -gt 23 ]
}

@test "blocks: the first blocks are the pilot, whatever came later" {
	PRIMARY='"fork/vmas:fork"'
	pilot 12
	blocks --number base new
	[ "$output" = 23 ]
	# blocks 10 and 11 become wild
	for b in 10 11; do sed -i 's/1020000\|980000/3000000/' "$R/new/new-$b/0.jsonl"; done
	blocks --number base new
	[ "$output" = 23 ]
}

@test "blocks: a pilot that is not complete" {
	pilot 4
	blocks base new
	left_with 0
	says "The pilot is not complete: 4 of 10 blocks."
	blocks --number base new
	[ "$output" = 10 ]
	blocks --pilot 4 base new
	left_with 0
	says "metric"
}

@test "blocks: results that are not in blocks" {
	for l in base new; do
		new_boot "$R" $l -
		latency fork/vmas '{"vmas":1}' fork 1000
	done
	blocks base new
	left_with 1
	says "have no timed metric in blocks"
}

@test "blocks: wrong calls" {
	pilot 2
	blocks base
	left_with 2
	blocks --until 0 base new
	left_with 2
	blocks --pilot 1 base new
	left_with 2
	says "from 2 to 10000"
	blocks base nope
	left_with 2
}

@test "compare: --pilot keeps the pilot's spread and its degrees of freedom in the interval" {
	PRIMARY='"fork/vmas:fork"'
	pilot 12
	# all 12 blocks: 2.200985 x 0.020889 / sqrt(12) = 1.33%
	run "$BUILD/rmapbench" compare --results "$R" base new
	left_with 0
	grep -A1 'fork, .*primary' <<<"$output" | grep -qF -- '  -1.3  +1.3 '
	# the first 10 of 12: 2.262157 x 0.021082 / sqrt(12) = 1.38%
	run "$BUILD/rmapbench" compare --pilot 10 --results "$R" base new
	left_with 0
	grep -A1 'fork, .*primary' <<<"$output" | grep -qF -- '  -1.4  +1.4 '
}
