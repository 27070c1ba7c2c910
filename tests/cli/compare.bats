#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench compare: what it says of two results, and what it refuses.
# shellcheck disable=SC2030,SC2031,SC2154,SC2034

load workloads
load records

setup() {
	R=$BATS_TEST_TMPDIR/results
	GOLDEN=$ROOT/tests/cli/golden
}

compare() {
	run "$BUILD/rmapbench" compare --results "$R" "$@"
}

# says TEXT: as in workloads.bash, wherever the lines are wrapped.
says() {
	local flat
	flat=$(tr -s ' \n' ' ' <<<"$output")
	if [[ $output != *"$1"* && $flat != *"$1"* ]]; then
		printf 'no "%s" in:\n%s\n' "$1" "$output"
		return 1
	fi
}

# pair METRIC_OF_BASE... : one latency in blocks 0, 1, 2... of two labels; each argument is BASE:NEW in ns.
pair() {
	local i=0 values
	for values in "$@"; do
		new_boot "$R" base $i
		latency fork/vmas '{"vmas":1}' fork "${values%:*}"
		end
		new_boot "$R" new $i
		latency fork/vmas '{"vmas":1}' fork "${values#*:}"
		end
		i=$((i + 1))
	done
}

# golden NAME: the last output is the file of that name, up to the 9th digit. UPDATE_GOLDEN=1 writes it.
golden() {
	local seen
	seen=$(printf '%s\n' "${output//$R/RESULTS}" | sed -E 's/([0-9]\.[0-9]{8})[0-9]+/\1/g')
	[ -z "${UPDATE_GOLDEN:-}" ] || printf '%s\n' "$seen" >"$GOLDEN/$1"
	diff -u "$GOLDEN/$1" - <<<"$seen"
}

@test "compare: text is the golden text, and at most 72 columns wide" {
	sweep_results "$R" base 100
	sweep_results "$R" lazy 93
	compare base lazy
	left_with 0
	golden compare.txt
	[ "$(awk '{ if (length > w) w = length } END { print w }' <<<"$output")" -le 72 ]
}

@test "compare: markdown and JSON are the golden ones" {
	sweep_results "$R" base 100
	sweep_results "$R" lazy 93
	compare --format markdown base lazy
	left_with 0
	golden compare.md
	compare --format json base lazy
	left_with 0
	golden compare.json
}

@test "compare: --out writes all three formats and leaves no part of a file" {
	pair 100000:90000 101000:91000 99000:89500
	compare --out "$BATS_TEST_TMPDIR/a/b" base new
	left_with 0
	run ls "$BATS_TEST_TMPDIR/a/b"
	[ "$output" = $'compare.json\ncompare.md\ncompare.txt' ]
}

@test "compare: a folder that cannot be written is named" {
	pair 1000:1000
	touch "$BATS_TEST_TMPDIR/file"
	compare --out "$BATS_TEST_TMPDIR/file/x" base new
	left_with 1
	says "cannot make the folder"
}

@test "compare: pairs that all changed alike are better or worse, by the direction of the metric" {
	pair 100000:90000 101000:91000 99000:89500 100500:90700
	compare base new
	left_with 0
	says "4 paired blocks"
	says "better"
	compare new base
	says "worse"
}

@test "compare: higher is better for a throughput, which is all work over all time" {
	for b in 0 1 2 3; do
		new_boot "$R" base $b
		samples m/p '{}' 0 moved throughput pages/s higher "1000000,3000000" "10,$((10 + b % 2))"
		process m/p '{}' 0
		new_boot "$R" new $b
		samples m/p '{}' 0 moved throughput pages/s higher "1000000,3000000" "15,$((15 + b % 2))"
		process m/p '{}' 0
	done
	compare base new
	left_with 0
	says "moved, pages/s, higher is better"
	says "better"
	compare --format json base new
	# (10 + 10 or 11) pages in 4 ms
	says '"value": 5123.475'
}

@test "compare: a shift of the whole machine is in the blocks, not in the verdict" {
	pair 100000:100100 120000:120050 140000:139900 160000:160100 180000:179900
	compare base new
	says "no-change"
}

@test "compare: the same figures without blocks are unpaired, and inconclusive" {
	local n=(100000 120000 140000 160000 180000) v
	for v in "${n[@]}"; do
		new_boot "$R" base -
		latency fork/vmas '{"vmas":1}' fork "$v"
		end
		new_boot "$R" new -
		latency fork/vmas '{"vmas":1}' fork "$((v + 50))"
		end
	done
	compare base new
	left_with 0
	says "unpaired, 5 and 5 boots"
	says "inconclusive"
}

@test "compare: the margin decides what no-change is" {
	pair 100000:100500 100000:99400 100000:100600 100000:99500 100000:100100
	compare --margin 5% base new
	says "no-change"
	compare --margin 0.1% base new
	says "inconclusive"
}

@test "compare: one boot a side is a ratio without interval or verdict" {
	pair 100000:200000
	compare base new
	left_with 0
	says "+100"
	says "no-interval"
	silent_on "worse "
}

@test "compare: boots without a partner are left out of pairs" {
	pair 100000:90000 101000:91000 99000:89500
	new_boot "$R" new 7
	latency fork/vmas '{"vmas":1}' fork 900000
	compare base new
	says "boots left out, for want of a partner in their block: 1"
	says "3 paired blocks"
}

@test "compare: slab objects are identical or different, and object sizes that changed are told" {
	for l in base new; do
		new_boot "$R" $l 0
		latency fork/wide '{"children":4}' last 5
		slab fork/wide '{"children":4}' held anon_vma "$([ $l = base ] && echo 40 || echo 0)" true 104
		slab fork/wide '{"children":4}' held anon_vma_chain 80 true "$([ $l = base ] && echo 64 || echo 72)"
		end
	done
	compare base new
	left_with 0
	says "anon_vma_chain: an object has 64 bytes in 'base' and 72 in 'new'"
	[[ $output =~ anon_vma\ held,\ objects[^a-z]*40[[:space:]]+0[[:space:]]+-100.*different ]]
	[[ $output =~ anon_vma_chain\ held,\ objects[^a-z]*80[[:space:]]+80[[:space:]]+.0.000[[:space:]]+exact.*identical ]]
	says "anon_vma_chain held, object bytes, KiB 5.000 5.625"
}

@test "compare: counts that are not exact are never identical" {
	for l in base new; do
		new_boot "$R" $l 0
		slab fork/wide '{"children":4}' held anon_vma_chain 80 false
		end
	done
	compare base new
	left_with 0
	says "counts of anon_vma_chain are not exact: merged"
	says "no-interval"
	silent_on " identical"
	silent_on " exact "
}

@test "compare: path lengths are exact when two boots a side agree, and only then" {
	exact() { # LABEL INDEX VALUES
		new_boot "$R" "$1" "$2" exact icount tcg
		samples fork/vmas '{"vmas":1}' 0 fork "path length" instructions lower "$3"
		process fork/vmas '{"vmas":1}' 0
		end
	}
	exact base 0 1000000
	exact new 0 1004700
	compare base new
	left_with 0
	says "no-interval"
	exact base 1 1000000
	exact new 1 1004700
	compare base new
	says "different"
	says "+0.470"
	says "path length is executed instructions"
	exact base 1 1000001
	compare base new
	says "path lengths of boots of one kernel differ, so they are not exact"
	silent_on "different"
}

@test "compare: executed instructions are refused beside time, real beside emulated" {
	new_boot "$R" exact 0 exact icount tcg
	samples fork/vmas '{"vmas":1}' 0 fork "path length" instructions lower 1000
	process fork/vmas '{"vmas":1}' 0
	new_boot "$R" time 0
	latency fork/vmas '{"vmas":1}' fork 1000
	new_boot "$R" real 0 time host none
	latency fork/vmas '{"vmas":1}' fork 1000
	compare exact time
	left_with 1
	says "'exact' (exact, icount, tcg, x86_64) and 'time' (time, kvm, x86_64) are not comparable"
	compare real time
	left_with 1
	says "not comparable"
}

@test "compare: times of an emulated machine are left out" {
	for l in base new; do
		new_boot "$R" $l 0 time host tcg
		latency fork/vmas '{"vmas":1}' fork 1000
		slab fork/vmas '{"vmas":1}' held anon_vma 5
	done
	compare base new
	left_with 0
	says "left out: times of an emulated machine"
	silent_on "fork, "
}

@test "compare: a label with two kinds of figures is compared kind by kind" {
	for l in base new; do
		new_boot "$R" $l 0
		latency fork/vmas '{"vmas":1}' fork 1000
		new_boot "$R" $l 1 exact icount tcg
		samples fork/vmas '{"vmas":1}' 0 fork "path length" instructions lower 1000
		process fork/vmas '{"vmas":1}' 0
	done
	new_boot "$R" new 2 layout icount tcg
	samples fork/vmas '{"vmas":1}' 0 fork "path length" instructions lower 1000
	process fork/vmas '{"vmas":1}' 0
	compare base new
	left_with 0
	says "figures: time, kvm"
	says "figures: exact, icount"
	says "left out: figures that only 'new' has (layout"
}

@test "compare: other parameters are not matched, and named" {
	new_boot "$R" base 0
	latency fork/vmas '{"vmas":1}' fork 1000
	latency fork/vmas '{"vmas":2}' fork 1000
	latency mremap/move '{"size":2}' move 1000
	new_boot "$R" new 0
	latency fork/vmas '{"vmas":1}' fork 1000
	latency fork/vmas '{"vmas":4}' fork 1000
	compare base new
	left_with 0
	says "only 'base' has fork/vmas with vmas=2"
	says "only 'new' has fork/vmas with vmas=4"
	says "only 'base' has mremap/move"
}

@test "compare: a metric whose unit changed is left out, and named" {
	new_boot "$R" base 0
	latency fork/vmas '{"vmas":1}' fork 1000
	latency fork/vmas '{"vmas":1}' reap 1000
	new_boot "$R" new 0
	samples fork/vmas '{"vmas":1}' 0 fork latency us lower 1
	latency fork/vmas '{"vmas":1}' reap 1000
	compare base new
	left_with 0
	says "left out: fork/vmas fork has another unit or kind on the other side"
}

@test "compare: no shared workload, no shared parameters" {
	new_boot "$R" base 0
	latency fork/vmas '{"vmas":1}' fork 1000
	new_boot "$R" other 0
	latency mremap/move '{"vmas":1}' move 1000
	new_boot "$R" params 0
	latency fork/vmas '{"vmas":2}' fork 1000
	compare base other
	left_with 1
	says "'base' and 'other' share no workload ('base' has fork/vmas; 'other' has mremap/move)"
	compare base params
	left_with 1
	says "share no parameters"
}

@test "compare: samples count only once their process is committed" {
	pair 1000:1000
	new_boot "$R" new 0
	samples fork/vmas '{"vmas":1}' 0 fork latency ns lower 1000
	process fork/vmas '{"vmas":1}' 0
	samples fork/vmas '{"vmas":1}' 1 fork latency ns lower 9000
	samples fork/vmas '{"vmas":1}' 0 fork latency ns lower 9000
	process fork/vmas '{"vmas":1}' 0 warmup
	compare base new
	left_with 0
	says "+0.00"
	says "was cut off after line"
}

@test "compare: a line that was cut off does not count" {
	pair 1000:1000
	printf '{"record":"samples","workload":"fork/vm' >>"$RECORD"
	compare base new
	left_with 0
	says "+0.00"
}

@test "compare: a resumed boot has the processes of both files" {
	pair 1000:1000
	new_boot "$R" new 0
	latency fork/vmas '{"vmas":1}' fork 1000
	sed -i 's/"plan"/"resumes":"0.jsonl","plan"/' "$RECORD"
	cp "$RECORD" "$(dirname "$RECORD")/1.jsonl"
	RECORD=$(dirname "$RECORD")/1.jsonl
	sed -i '2,$d' "$RECORD"
	samples fork/vmas '{"vmas":1}' 1 fork latency ns lower 3000
	process fork/vmas '{"vmas":1}' 1
	end
	compare base new
	left_with 0
	says "+100"
}

@test "compare: boots that failed are counted, and what ran before stands" {
	pair 100000:90000 101000:91000 99000:89500
	new_boot "$R" new 2
	latency fork/vmas '{"vmas":1}' fork 89500
	record '{"record":"boot_failed","label":"new","boot_id":"new-2","block":{"schedule":"s","index":2},"outcome":"panic","workload":"fork/wide","lines":[]}'
	compare base new
	left_with 0
	says "3 boots, 1 failed"
	says "'new': 1 of 3 boots failed: panic while it ran fork/wide"
	says "3 paired blocks"
	says " 3 better"
}

@test "compare: the workload that a boot failed in drops its whole block" {
	pair 100000:90000 101000:91000 99000:89500
	record '{"record":"boot_failed","label":"new","boot_id":"new-2","block":null,"outcome":"hang","workload":"fork/vmas","lines":[]}'
	compare base new
	says "3 paired blocks"
	grep -qE '^ fork, us .* 2 [a-z-]+$' <<<"$output"
}

@test "compare: a kernel whose every boot failed has nothing to compare" {
	pair 1000:1000
	rm -r "$R/new"
	mkdir -p "$R/new/x"
	echo '{"record":"boot_failed","label":"new","boot_id":"x","block":null,"outcome":"no boot","workload":null,"lines":[]}' >"$R/new/x/0.jsonl"
	compare base new
	left_with 1
	says "no boot of 'new' came to run a workload"
}

@test "compare: an invalid or skipped workload gives no figure, only its reason" {
	pair 1000:1000
	new_boot "$R" new 0
	latency fork/vmas '{"vmas":1}' fork 1000
	latency thp/split '{}' split 1000
	record '{"record":"invalid","workload":"thp/split","params":{},"process":1,"pass":"time","reason":"no page was split","corrupted":false}'
	record '{"record":"skip","workload":"migrate/move-pages","params":{},"reason":"one node","need":"two nodes"}'
	new_boot "$R" base 0
	latency fork/vmas '{"vmas":1}' fork 1000
	latency thp/split '{}' split 1000
	compare base new
	left_with 0
	says "'new': thp/split is invalid in 1 of 1 boots: no page was split"
	says "'new': migrate/move-pages is skip in 1 of 1 boots: one node"
	silent_on "split, "
}

@test "compare: evidence that did not hold makes a workload invalid" {
	pair 1000:1000
	new_boot "$R" new 0
	latency fork/vmas '{"vmas":2}' fork 1000
	samples fork/vmas '{"vmas":1}' 0 fork latency ns lower 1000
	record '{"record":"evidence","workload":"fork/vmas","params":{"vmas":1},"process":0,"pass":"time","counter":"vmstat:pgfault","relation":">=","wanted":5,"seen":1,"held":false,"why":"x"}'
	process fork/vmas '{"vmas":1}' 0
	compare base new
	left_with 1
	says "share no parameters or no valid run"
	sed -i 's/"held":false/"held":false,"undecided":true/' "$RECORD"
	compare base new
	left_with 0
}

@test "compare: a workload whose parameters are text" {
	for l in base new; do
		new_boot "$R" $l 0
		latency exec '{"command":"sleep 0.2","hold":100}' run 1000
		latency exec '{"command":"sleep 0.3","hold":100}' run 1000
	done
	compare base new
	left_with 0
	says "exec, hold=100"
	says "command=sleep%200.2"
	compare --format json base new
	says '"command": "sleep 0.2"'
}

@test "compare: slab pages that never grew have not changed" {
	for l in base new; do
		for b in 0 1; do
			new_boot "$R" $l $b
			slab fork/wide '{}' held anon_vma 4
			sed -i 's/"slab_bytes_delta":[0-9]*/"slab_bytes_delta":0/' "$RECORD"
		done
	done
	compare --format json base new
	left_with 0
	[ "$(grep -c '"verdict": "identical"' <<<"$output")" -eq 3 ]
	[ "$(grep -c '"verdict": "no-change"' <<<"$output")" -eq 1 ]
}

@test "compare: a kernel log makes its workload invalid" {
	pair 1000:1000
	record '{"record":"kernel_log","workload":"fork/vmas","params":{"vmas":1},"lines":["BUG: bad page map"]}'
	latency fork/wide '{}' last 5
	new_boot "$R" base 0
	latency fork/vmas '{"vmas":1}' fork 1000
	latency fork/wide '{}' last 5
	compare base new
	left_with 0
	says "'new': fork/vmas is invalid in 1 of 1 boots: kernel log: BUG: bad page map"
	silent_on "fork, "
}

@test "compare: files that are empty, foreign, damaged, newer or of two labels" {
	pair 1000:1000
	mkdir -p "$R/bad/x"
	: >"$R/bad/x/0.jsonl"
	compare base bad
	left_with 1
	says "holds no whole record"
	printf '{"record":"run","schema":1,' >"$R/bad/x/0.jsonl"
	compare base bad
	left_with 1
	says "holds no whole record"
	echo 'hello' >"$R/bad/x/0.jsonl"
	compare base bad
	left_with 1
	says "is no record of rmapbench"
	echo '{"record":"run","schema":2,"label":"bad","boot_id":"x"}' >"$R/bad/x/0.jsonl"
	compare base bad
	left_with 1
	says "schema 2, but this rmapbench reads up to 1"
	cp "$RECORD" "$R/bad/x/0.jsonl"
	sed -i '2s/.*/{"record":"samples"/' "$R/bad/x/0.jsonl"
	compare base bad
	left_with 1
	says "0.jsonl:2:"
	says "the record is damaged"
	rm -r "$R/bad"
	compare base "$R"
	left_with 1
	says "results of several labels ('base' and 'new')"
}

@test "compare: records of a type or with fields that came later are passed over" {
	pair 1000:1000
	record '{"record":"weather","workload":"fork/vmas","params":{"vmas":1},"rain":true}'
	compare base new
	left_with 0
}

@test "compare: a label that is not there, and which there are" {
	pair 1000:1000
	compare base nwe
	left_with 2
	says "'nwe' is no label, folder or file"
	says "base, new"
	mkdir "$R/empty"
	compare base empty
	left_with 1
	says "holds no *.jsonl record"
}

@test "compare: wrong calls" {
	compare base
	left_with 2
	says "two results"
	compare --format html base new
	left_with 2
	says "allowed are text, markdown and json"
	for m in 0 -1% 100% x 2%%; do
		compare --margin=$m base new
		left_with 2
		says "--margin '$m'"
	done
	compare --nonsense base new
	left_with 2
}

@test "compare: three results, each beside the base; a file and a folder do as labels" {
	pair 100000:90000 101000:91000 99000:89500
	cp -r "$R/new" "$R/third"
	sed -i 's/"label":"new"/"label":"third"/' "$R"/third/*/0.jsonl
	compare base new third
	left_with 0
	says "new:  new"
	says "new:  third"
	compare "$R/base/base-0/0.jsonl" "$R/new"
	left_with 0
	says "1 paired block"
}

@test "compare: two results of one label are told apart by what they were called" {
	pair 100000:90000
	compare base base
	left_with 0
	says "both sides are the same records"
	cp -r "$R/base" "$R/copy"
	compare base copy
	says "new:  copy"
}

@test "compare: machines are reported apart, and combined where they agree" {
	for m in aaaa bbbb; do
		for b in 0 1 2 3; do
			for l in base new; do
				MACHINE=$m
				new_boot "$R" $l "$([ $m = aaaa ] || echo 9)$b"
				sed -i "s/\"schedule\":\"s\"/\"schedule\":\"$m\"/" "$RECORD"
				latency fork/vmas '{"vmas":1}' fork $((100000 + b * 300 + ($([ $l = new ] && echo 1 || echo 0)) * (5000 + b * 10)))
				latency fork/vmas '{"vmas":1}' reap $((100000 + b * 300 + ($([ $l = new ] && echo 1 || echo 0)) * ($([ $m = aaaa ] && echo 5000 || echo -5000) + b * 10)))
				end
			done
		done
	done
	compare base new
	left_with 0
	says "@1 Test CPU #aaaa: 4 paired blocks"
	says "@2 Test CPU #bbbb: 4 paired blocks"
	says "fork/vmas reap: the machines do not point one way"
	[[ $output =~ fork,\ us.*@1.*\ 4\ worse.*@2.*\ 4\ worse.*\ 8\ worse.*reap,\ us.*@1.*4\ worse.*@2.*4\ better ]]
	[ "$(grep -cE ' 8 (worse|better)$' <<<"$output")" -eq 1 ]
}

@test "compare: metrics that were named primary are marked" {
	PRIMARY='"fork/vmas:fork"'
	pair 100000:90000 101000:91000 99000:89500
	compare base new
	says "fork, us, primary"
}

# differing FIELD_OF_BASE FIELD_OF_NEW: a pair of results whose run records differ by one replacement.
differing() {
	rm -rf "$R"
	pair 100000:90000 101000:91000 99000:89500
	sed -i "1s|$1|$2|" "$R"/new/*/0.jsonl
	grep -qF "$2" "$R/new/new-0/0.jsonl"
}

@test "compare: what was measured otherwise is refused, named, and can be accepted" {
	local case name from to
	while IFS='|' read -r name from to; do
		differing "$from" "$to"
		compare base new
		left_with 1
		says "were not measured alike"
		says "--accept $name"
		compare --accept "$name" base new
		left_with 0
		says "accepted: "
		compare --accept "tool,$name,nodes" base new
		left_with 0
	done <<-'END'
		compiler|"compiler":"gcc 12"|"compiler":"gcc 13"
		config|"CONFIG_THP":"y"|"CONFIG_THP":"y","CONFIG_KASAN":"y"
		config|"CONFIG_THP":"y"|"CONFIG_THP":"y","CONFIG_KFENCE":"y","CONFIG_KFENCE_SAMPLE_INTERVAL":"100"
		config|"CONFIG_THP":"y"|"CONFIG_THP":"y","CONFIG_TRANSPARENT_HUGEPAGE_ALWAYS":"y"
		cmdline|"cmdline":"quiet"|"cmdline":"quiet mitigations=off"
		mitigations|"meltdown":"PTI"|"meltdown":"Vulnerable"
		cpu|"cpu":"Test CPU"|"cpu":"Other CPU"
		microcode|"microcode":"1"|"microcode":"2"
		cpus|"cpus":2|"cpus":4
		memory|"memory_kib":1048576|"memory_kib":524288
		pages|"page_size":4096|"page_size":16384
		settings|"thp":"madvise"|"thp":"always"
		tool|"tool":"test"|"tool":"test 2"
	END
}

@test "compare: what does not change the meaning is told, not refused" {
	local said from to
	while IFS='|' read -r from to said; do
		differing "$from" "$to"
		compare base new
		left_with 0
		says "$said"
	done <<-'END'
		"CONFIG_THP":"y"|"CONFIG_THP":"y","CONFIG_ANON_VMA_LAZY":"y"|differ in 1 more options: CONFIG_ANON_VMA_LAZY
		"CONFIG_THP":"y"|"CONFIG_THP":"y","CONFIG_KFENCE":"y","CONFIG_KFENCE_SAMPLE_INTERVAL":"0"|differ in 2 more options: CONFIG_KFENCE, CONFIG_KFENCE_SAMPLE_INTERVAL
		"cmdline":"quiet"|"cmdline":"console=ttyS0"|a boot of 'new' has 'console=ttyS0', another has not
		"hash":"h"|"hash":"i"|ran by different configs
		"thp":"madvise"|"thp":"madvise","anon_vma_lazy":"1"|3 better
		"memory_kib":1048576|"memory_kib":1040000|3 better
	END
}

@test "compare: two kernel series may differ in compiler and config, but not in checking options" {
	differing '"release":"6.12-new"' '"release":"6.1.0-new"'
	sed -i '1s/gcc 12/gcc 11/; 1s/"CONFIG_THP":"y"/"CONFIG_THP":"y","CONFIG_HZ":"250"/; 1s/PTI/KPTI/' "$R"/new/*/0.jsonl
	compare base new
	left_with 0
	says "compiler: 'gcc 12' in 'base', 'gcc 11' in 'new'"
	says "CONFIG_HZ"
	sed -i '1s/"CONFIG_THP":"y"/"CONFIG_THP":"y","CONFIG_PROVE_LOCKING":"y"/' "$R"/new/*/0.jsonl
	compare base new
	left_with 1
	says "CONFIG_PROVE_LOCKING: 'n' in 'base', 'y' in 'new'"
}

@test "compare: a label that mixes two kernels is refused" {
	pair 100000:90000 101000:91000 99000:89500
	sed -i '1s/6.12-new/6.12-newer/' "$R/new/new-1/0.jsonl"
	compare base new
	left_with 1
	says "kernel differs between boots of 'new': '6.12-new' and '6.12-newer'"
	says "--accept kernel"
}

@test "compare: --accept knows its names" {
	pair 1000:1000
	compare --accept weather base new
	left_with 2
	says "--accept 'weather': allowed are compiler, config,"
}

@test "compare: --fail-on worse exits with 1 when something got worse by more than the margin" {
	pair 100000:110000 101000:111500 99000:108700
	compare --fail-on worse base new
	left_with 1
	says "worse in 'new': fork/vmas vmas=1 fork (+10"
	says " 3 worse"
	compare --fail-on worse --margin 15% base new
	left_with 0
	compare --fail-on worse new base
	left_with 0
	compare --fail-on better base new
	left_with 2
	says "allowed is worse"
}

@test "compare: --fail-on worse tells what grew from nothing by its two figures" {
	for l in base new; do
		new_boot "$R" $l 0
		slab fork/wide '{}' held anon_vma "$([ $l = base ] && echo 0 || echo 8)"
	done
	compare --fail-on worse base new
	left_with 1
	says "(0 -> 8)"
	[[ $output != *nan%* ]]
	# Whole slabs are history.
	[[ $output != *"worse in"*"page bytes"* ]]
}

@test "compare: --fail-on worse sees exact counts that grew" {
	for l in base new; do
		new_boot "$R" $l 0
		slab fork/wide '{}' held anon_vma "$([ $l = base ] && echo 40 || echo 48)"
	done
	compare --fail-on worse base new
	left_with 1
	says "worse in 'new': fork/wide anon_vma held objects (+20.00%)"
	compare --fail-on worse new base
	left_with 0
}
