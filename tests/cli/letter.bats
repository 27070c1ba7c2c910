#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench letter: what stands in it, in which order, and that it can be mailed.
# shellcheck disable=SC2030,SC2031,SC2154,SC2034

load workloads
load records

setup() {
	R=$BATS_TEST_TMPDIR/results
	cd "$BATS_TEST_TMPDIR" || return # commands in the letter name folders
	mkdir -p "$R"
}

letter() {
	run "$BUILD/rmapbench" letter "$@"
}

# said TEXT: as says, wherever the lines are wrapped.
said() {
	local flat
	flat=$(tr -s ' \n' ' ' <<<"$output")
	if [[ $flat != *"$1"* ]]; then
		printf 'no "%s" in:\n%s\n' "$1" "$output"
		return 1
	fi
}

# golden NAME: the last output, but for what gnuplot drew, is the file of that name. UPDATE_GOLDEN=1 writes it.
golden() {
	local text
	text=$(sed '/^Pictures$/,/^Do it again$/{/^Do it again$/!d}' <<<"$output")
	[ -z "${UPDATE_GOLDEN:-}" ] || printf '%s\n' "$text" >"$ROOT/tests/golden/$1"
	diff -u "$ROOT/tests/golden/$1" - <<<"$text"
}

# can_be_mailed: plain ASCII, 75 columns at most, no blanks at ends of lines.
can_be_mailed() {
	! LC_ALL=C grep -nP '[^\x20-\x7e]| $' <<<"$output" || return 1
	! grep -nE '^.{76}' <<<"$output"
}

# sweep LABEL PERCENT [BOOTS]: sweep_results, made once for all tests.
sweep() {
	local made=$BATS_FILE_TMPDIR/$2-${3:-4}-${PRIMARY//[^a-z]/}
	[ -d "$made/$1" ] || sweep_results "$made" "$@"
	cp -r "$made/$1" "$R"
}

# exact LABEL INDEX INSTRUCTIONS OBJECTS
exact() {
	local v
	new_boot "$R" "$1" "$2" exact icount tcg
	for v in 1 16 64; do
		samples fork/vmas "{\"vmas\":$v}" 0 fork "path length" instructions lower $(($3 + v * 1000))
		process fork/vmas "{\"vmas\":$v}" 0
		slab fork/vmas "{\"vmas\":$v}" held anon_vma $((v * $4)) true 104 $((v * 2))
	done
	end
}

@test "letter: two kernels, timed: the golden letter" {
	sweep base 100
	sweep lazy 93
	letter base lazy
	left_with 0
	golden letter-two.txt
	can_be_mailed
}

@test "letter: base, off and on in columns: the golden letter" {
	PRIMARY='"fork/wide:last"'
	sweep base 100
	sweep off 101
	sweep on 93
	letter base off on
	left_with 0
	golden letter-three.txt
	can_be_mailed
}

@test "letter: exact counts and path lengths: the golden letter" {
	local b
	for b in 0 1; do
		exact v6.1 $b 50000 2
		exact v6.12 $b 51000 1
	done
	letter v6.1 v6.12
	left_with 0
	golden letter-exact.txt
	can_be_mailed
}

@test "letter: more kernels than columns make another table" {
	local l
	for l in base a b c; do
		sweep $l 100 2
	done
	letter base a b c
	left_with 0
	[ "$(grep -c '^fork/wide, children=256' <<<"$output")" -eq 2 ]
	[ "$(grep -cE '^ +base +c +change +base +c +change' <<<"$output")" -eq 1 ]
	can_be_mailed
}

@test "letter: the order is the one that maintainers read in" {
	sweep base 100 2
	sweep lazy 93 2
	letter base lazy
	run grep -B1 -E '^--+$' <<<"$output"
	[ "$(grep -vE '^--' <<<"$output" | tr '\n' '|')" = \
		"What was compared, and how|Headline|Objects and bytes|Object model: growth for each one more|Latency|Better and worse, side by side|Not measured, and what else to know|Pictures|Do it again|" ]
}

@test "letter: slopes of each kernel stand beside mainline's" {
	local b
	for b in 0 1; do
		exact base $b 50000 2
		exact lazy $b 50000 1
	done
	letter base lazy
	said "fork/vmas, per VMA (vmas 1 to 64) anon_vma 2.00 1.00 2.00"
}

@test "letter: a slope that is no straight line is marked" {
	local l v
	for l in base new; do
		new_boot "$R" $l 0
		for v in 1 2 4; do
			latency fork/chain "{\"depth\":$v}" fork 1000
			slab fork/chain "{\"depth\":$v}" held anon_vma_chain $((v * v)) true 64 $((v * v))
		done
		end
	done
	letter base new
	left_with 0
	said "anon_vma_chain 5.00* 5.00* 5.00*"
	said "* no straight line"
}

@test "letter: throughput has its own table" {
	local b
	for b in 0 1 2; do
		new_boot "$R" base $b
		samples m/p '{}' 0 moved throughput pages/s higher 1000000 "1$b"
		process m/p '{}' 0
		end
		new_boot "$R" new $b
		samples m/p '{}' 0 moved throughput pages/s higher 1000000 "2$b"
		process m/p '{}' 0
		end
	done
	letter base new
	left_with 0
	said "Throughput ----------"
	said "moved, pages/s, higher is better"
	can_be_mailed
}

@test "letter: what got worse is never left out of a sweep" {
	local b l v
	for b in 0 1 2 3; do
		for l in base new; do
			new_boot "$R" $l $b
			for v in 1 2 3 4 5; do
				latency fork/vmas "{\"vmas\":$v}" fork "$((100000 + b * 10 + (v == 3) * ${#l} * 1000))"
			done
			end
		done
	done
	letter new base # the base's name is the longer one: it takes longer at vmas=3
	left_with 0
	said "worse in 1 of 5"
	[ "$(grep -cE '^  vmas=3 .* worse$' <<<"$output")" -eq 1 ]
	said "2 points between the ends of sweeps are left out, none of them worse"
	letter --full new base
	[ "$(grep -cE '^  vmas=[1-5] ' <<<"$output")" -eq 5 ]
	silent_on "are left out"
}

@test "letter: skips, invalid workloads and failed boots are named with their reasons" {
	sweep base 100 2
	sweep new 100 2
	new_boot "$R" new 7
	record '{"record":"skip","workload":"migrate/mbind","params":{},"reason":"needs 2 nodes, there is 1","need":"nodes"}'
	record '{"record":"invalid","workload":"thp/split","params":{},"process":0,"pass":"time","reason":"thp_split_page grew by 0"}'
	record '{"record":"boot_failed","label":"new","boot_id":"new-7","block":{"schedule":"s","index":7},"outcome":"panic","workload":"fork/storm","lines":[]}'
	letter base new
	left_with 0
	said "new (6.12-new), 3 boots, 1 failed"
	said "migrate/mbind is skip in 1 of 3 boots: needs 2 nodes, there is 1"
	said "thp/split is invalid in 1 of 3 boots: thp_split_page grew by 0"
	said "1 of 3 boots failed: panic while it ran fork/storm"
	silent_on "no workload of the plan was skipped"
}

@test "letter: nothing missing is said to be so" {
	sweep base 100 2
	sweep new 100 2
	letter base new
	said "no workload of the plan was skipped or invalid, no boot failed or was cut off"
}

@test "letter: labels that are no ASCII, long words and quotes stay in the lines" {
	local l
	for l in "Früh'ling" "$(printf 'x%.0s' {1..60})"; do
		sweep "$l" 100 2
	done
	letter "Früh'ling" "$(printf 'x%.0s' {1..60})"
	left_with 0
	said "Fr?h'ling (6.12-Fr?h'ling), 2 boots"
	said "'Fr?h'\\''ling'"
	can_be_mailed
}

@test "letter: pictures are of what changed most, in ASCII" {
	sweep base 100 2
	sweep lazy 93 2
	letter base lazy
	said "fork/wide: anon_vma while held, objects"
	said "fork/vmas: fork, us"
	[ "$(grep -c 'n=2 boots' <<<"$output")" -ge 2 ]
}

@test "letter: without gnuplot there is an error and no half letter" {
	sweep base 100 2
	sweep lazy 93 2
	mkdir empty
	PATH=$BATS_TEST_TMPDIR/empty run "$BUILD/rmapbench" letter base lazy
	left_with 1
	says "cannot start gnuplot"
	silent_on "Headline"
}

@test "letter: commands that do it again are of the kind of the run" {
	local b
	for b in 0 1; do
		exact base $b 50000 2
		exact lazy $b 50000 1
	done
	sed -i 's/"seed":1/"guest":{"qemu":"7"},"seed":1/' "$R"/*/*/0.jsonl
	letter base lazy
	said "rmapbench lab --mode exact --blocks 2 --plan t.ini base=KERNEL-0 \\ lazy=KERNEL-1"
	said "# KERNEL-1: the image of 6.12-lazy"
	said "rmapbench letter base lazy"
}

@test "letter: wrong calls say what is allowed" {
	letter base
	left_with 2
	says "letter needs two results at least"
	letter --nothing base new
	left_with 2
	letter --margin 200% base new
	left_with 2
	says "give a share above 0"
	letter --accept nothing base new
	left_with 2
	says "allowed are"
	letter base new
	left_with 2
	says "'base' is no label, folder or file"
}

@test "letter: results that must not be compared are refused" {
	exact base 0 50000 2
	sweep timed 100 2
	letter base timed
	left_with 1
	says "not comparable"
	silent_on "Headline"
}
