#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench coverage: its call, its list of functions, and the matrix from records. tests/guest has the real thing.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load helpers

setup() {
	cd "$ROOT" || return
	RECORDS=$BATS_TEST_TMPDIR/a.jsonl
	MATRIX=$BATS_TEST_TMPDIR/matrix.md
}

# function_json NAME MISSING [CALLER [SHOWN_BY [EXCEPTION]]]: one of a coverage_functions record; - is null.
function_json() {
	jq -nc --arg f "$1" --arg m "$2" --arg c "${3:--}" --arg s "${4:--}" --arg e "${5:--}" \
		'def n: if . == "-" then null else . end; {function: $f, file: "mm/a.c", why: "why of \($f) | here",
		symbols: [], missing: ($m | n), caller: ($c | n), shown_by: ($s | n), exception: ($e | n)}'
}

# records_of FILE LABEL: a run in which fork/wide and walk/ksm were measured and walk/damon was not.
records_of() {
	{
		jq -nc --arg l "$2" '{record: "run", schema: 1, label: $l, kernel: {release: "6.12.1"}}'
		{
			function_json walk -
			function_json never -
			function_json device - - - "needs a device"
			function_json outlined - - leaf
			function_json leaf -
			function_json small "inlined into walk" walk
			function_json smaller "inlined into small" small
			function_json old "of 6.1 and 6.12, only 6.1 has it" walk
			function_json off "CONFIG_X is off" walk
		} | jq -sc '{record: "coverage_functions", method: "kprobes", attributed: true, functions: .}'
		echo '{"record":"coverage","workload":"fork/wide","params":{"vmas":1},"functions":{"walk":{"hits":9,"control":2,"net":7,"by":{"self":7}}}}'
		echo '{"record":"coverage","workload":"fork/wide","params":{"vmas":2},"functions":{"walk":{"hits":5,"control":2,"net":3,"by":{"self":3}},"never":{"hits":4,"control":4,"net":0,"by":{}}}}'
		echo '{"record":"coverage","workload":"null","params":{},"functions":{"walk":{"hits":2,"control":2,"net":0,"by":{}}}}'
		echo '{"record":"coverage","workload":"walk/ksm","params":{},"functions":{"leaf":{"hits":5,"control":0,"net":5,"by":{"ksmd":4,"self":1}}}}'
		echo '{"record":"coverage","workload":"fork/again","params":{},"functions":{}}'
		echo '{"record":"skip","workload":"walk/damon","params":{},"reason":"no DAMON","need":"damon"}'
		echo '{"record":"invalid","workload":"walk/cold","params":{},"reason":"no evidence","corrupted":false}'
		echo '{"record":"end","status":1}'
	} >"$1"
}

matrix() {
	run --separate-stderr "$RMAPBENCH" coverage --from "$@"
}

@test "coverage --from: reached, gaps, exceptions, what stands for what, and who was left out" {
	records_of "$RECORDS" new
	matrix "$RECORDS"
	left_with 0
	says '| new | 6.12.1 | kprobes, by task | 5 | 3 | 4 | 2 |'
	says '* `never` (mm/a.c): why of never | here'
	says '* `device` (mm/a.c): needs a device'
	says '* `walk/damon` skip: no DAMON'
	says '* `walk/cold` invalid: no evidence'
	says '* CONFIG_X is off: `off`'
	says '| `walk` | why of walk \| here | 1, `fork/wide` |'
	says '| `never` | why of never \| here | **gap** |'
	says '| `device` | why of device \| here | exception |'
	says '| `outlined` | why of outlined \| here | shown by `leaf`: 1, `walk/ksm` |'
	says '| `small` | why of small \| here | in `walk`: 1, `fork/wide` |'
	says '| `smaller` | why of smaller \| here | in `walk`: 1, `fork/wide` |'
	says '| `old` | why of old \| here | - |'
	says '| `off` | why of off \| here | CONFIG_X is off |'
	# Both sets of parameters together, and the thread that made calls for the workload.
	says '| `walk` | | 10 |'
	says '| `leaf` | 5 (ksmd) |'
	silent_on '* `outlined`'
	# A family has one table, in whatever order its workloads ran; null has none.
	[ "$(grep -c '^### new, fork' <<<"$output")" = 1 ]
	silent_on '### new, null'
}

@test "coverage --from: two kernels side by side, and a file written whole" {
	records_of "$RECORDS" base
	records_of "$BATS_TEST_TMPDIR/b.jsonl" new
	matrix --out "$MATRIX" "$RECORDS" "$BATS_TEST_TMPDIR/b.jsonl"
	left_with 0
	grep -qF '| `walk` | why of walk \| here | 1, `fork/wide` | 1, `fork/wide` |' "$MATRIX"
	[ ! -e "$MATRIX.new" ]
	# A gap here that is none there is told.
	sed '/"walk\/ksm"/s/"leaf"/"never"/' "$RECORDS" >"$BATS_TEST_TMPDIR/c.jsonl"
	matrix "$RECORDS" "$BATS_TEST_TMPDIR/c.jsonl"
	says 'why of never | here (reached on base by `walk/ksm`)'
	# Every row of a table has as many cells as its heading.
	run awk '/^\|/ { gsub(/\\\|/, ""); n = gsub(/\|/, "|"); if (!inside) want = n; inside = 1; if (n != want) { print; bad = 1 } next }
		{ inside = 0 } END { exit bad }' "$MATRIX"
	left_with 0
}

@test "coverage --from: a file that was cut off counts as far as it goes; others are refused" {
	records_of "$RECORDS" new
	sed -i '$d' "$RECORDS"
	printf '{"record":"cov' >>"$RECORDS"
	matrix "$RECORDS"
	left_with 0
	warns_of "$RECORDS: was cut off"
	says '| `walk` | | 10 |'

	head -n 1 "$RECORDS" >"$BATS_TEST_TMPDIR/run.jsonl"
	matrix "$BATS_TEST_TMPDIR/run.jsonl"
	left_with 1
	warns_of "run.jsonl: no record of coverage_functions in it"

	echo 'not json' >>"$BATS_TEST_TMPDIR/run.jsonl"
	matrix "$BATS_TEST_TMPDIR/run.jsonl"
	left_with 1
	warns_of "run.jsonl:2: no JSON object"

	records_of "$RECORDS" new
	sed -i 's/"schema":1/"schema":99/' "$RECORDS"
	matrix --out "$MATRIX" "$RECORDS"
	left_with 1
	warns_of "schema 99"
	[ ! -e "$MATRIX" ]

	matrix /nowhere.jsonl
	left_with 1
	warns_of "/nowhere.jsonl: No such file"
}

@test "coverage --out: a place that cannot be written is named" {
	records_of "$RECORDS" new
	matrix --out /nowhere/matrix.md "$RECORDS"
	left_with 1
	warns_of "--out /nowhere/matrix.md"
}

@test "coverage: wrong calls change nothing" {
	run --separate-stderr "$RMAPBENCH" coverage --method perf
	left_with 2
	warns_of "--method perf: allowed are auto, kprobes and profiler"
	run --separate-stderr "$RMAPBENCH" coverage --lab --method perf build/kernels/base
	left_with 2
	warns_of "--method perf"
	run --separate-stderr "$RMAPBENCH" coverage --label a/b
	left_with 2
	warns_of "--label 'a/b': a label is the name of a folder"
	run --separate-stderr "$RMAPBENCH" coverage kernel
	left_with 2
	warns_of "'kernel' is one argument too many"
	run --separate-stderr "$RMAPBENCH" coverage --from
	left_with 2
	warns_of "--from: name at least one record file"
	run --separate-stderr "$RMAPBENCH" coverage --lab
	left_with 2
	warns_of "--lab: name at least one kernel"
	run --separate-stderr "$RMAPBENCH" coverage --lab --from x
	left_with 2
	warns_of "give one of them"
	run --separate-stderr "$RMAPBENCH" coverage --only 'nothing/*'
	left_with 2
	warns_of "--only nothing/*: no workload has such a name"
	run --separate-stderr "$RMAPBENCH" coverage --config /nowhere.ini
	left_with 2
	warns_of "/nowhere.ini"
}

@test "coverage --functions: a mistake is told with its place, before anything runs" {
	printf '[mm/a.c]\nwalk = {only 5.4} why\n' >"$BATS_TEST_TMPDIR/f.ini"
	for lab in "" "--lab build"; do
		# shellcheck disable=SC2086
		run --separate-stderr "$RMAPBENCH" coverage --functions "$BATS_TEST_TMPDIR/f.ini" --records "$BATS_TEST_TMPDIR/r" $lab
		left_with 2
	done
	run --separate-stderr "$RMAPBENCH" coverage --functions "$BATS_TEST_TMPDIR/f.ini"
	warns_of "f.ini:2: walk: 'only 5.4' is no remark"
	run --separate-stderr "$RMAPBENCH" coverage --functions /nowhere.ini
	left_with 2
	warns_of "/nowhere.ini: No such file"
	[ ! -e "$BATS_TEST_TMPDIR/r" ]
}

@test "coverage on a host without kprobe events says so and leaves no trace" {
	needs_root
	printf '[mm/rmap.c]\nrmap_walk = why\n' >"$BATS_TEST_TMPDIR/f.ini"
	# A tracefs without files.
	run --separate-stderr privately "mount -t tmpfs none /sys/kernel" "$RMAPBENCH" coverage --only null \
		--functions "$BATS_TEST_TMPDIR/f.ini" --records "$BATS_TEST_TMPDIR/r"
	left_with 1
	[ -n "$stderr" ]
	[ ! -e "$BATS_TEST_TMPDIR/r" ]
}
