#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench list, run and env: plans, records, and workloads that go wrong.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers

# Only a few of the workloads: every call asks all of them what they are.
setup_file() {
	export FEW=$BATS_FILE_TMPDIR/workloads
	mkdir -p "$FEW/fork"
	for name in null fork/wide fork/chain fork/cow; do
		cp "$WORKLOADS/$name" "$FEW/$name"
	done
}

setup() {
	export RMAPBENCH_WORKLOADS=$FEW
}

# ------------------------------------------------------------------ list and env

@test "list: every workload with its parameters" {
	RMAPBENCH_WORKLOADS=$WORKLOADS run "$RMAPBENCH" list
	left_with 0
	says "null "
	says "mremap/move "
	says "fork/wide "
	says "children           children alive at once (64; 1 to 1000 processes)"
}

@test "list --json: valid, and every declaration as the workload itself gives it" {
	RMAPBENCH_WORKLOADS=$WORKLOADS run --separate-stderr "$RMAPBENCH" list --json
	left_with 0
	jq -e 'length > 10 and all(has("workload") and has("missing") and has("evidence"))' <<<"$output"
	diff <(jq -S '.[] | select(.workload == "fork/wide") | del(.missing)' <<<"$output") \
		<("$WORKLOADS/fork/wide" --describe | jq -S .)
}

@test "list: a pattern chooses; one that matches nothing is an error" {
	run "$RMAPBENCH" list 'fork/c*'
	left_with 0
	says "fork/chain"
	silent_on "fork/wide"
	run --separate-stderr "$RMAPBENCH" list --json 'fork/nothing*'
	left_with 2
	warns_of "no workload has a name like 'fork/nothing*'"
	[ "$(jq length <<<"$output")" = 0 ]
}

@test "list: too many arguments and unknown options show the usage" {
	run "$RMAPBENCH" list a b
	left_with 2
	says "rmapbench list"
	run "$RMAPBENCH" list --frob
	left_with 2
	says "rmapbench list"
}

@test "a folder without workloads, and none at all, are named" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	RMAPBENCH_WORKLOADS=$BATS_TEST_TMPDIR/empty run "$RMAPBENCH" list
	left_with 1
	says "$BATS_TEST_TMPDIR/empty: no workload in it"
	RMAPBENCH_WORKLOADS=$BATS_TEST_TMPDIR/none run "$RMAPBENCH" run
	left_with 1
	says "RMAPBENCH_WORKLOADS"
}

@test "a program that is no workload is left out with a warning" {
	use_fakes good
	printf '#!/bin/sh\nexit 4\n' >"$FAKES/other"
	chmod +x "$FAKES/other"
	run --separate-stderr "$RMAPBENCH" list fake/good
	left_with 0
	warns_of "$FAKES/other: does not describe itself as a workload (status 4)"
	says "fake/good"
}

@test "env: JSON with kernel, machine, settings, caches and this boot" {
	run --separate-stderr "$RMAPBENCH" env
	left_with 0
	jq -e --arg boot "$(cat /proc/sys/kernel/random/boot_id)" --arg release "$(uname -r)" '
		.boot_id == $boot and .kernel.release == $release and .machine.cpus > 0 and
		(.settings | has("thp")) and (.caches | has("anon_vma"))' <<<"$output"
	run "$RMAPBENCH" env x
	left_with 2
}

@test "no command, an unknown one, --help and --version" {
	run "$RMAPBENCH"
	left_with 2
	run "$RMAPBENCH" measure
	left_with 2
	says "'measure' is no command"
	run "$RMAPBENCH" --help
	left_with 0
	says "rmapbench run"
	run "$RMAPBENCH" run --help
	left_with 0
	says "--resume"
	run "$RMAPBENCH" --version
	left_with 0
	says "rmapbench 0."
}

# ------------------------------------------------------------------ a run, end to end

@test "run null: records from run to end, each process committed after its samples" {
	plan '[null]' 'samples = 200' 'processes = 2' 'count_repeats = 1'
	bench
	left_with 0
	whole_lines "$(records)"
	says "null"
	says "records: $(records)"
	says "rmapbench compare $OUT/t OTHER"
	jq -es --arg boot "$(cat /proc/sys/kernel/random/boot_id)" '
		.[0].record == "run" and .[0].schema == 1 and .[0].label == "t" and .[0].boot_id == $boot and
		.[0].clock == "host" and .[0].mode == "host" and .[0].block == null and
		.[-1].record == "end" and .[-1].status == 0 and .[-1].invalid == 0 and .[-1].skipped == 0 and
		(map(select(.record == "process") | .pass) == ["warmup", "count", "time", "time"]) and
		(map(select(.record == "samples")) | length == 2 and all(.values | length == 200)) and
		(map(select(.record == "slab")) | length > 0) and
		(map(.record) | index("timeline") < index("process")) and
		([.[] | select(.record == "samples" or (.record == "process" and .pass == "time")) | [.record, .process]]
			== [["samples", 0], ["process", 0], ["samples", 1], ["process", 1]])' "$(records)"
	[[ $(records) == $OUT/t/$(cat /proc/sys/kernel/random/boot_id)/* ]]
}

@test "run: the warm-up leaves no samples, and count_repeats = 0 counts nothing" {
	use_fakes good
	plan '[fake/good]'
	bench
	left_with 0
	has_records 1 '.record == "samples"'
	has_records 0 '.record == "slab"'
	has_records 2 '.record == "process"'
}

@test "run: --block, --mode, --clock and --boot-id are recorded, and icount is no time" {
	use_fakes good
	plan '[fake/good]'
	bench --block s1:3:1 --mode exact --clock icount --boot-id boot7
	left_with 0
	[[ $(records) == */t/boot7/* ]]
	has_records 1 '.record == "run" and .block == {"schedule":"s1","index":3,"position":1} and .mode == "exact"
		and .clock == "icount" and .boot_id == "boot7"'
	has_records 1 '.record == "samples" and .unit == "instructions" and .kind == "path length" and .better == "lower"'
}

@test "run: sweeps take every combination, and --only those that match" {
	plan '[fork/wide]' 'vmas = 1, 2' 'children = 1 3' '[fork/chain]'
	bench --dry-run --only 'fork/w*'
	left_with 0
	[ "$(grep -c '^fork/wide' <<<"$output")" = 4 ]
	says "fork/wide vmas=2 children=3 "
	silent_on fork/chain
	says "8 processes in all"
}

@test "run: --set changes parameters and keys of the plan, and adds what it does not run" {
	plan '[fork/wide]' 'children = 5'
	bench --dry-run --set fork/wide.children=1,2 --set run.processes=7 --set fork/chain.depth=2
	left_with 0
	says "children=1 "
	says "children=2 "
	silent_on "children=5 "
	says "7 timed"
	warns_of "fork/chain is not in $PLAN; --set adds it"
}

@test "run --dry-run: lists and writes nothing, and changes no setting" {
	plan '[settings]' 'swappiness = 61' '[null]'
	before=$(cat /proc/sys/vm/swappiness)
	bench --dry-run
	left_with 0
	says "1 warm-up, 0 counting, 1 timed"
	nothing_written
	[ "$(cat /proc/sys/vm/swappiness)" = "$before" ]
}

@test "run: the shipped plans name what there is" {
	for file in smoke default; do
		RMAPBENCH_WORKLOADS=$WORKLOADS run "$RMAPBENCH" run --dry-run --config "$ROOT/configs/$file.ini"
		left_with 0
		says "processes in all"
	done
}

# ------------------------------------------------------------------ plans that are wrong

# refuses_plan LINE TEXT...: the plan is refused at line LINE of the file with all the texts; nothing is written.
refuses_plan() {
	local line=$1 text
	shift
	bench
	left_with 2
	warns_of "$PLAN:$line: "
	for text in "$@"; do
		warns_of "$text"
	done
	nothing_written
}

@test "plan: an unknown section, also one without keys" {
	plan '[fork/wide2]' 'vmas = 1'
	refuses_plan 5 "[fork/wide2] is no section" "run, settings" "rmapbench list"
	[ "$(grep -c wide2 <<<"$stderr")" = 1 ]
	plan '[null]' '[nul]'
	refuses_plan 6 "[nul] is no section"
}

@test "plan: an unknown key in [run], [settings] and a workload" {
	plan 'repeats = 3' '[null]'
	refuses_plan 5 "'repeats' is no key of [run]" "processes, count_repeats" "compact_memory"
	plan '[settings]' 'thb = never' '[null]'
	refuses_plan 6 "'thb' is no setting" "thp, thp_defrag"
	plan '[fork/wide]' 'vma = 3'
	refuses_plan 6 "fork/wide has no parameter 'vma'" "vmas, children, samples"
}

@test "plan: values that are none, and out of range" {
	plan '[fork/wide]' 'children = many'
	refuses_plan 6 "children = many: allowed are whole numbers from 1 to 1000 (processes)"
	plan '[fork/wide]' 'children = 10000000'
	refuses_plan 6 "children = 10000000: allowed are whole numbers from 1 to 1000"
	plan '[fork/wide]' 'children ='
	refuses_plan 6 "children has no value"
	plan '[fork/wide]' 'children = 5X'
	refuses_plan 6 "children = 5X"
	plan '[fork/wide]' 'samples = 0'
	refuses_plan 6 "samples = 0: allowed are whole numbers from 1 to 1000000"
	plan 'timeline_hz = 1001' '[null]'
	refuses_plan 5 "timeline_hz = 1001: allowed are whole numbers from 0 to 1000"
	plan '[null]' 'processes = 0'
	refuses_plan 6 "processes = 0: allowed are whole numbers from 1 to 1000"
	plan 'memory = 95%' '[null]'
	refuses_plan 5 "memory = 95: allowed are whole numbers from 1 to 90"
	plan '[null]' 'seconds = 99999999999999999999'
	refuses_plan 6 "seconds = 99999999999999999999: allowed"
	plan 'drop_caches = yes' '[null]'
	refuses_plan 5 "drop_caches = yes: allowed are whole numbers from 0 to 1"
	plan '[settings]' 'thp = sometimes' '[null]'
	refuses_plan 6 "thp = sometimes: allowed is always, madvise, never"
	plan '[settings]' 'swappiness = -1' '[null]'
	refuses_plan 6 "swappiness = -1: allowed is a whole number"
	plan 'caches = ../../x' '[null]'
	refuses_plan 5 "allowed are up to 16 names of slab caches"
	plan 'primary = a:b c:d e:f g:h i:j' '[null]'
	refuses_plan 5 "allowed are at most 4 metrics"
	plan 'primary = fork' '[null]'
	refuses_plan 5 "'fork' is not of the form workload:metric"
}

@test "plan: all errors are told at once" {
	plan 'memory = 0' '[fork/wide]' 'vmas = x'
	refuses_plan 5 "$PLAN:7: fork/wide: vmas = x"
}

@test "plan: what is no INI, a key before the first section, and no file" {
	plan '[null]' 'this is no key'
	refuses_plan 6 "neither a [section] nor key = value"
	plan '[null]'
	printf 'samples = 3\n[null]\n' >"$PLAN"
	refuses_plan 1 "'samples' stands before the first section"
	printf '\177ELF\001\002\003\n' >"$PLAN"
	refuses_plan 1 "neither a [section] nor key = value"
	rm "$PLAN"
	bench
	left_with 2
	warns_of "$PLAN: No such file or directory; name a plan with --config"
}

@test "plan: a folder is no plan, and an empty plan runs nothing" {
	plan
	bench
	left_with 2
	warns_of "$PLAN: no workload in it"
	nothing_written
	rm "$PLAN"
	mkdir "$PLAN"
	bench
	left_with 2
	nothing_written
}

@test "plan: a key that is given twice, or goes on in the next line, is not half heard" {
	plan '[fork/wide]' 'vmas = 1' 'vmas = 2'
	refuses_plan 7 "'vmas' is given twice"
	plan '[fork/wide]' 'vmas = 1,' '  2'
	refuses_plan 7 "'vmas'" "on one line"
	plan '[fork/wide]' 'vmas = 1' '[null]' '[fork/wide]' 'vmas = 2'
	refuses_plan 9 "'vmas' is given twice"
	plan '[fork/wide]' 'vmas = 1' '[fork/chain]' 'vmas = 2'
	bench --dry-run
	left_with 0
}

@test "plan: a line that is too long to be read whole is refused" {
	plan '[fork/wide]' "vmas = $(seq -s ', ' 1 60)" 'childs = 1'
	refuses_plan 6 "longer than"
	warns_of "$PLAN:7: fork/wide has no parameter 'childs'"
}

@test "plan: too many combinations" {
	values=$(seq -s ',' 1 60)
	plan '[fork/wide]'
	bench --dry-run --set "fork/wide.vmas=$values" --set "fork/wide.children=$values" --set "fork/chain.vmas=$values" --set "fork/chain.depth=$values"
	left_with 2
	warns_of "combinations of parameters, at most 4096"
	bench --set "fork/wide.vmas=$(seq -s ',' 1 65)"
	left_with 2
	warns_of "at most 64 values"
}

@test "--set: unknown workload, unknown parameter, out of range, no sign" {
	plan '[null]'
	for set in "fork/wide.children=10000000|children = 10000000: allowed are whole numbers from 1 to 1000" \
		"fork/wide.legs=4|fork/wide has no parameter 'legs'; it has vmas, children" \
		"fork/none.vmas=4|there is no workload 'fork/none'" \
		"fork/wide|it takes WORKLOAD.PARAMETER=VALUE" \
		"fork/wide=3|it takes WORKLOAD.PARAMETER=VALUE" \
		"run.speed=3|'speed' is no key of [run]" \
		"settings.thp=9|thp = 9: allowed is always, madvise, never"; do
		bench --set "${set%%|*}"
		left_with 2
		warns_of "${set#*|}"
		nothing_written
	done
}

@test "--only: a pattern without match" {
	plan '[null]'
	bench --only 'fork/nothing*'
	left_with 2
	warns_of "--only fork/nothing*: no workload has such a name"
	nothing_written
}

@test "--label: a slash, a dot in front, nothing, too long" {
	plan '[null]'
	for label in a/b ../x .hidden '' "$(printf 'x%.0s' {1..100})"; do
		bench --label "$label"
		left_with 2
		warns_of "--label '$label': a label is the name of a folder"
		nothing_written
	done
}

@test "--mode, --clock, --block and --boot-id: what is not allowed" {
	plan '[null]'
	for call in "--mode|fast|allowed are host, exact, layout, time" "--mode||allowed are host, exact" \
		"--mode|host exact|allowed are host, exact" "--clock|tsc|allowed are host, icount" \
		"--block|s|SCHEDULE:INDEX:POSITION" "--block|s:1|SCHEDULE:INDEX:POSITION" \
		"--block|s:1:x|SCHEDULE:INDEX:POSITION" "--block|s:1:2x|SCHEDULE:INDEX:POSITION" \
		"--block|s:-1:0|SCHEDULE:INDEX:POSITION" "--block|:1:0|SCHEDULE:INDEX:POSITION" \
		"--boot-id|a/b|name of a folder" "--boot-id||name of a folder"; do
		IFS='|' read -r option value text <<<"$call"
		bench "$option" "$value"
		left_with 2
		warns_of "$option"
		warns_of "$text"
		nothing_written
	done
}

@test "run: too many arguments, an unknown option, an option without its value" {
	plan '[null]'
	bench extra
	left_with 2
	warns_of "'extra' is one argument too many"
	bench --frob
	left_with 2
	warns_of "rmapbench run [--config FILE]"
	bench --set
	left_with 2
	nothing_written
}

# ------------------------------------------------------------------ where results go

@test "results: a folder that cannot be made is named, status 1" {
	plan '[null]'
	OUT=/proc/nope
	bench
	left_with 1
	warns_of "/proc/nope"
	warns_of "--out"
	touch "$BATS_TEST_TMPDIR/file"
	OUT=$BATS_TEST_TMPDIR/file/below
	bench
	left_with 1
	warns_of "Not a directory"
}

# on_small_disk KIB ARGUMENT...: bench with results on a disk of that size; the record file is copied to $KEPT.
on_small_disk() {
	local size=$1
	shift
	KEPT=$BATS_TEST_TMPDIR/kept.jsonl
	mkdir -p "$OUT"
	# shellcheck disable=SC2016 # the inner shell expands
	run --separate-stderr unshare --mount sh -c 'out=$1 kept=$2 size=$3
		shift 3
		mount -t tmpfs -o size="${size}k" none "$out" || exit 99
		"$@"
		status=$?
		cat "$out"/t/*/*.jsonl >"$kept"
		exit $status' sh "$OUT" "$KEPT" "$size" "$RMAPBENCH" run --config "$PLAN" --label t --out "$OUT" "$@"
}

@test "results: a disk that runs full leaves whole lines and no end" {
	needs_root
	plan '[null]' 'samples = 20000' 'processes = 3'
	on_small_disk 128
	left_with 1
	warns_of "No space left on device"
	warns_of "--resume"
	whole_lines "$KEPT"
	jq -es '.[0].record == "run" and all(.record != "end")' "$KEPT"
	# One process fits; the next is not committed, although its small record would have found room.
	[ "$(jq -s 'map(select(.record == "samples")) | length' "$KEPT")" = 1 ]
	[ "$(jq -s 'map(select(.record == "process" and .pass == "time")) | length' "$KEPT")" = 1 ]
	silent_on "next:"
}

@test "results: a disk that is full from the start leaves nothing that a reader would take for a run" {
	needs_root
	use_fakes good
	plan '[fake/good]'
	on_small_disk 4
	left_with 1
	warns_of "No space left on device"
	[ ! -s "$KEPT" ]
	nobody_left
}

# ------------------------------------------------------------------ workloads that go wrong

# is_invalid NAME TEXT [LINE...]: a run of fake/NAME and fake/good gives one invalid record with TEXT, a message that names
# it, status 1, no figures of it, and figures of the other one. LINEs are keys of its section.
is_invalid() {
	local name=$1 text=$2
	shift 2
	use_fakes "$name" good
	plan "[fake/$name]" "$@" '[fake/good]'
	bench
	left_with 1
	warns_of "rmapbench: fake/$name: invalid: "
	warns_of "rmapbench: 1 workload is invalid"
	warns_of "$text"
	whole_lines "$(records)"
	jq -es --arg name "fake/$name" --arg text "$text" '
		(map(select(.record == "invalid")) | length == 1 and .[0].workload == $name and (.[0].reason | contains($text))) and
		(map(select(.record == "samples")) | length == 1 and .[0].workload == "fake/good") and
		(.[-1] | .record == "end" and .status == 1 and .invalid == 1)' "$(records)" || {
		cut -c1-300 "$(records)"
		return 1
	}
	nobody_left
}

@test "workload: crashes" {
	is_invalid crash "it was killed by signal 11"
}

@test "workload: leaves with a status, and says why" {
	is_invalid fails "it left with status 3: no luck today"
	if [[ $stderr == *"second line"* ]]; then false; fi
}

@test "workload: exits early" {
	is_invalid early "it left early, without saying that it was done"
}

@test "workload: hangs, with a child" {
	is_invalid hang "it did not end within 1 s and was killed" 'seconds = 1'
}

@test "workload: hangs and does not hear SIGTERM" {
	is_invalid stubborn "it did not end within 1 s and was killed" 'seconds = 1'
}

@test "workload: closes its descriptors and hangs" {
	is_invalid deaf "it did not end within 1 s and was killed" 'seconds = 1'
}

@test "workload: sends what is no JSON" {
	is_invalid garbage "it sent 79 bytes that are no JSON: a rather long first packet"
}

@test "workload: sends and says bytes that are no text" {
	is_invalid binary "it sent 3 bytes that are no JSON: ???"
}

@test "workload: says bytes that are no text, then fails" {
	is_invalid mumbles "it left with status 1: what ?? is this"
}

@test "workload: sends JSON that the protocol does not know" {
	use_fakes nonsense
	plan '[fake/nonsense]' 'which = 1 2 3 4 5 6 7 8 9 10 11 12'
	bench
	left_with 1
	has_records 12 '.record == "invalid" and (.reason | startswith("it sent what the protocol does not know: "))'
	has_records 0 '.record == "samples"'
	warns_of '"held":true}}'
	nobody_left
}

@test "workload: finds its memory corrupted" {
	is_invalid corrupts "corrupted: page 3 holds 7, not 5"
	has_records 1 '.record == "invalid" and .corrupted == true'
}

@test "workload: its evidence fails" {
	is_invalid disproves "no evidence that its kernel path ran: work:operations grew by 1, wanted == 3"
	has_records 1 '.record == "evidence" and .held == false and .workload == "fake/disproves"'
}

@test "workload: forgets its evidence" {
	is_invalid forgets "it did not report all of its evidence"
}

@test "workload: takes no sample" {
	is_invalid idle "it took no sample"
}

@test "workload: claims more samples than there is room for" {
	is_invalid boasts "its sample area is not what it was given"
}

@test "workload: leaves a child behind that holds on to its descriptors" {
	is_invalid litters "it left 1 process behind"
}

@test "workload: goes wrong in the counting pass only" {
	use_fakes good
	# shellcheck disable=SC2016 # for the fake to expand
	sed -i 's/^behave$/[ "$pass" = time ] \&\& behave \&\& exit 0; evidence 3 true; exit 5/' "$FAKES/good"
	plan '[fake/good]' 'count_repeats = 1'
	bench
	left_with 1
	has_records 1 '.record == "invalid" and .pass == "control"'
	has_records 0 '.record == "samples" or .record == "slab"'
}

@test "workload: a skip is no failure, and carries reason and need" {
	use_fakes skips good
	plan '[fake/skips]' '[fake/good]'
	bench
	left_with 0
	has_records 1 '.record == "skip" and .reason == "two moons are needed" and .need == "moons"'
	has_records 0 '.record == "samples" and .workload == "fake/skips"'
	has_records 1 '.record == "end" and .skipped == 1 and .invalid == 0'
	says "two moons are needed"
}

@test "workload: the kernel complains while it runs" {
	needs_root
	use_fakes good warns
	plan '[fake/good]' '[fake/warns]'
	echo "3,1,1,-;BUG: an old one, from before" >"$BATS_TEST_TMPDIR/kmsg"
	bench_privately "mount --bind $BATS_TEST_TMPDIR/kmsg /dev/kmsg"
	left_with 1
	has_records 1 '.record == "kernel_log" and .workload == "fake/warns" and (.lines[0] | startswith("WARNING: CPU: 0"))'
	has_records 1 '.record == "invalid"'
	has_records 1 '.record == "invalid" and (.reason | contains("WARNING"))'
	has_records 1 '.record == "samples" and .workload == "fake/good"'
}

@test "workload: is started with its two descriptors and no other" {
	use_fakes fds
	plan '[fake/fds]'
	bench
	left_with 0
	has_records 1 '.record == "samples"'
}

# ------------------------------------------------------------------ limits

@test "limits: more memory or processes than allowed is a skip with the reason" {
	plan '[fork/wide]' 'vmas = 16' 'children = 20'
	bench --set run.processes_limit=10
	left_with 0
	has_records 1 '.record == "skip" and (.reason | contains("processes") and contains("the limit is 10"))'
	has_records 0 '.record == "samples"'
	plan '[fork/cow]' 'pages = 256K'
	[ "$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -lt 100 ] || skip "1% of this machine's memory is enough"
	bench --set run.memory=1%
	left_with 0
	has_records 1 '.record == "skip" and (.reason | contains("the limit is"))'
}
