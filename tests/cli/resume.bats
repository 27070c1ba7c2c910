#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench run --resume: going on with a run that was cut off.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers

LABEL=t

# two_workloads: a plan of one workload that ends, with counts, and one that waits for its gate.
two_workloads() {
	use_fakes good waits
	GATE=$BATS_TEST_TMPDIR/gate
	rm -f "$GATE"
	plan 'caches = anon_vma' '[fake/good]' 'count_repeats = 1' 'processes = 2' '[fake/waits]' "gate = $GATE"
}

go() {
	run --separate-stderr "$RMAPBENCH" run --config "$PLAN" --label "$LABEL" --out "$OUT" "$@"
}

# interrupt [ARGUMENT...]: runs until the second workload waits, then interrupts it. Sets FIRST, its file.
interrupt() {
	local runner
	"$RMAPBENCH" run --config "$PLAN" --label "$LABEL" --out "$OUT" "$@" >/dev/null 2>&1 3>&- &
	runner=$!
	until_true pgrep -f "$FAKES/waits" >/dev/null
	kill -TERM $runner
	status=0
	wait $runner || status=$?
	left_with 1
	FIRST=$(records)
}

@test "resume: a new file carries what was missing, and nothing else" {
	two_workloads
	interrupt
	touch "$GATE"
	go --resume
	left_with 0
	[ "$(records)" != "$FIRST" ]
	whole_lines "$(records)"
	has_records 1 ".record == \"run\" and .resumes == \"${FIRST##*/}\""
	has_records 0 '.workload == "fake/good"'
	has_records 1 '.record == "samples" and .workload == "fake/waits"'
	has_records 1 '.record == "end" and .status == 0'
	warns_of "fake/good  done before"
	jq -es 'map(.record) | index("end") == null' "$FIRST"
}

@test "resume: one that is complete has nothing to resume" {
	two_workloads
	touch "$GATE"
	go
	left_with 0
	files=$(find "$OUT" -name '*.jsonl')
	go --resume
	left_with 0
	says "nothing to resume: ${files##*/} is complete"
	[ "$(find "$OUT" -name '*.jsonl')" = "$files" ]
}

@test "resume: nothing to go on from, and another plan, are refused and nothing is written" {
	two_workloads
	go --resume
	left_with 2
	warns_of "--resume: $OUT/t/"
	warns_of "no run of this plan in this boot; leave --resume out to start one"
	nothing_written
	interrupt
	touch "$GATE"
	for change in fake/good.samples=2 run.seed=7 settings.swappiness=60 fake/good.processes=3; do
		go --resume --set $change
		left_with 2
		warns_of "no run of this plan"
	done
	[ "$(records)" = "$FIRST" ]
	[ "$(find "$OUT" -name '*.jsonl' | wc -l)" = 1 ]
}

@test "resume: of a file that was cut in the middle of a line, what stands before counts" {
	two_workloads
	interrupt
	# Cut off: the record that commits the last process of fake/good, so this one is missing again.
	line=$(grep -n '"record":"process".*"fake/good".*"process":1,"pass":"time"' "$FIRST" | cut -d: -f1)
	[ -n "$line" ]
	{
		head -n $((line - 1)) "$FIRST"
		sed -n "${line}p" "$FIRST" | head -c 40
	} >"$BATS_TEST_TMPDIR/cut"
	cp "$BATS_TEST_TMPDIR/cut" "$FIRST"
	touch "$GATE"
	go --resume
	left_with 0
	cmp "$FIRST" "$BATS_TEST_TMPDIR/cut"
	jq -es 'map(select(.record == "samples" and .workload == "fake/good") | .process) == [1]' "$(records)"
	has_records 0 '.record == "slab"'
	has_records 1 '.record == "samples" and .workload == "fake/waits"'
}

@test "resume: a file that is empty or not ours does not hinder" {
	two_workloads
	interrupt
	: >"${FIRST%/*}/19700101T000000Z-1.jsonl"
	printf '{"record":"pro\n[]\n\377\n' >"${FIRST%/*}/19700101T000000Z-2.jsonl"
	touch "$GATE"
	go --resume
	left_with 0
	has_records 1 ".resumes == \"${FIRST##*/}\""
}

@test "resume: twice interrupted, the third run ends it" {
	two_workloads
	interrupt
	sleep 1.1 # files are ordered by the second they were started in
	interrupt --resume
	sleep 1.1
	has_records 1 '.record == "run" and has("resumes")'
	touch "$GATE"
	go --resume
	left_with 0
	has_records 1 ".record == \"run\" and .resumes == \"${FIRST##*/}\""
	has_records 0 '.workload == "fake/good"'
	has_records 1 '.record == "end"'
}

@test "resume: a run that started anew owes what an earlier one did" {
	two_workloads
	touch "$GATE"
	go
	left_with 0
	sleep 1.1 # files are ordered by the second they were started in
	rm "$GATE"
	interrupt
	touch "$GATE"
	go --resume
	left_with 0
	has_records 1 ".record == \"run\" and .resumes == \"${FIRST##*/}\""
	has_records 1 '.record == "samples" and .workload == "fake/waits"'
}

@test "resume: a label may have signs that a shell takes for patterns" {
	two_workloads
	LABEL='6.12[a]*'
	interrupt
	touch "$GATE"
	go --resume
	left_with 0
	has_records 1 '.record == "run" and has("resumes")'
}
