#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench plot: which pictures it draws, what stands on them, and what happens without gnuplot.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads
load records

setup() {
	R=$BATS_TEST_TMPDIR/results
	P=$BATS_TEST_TMPDIR/pictures
}

plot() {
	run "$BUILD/rmapbench" plot --results "$R" --out "$P" "$@"
}

# on_picture NAME TEXT...: the texts stand on an SVG.
on_picture() {
	local name=$1 text
	shift
	for text in "$@"; do
		grep -qF -- "$text" "$P/$name.svg" || {
			echo "no '$text' on $name"
			return 1
		}
	done
}

@test "plot: sweeps, objects, distributions and slab use of two results, as PNG and SVG" {
	sweep_results "$R" base 100 3
	sweep_results "$R" lazy 93 3
	plot --quiet base lazy
	left_with 0
	for name in fork-vmas.fork.by-vmas.spread-1 fork-vmas.fork.ecdf.spread-1-vmas-4096 \
		fork-wide.slab-anon_vma.by-children.vmas-16 fork-wide.timeline-anon_vma.children-256-vmas-16; do
		says "$P/$name.png"
		[ "$(head -c 4 "$P/$name.png" | tail -c 3)" = PNG ]
		grep -q '</svg>' "$P/$name.svg"
	done
	on_picture fork-vmas.fork.by-vmas.spread-1 "fork/vmas: fork, us" "spread=1" "time, kvm, x86_64" \
		"vmas" "base, n=3 boots" "lazy, n=3 boots" "95% over boots"
	on_picture fork-vmas.fork.change-by-vmas.spread-1 "fork/vmas: fork, change in %" "lazy, n=3 blocks" \
		"change from base in %"
	on_picture fork-wide.slab-anon_vma.by-children.vmas-16 "anon_vma while held, objects" "object model"
	on_picture fork-vmas.fork.ecdf.spread-1-vmas-1 "share of operations" "360 operations" "axis ends at 99.5%"
	on_picture fork-wide.timeline-anon_vma.children-256-vmas-16 "ms since the warm-up process started"
	run find "$P" -name '*.part'
	[ -z "$output" ]
}

@test "plot: in the terminal, plain ASCII of 75 columns, and no files" {
	sweep_results "$R" base 100 2
	plot --ascii base
	left_with 0
	says "fork/vmas: fork, us"
	says "anon_vma while held, objects"
	[ "$(awk '{ if (length > w) w = length } END { print w }' <<<"$output")" -le 75 ]
	[ ! -e "$P" ]
	[ "$(LC_ALL=C grep -c '[^ -~]' <<<"$output")" -eq 0 ]
	[ "$(grep -c ' $' <<<"$output")" -eq 0 ]
}

@test "plot: one result with one boot and no sweep is shown by its distribution" {
	new_boot "$R" base 0
	latency null '{}' empty 20,21,22,23,40
	plot base
	left_with 0
	says "null: empty, distribution of operations"
	on_picture null.empty.ecdf "n=1 boot, 5 operations"
	silent_on "95%"
}

@test "plot: the points are the medians, in the unit on the axis, with the interval over boots" {
	local b
	for b in 0 1 2; do
		new_boot "$R" base $b
		latency fork/vmas '{"vmas":1}' fork 1000,1000,9000
		latency fork/vmas '{"vmas":2}' fork $((5000 + b))
	done
	# a gnuplot that keeps what it is told
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\ncat >>%s/script\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/bin/gnuplot"
	chmod +x "$BATS_TEST_TMPDIR/bin/gnuplot"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH plot --ascii base
	left_with 0
	run cat "$BATS_TEST_TMPDIR/script"
	says "set ylabel 'us"
	says $'EOD\n1 1 1 1\n2 5.00'
	# 5.001 us, t(.975, 2) = 4.303, s = 0.001: +-0.00248
	[[ $output =~ 2\ 5.00099[0-9]*\ 4.9985[0-9]*\ 5.0034[0-9]* ]]
}

@test "plot: --only picks workloads; a pattern that matches none is told" {
	sweep_results "$R" base 100 1
	plot --quiet --only 'fork/w*' base
	left_with 0
	silent_on fork-vmas
	says fork-wide
	plot --only 'nothing*' base
	left_with 1
	says "nothing to plot: no workload that matches nothing*"
}

@test "plot: labels and metrics cannot speak gnuplot" {
	new_boot "$R" "it's \`touch $BATS_TEST_TMPDIR/owned\`" 0
	latency fork/vmas '{"vmas":1}' "a'; system('touch $BATS_TEST_TMPDIR/owned'); '" 1000
	latency fork/vmas '{"vmas":2}' "a'; system('touch $BATS_TEST_TMPDIR/owned'); '" 1000
	plot "$RECORD"
	left_with 0
	[ ! -e "$BATS_TEST_TMPDIR/owned" ]
}

@test "plot: several kinds of figures get pictures of their own" {
	new_boot "$R" base 0
	latency fork/vmas '{"vmas":1}' fork 1000
	new_boot "$R" base 1 exact icount tcg
	samples fork/vmas '{"vmas":1}' 0 fork "path length" instructions lower 1000
	samples fork/vmas '{"vmas":2}' 0 fork "path length" instructions lower 2000
	process fork/vmas '{"vmas":1}' 0
	process fork/vmas '{"vmas":2}' 0
	plot --quiet base
	left_with 0
	says "fork-vmas.fork.ecdf.vmas-1.time--kvm--x86_64.png"
}

@test "plot: without gnuplot it says what installs it, and leaves nothing" {
	sweep_results "$R" base 100 1
	PATH=$BATS_TEST_TMPDIR run "$BUILD/rmapbench" plot --quiet --results "$R" --out "$P" base
	left_with 1
	says "cannot start gnuplot"
	says "make deps"
	run ls "$P"
	[ -z "$output" ]
}

@test "plot: a gnuplot that fails leaves no picture" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "line 0: no such terminal" >&2\nexit 1\n' >"$BATS_TEST_TMPDIR/bin/gnuplot"
	chmod +x "$BATS_TEST_TMPDIR/bin/gnuplot"
	sweep_results "$R" base 100 1
	PATH=$BATS_TEST_TMPDIR/bin:$PATH plot --quiet base
	left_with 1
	says "gnuplot failed: line 0: no such terminal"
	run ls "$P"
	[ -z "$output" ]
}

@test "plot: wrong calls and a folder that cannot be made" {
	sweep_results "$R" base 100 1
	plot
	left_with 2
	says "plot needs a result"
	plot --ascii --quiet base
	left_with 2
	plot nope
	left_with 2
	says "'nope' is no label"
	touch "$BATS_TEST_TMPDIR/file"
	run "$BUILD/rmapbench" plot --quiet --results "$R" --out "$BATS_TEST_TMPDIR/file" base
	left_with 1
}

@test "plot: results that must not be compared are drawn, but not their change" {
	sweep_results "$R" base 100 1
	sweep_results "$R" lazy 93 1
	sed -i '1s/gcc 12/gcc 13/' "$R"/lazy/*/0.jsonl
	plot --quiet base lazy
	left_with 0
	says "no picture of a change: 'base' and 'lazy' were not measured alike"
	[ -e "$P/fork-vmas.fork.by-vmas.spread-1.png" ]
	silent_on "change-by"
}
