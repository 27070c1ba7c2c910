#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The migrate, thp and walk families where they can run: two nodes, debugfs, nothing to harm. And
# the traps: calls that return success while nothing happens must leave no figure.
# shellcheck disable=SC2034 # OUT is for the helpers

setup_file() {
	load helpers
	need_lab
}

setup() {
	load helpers
	OUT=$BATS_TEST_TMPDIR/results
	PLAN=$BATS_TEST_TMPDIR/plan.ini
	# THP is set, so that a kernel's own default does not decide what is tested.
	printf '%s\n' '[run]' 'processes = 1' 'count_repeats = 1' 'seconds = 300' '[settings]' \
		'thp = madvise' 'ksm = 0' 'numa_balancing = 0' >"$PLAN"
}

# plan LINE...: appended.
plan() {
	printf '%s\n' "$@" >>"$PLAN"
}

guests() {
	small_guests
	sed -i 's/384M/768M/' "$LAB"
	lab --config "$LAB" --plan "$PLAN" 6.1="$KERNELS/6.1" 6.12="$KERNELS/6.12"
}

# ran WORKLOAD LABEL...: it committed a timed process there, and was not invalid.
ran() {
	local name=$1 label
	shift
	for label in "$@"; do
		if [ "$(count "$label" 'select(.record == "process" and .workload == "'"$name"'" and .pass == "time")')" = 0 ] ||
			[ "$(count "$label" 'select(.record == "invalid" and .workload == "'"$name"'")')" != 0 ]; then
			printf '%s did not run on %s:\n' "$name" "$label"
			records "$label" 'select((.record == "invalid" or .record == "skip") and .workload == "'"$name"'")'
			return 1
		fi
	done
}

# refused WORKLOAD COUNTER [LABEL]: on that kernel, or on both, that evidence failed, and there are no figures.
refused() {
	local name=$1 counter=$2 label
	for label in ${3:-6.1 6.12}; do
		if [ "$(count "$label" 'select(.record == "evidence" and .workload == "'"$name"'" and .counter == "'"$counter"'" and (.held | not))')" = 0 ] ||
			[ "$(count "$label" 'select(.record == "invalid" and .workload == "'"$name"'" and (.reason | contains("no evidence")))')" = 0 ] ||
			[ "$(count "$label" 'select(.record == "samples" and .workload == "'"$name"'")')" != 0 ]; then
			printf '%s has figures on %s, or is invalid for another reason:\n' "$name" "$label"
			records "$label" 'select(.workload == "'"$name"'" and .record != "slab")'
			return 1
		fi
	done
}

@test "migrate: every way to move pages moves them, private and shared" {
	plan '[migrate/move-pages]' 'pages = 512' 'children = 0, 3' 'samples = 2' \
		'[migrate/compaction]' 'size = 2' 'fill = 64' 'samples = 1' \
		'[migrate/migrate-pages]' 'pages = 512' 'children = 0, 3' 'samples = 1' \
		'[migrate/mbind]' 'pages = 512' 'children = 0, 3' 'samples = 1' \
		'[migrate/cpuset]' 'pages = 512' 'children = 0, 3' 'samples = 1' \
		'[migrate/thp]' 'folios = 4' 'children = 0, 3' 'samples = 1' \
		'[migrate/balancing]' 'pages = 512' 'samples = 1' \
		'[migrate/pinned]' 'pages = 128' 'samples = 1' \
		'[migrate/churn]' 'pages = 128' 'samples = 4'
	guests
	left_with 0
	for name in move-pages compaction migrate-pages mbind cpuset thp balancing pinned churn; do
		ran "migrate/$name" 6.1 6.12
	done
}

@test "thp: every way to split and to collapse does" {
	plan '[thp/split]' 'folios = 4' 'children = 0, 3' 'samples = 4' \
		'[thp/partial-unmap]' 'folios = 4' 'samples = 4' \
		'[thp/pmd-split]' 'folios = 4' 'children = 0, 3' 'samples = 4' \
		'[thp/pageout]' 'folios = 4' 'samples = 4' \
		'[thp/collapse]' 'folios = 4' 'children = 0, 3' 'samples = 4' \
		'[thp/khugepaged]' 'folios = 4' 'samples = 1' \
		'[thp/shared-split]' 'folios = 4' 'children = 3' 'samples = 1' \
		'[thp/mthp]' 'folios = 8' 'samples = 8'
	guests
	left_with 0
	for name in split partial-unmap pmd-split pageout collapse khugepaged shared-split; do
		ran "thp/$name" 6.1 6.12
	done
	ran thp/mthp 6.12
	# Reclaim really split: the evidence is there, and not of nothing.
	for label in 6.1 6.12; do
		[ "$(count $label 'select(.record == "evidence" and .workload == "thp/partial-unmap" and .counter == "vmstat:thp_split_page" and .held and .seen > 0)')" -ge 1 ]
	done
}

@test "walk: the walkers that these kernels have" {
	plan '[walk/cold]' 'pages = 512' 'samples = 2' \
		'[walk/ksm]' 'pages = 512' 'samples = 1' \
		'[walk/uffd-move]' 'pages = 512' 'samples = 16' \
		'[walk/soft-offline]' 'children = 0, 3' 'samples = 4' \
		'[walk/hwpoison]' 'samples = 4' \
		'[walk/damon]' 'samples = 2' \
		'[walk/mlock]' 'pages = 512' 'children = 0, 3' 'samples = 2' \
		'[walk/kpageflags]' 'pages = 512' 'samples = 2'
	guests
	left_with 0
	for name in cold ksm mlock kpageflags; do
		ran "walk/$name" 6.1 6.12
	done
	for name in uffd-move soft-offline hwpoison damon; do
		ran "walk/$name" 6.12
		# What a kernel lacks is a skip with a reason.
		[ "$(count 6.1 'select(.record == "skip" and .workload == "walk/'$name'" and (.reason | length > 10))')" -ge 1 ]
	done
}

@test "traps: success that moved, split or changed nothing leaves no figure" {
	plan '[migrate/move-pages]' 'pages = 64' 'children = 2' 'move-all = 0' 'samples = 1' \
		'[migrate/mbind]' 'pages = 64' 'children = 2' 'move-all = 0' 'samples = 1' \
		'[migrate/pinned]' 'pages = 64' 'pin = 0' 'samples = 1' \
		'[thp/pageout]' 'folios = 4' 'children = 1' 'samples = 4' \
		'[walk/cold]' 'pages = 64' 'children = 1' 'samples = 1'
	guests
	left_with 1
	refused migrate/move-pages work:moved
	refused migrate/mbind work:moved
	refused migrate/pinned work:stayed
	refused thp/pageout work:split
	refused walk/cold work:cold
}

@test "liars: a call that says it did its work and did not is found out (tests/liars)" {
	plan '[migrate/migrate-pages]' 'pages = 64' 'samples = 1' \
		'[migrate/thp]' 'folios = 4' 'samples = 1' \
		'[migrate/churn]' 'pages = 64' 'samples = 2' \
		'[migrate/cpuset]' 'pages = 64' 'samples = 1' \
		'[migrate/balancing]' 'pages = 64' 'limit = 1' 'samples = 1' \
		'[migrate/offline]' 'samples = 1' \
		'[walk/damon]' 'samples = 1' \
		'[walk/soft-offline]' 'samples = 4' \
		'[walk/hwpoison]' 'samples = 4' \
		'[thp/split]' 'folios = 4' 'samples = 4'
	export RMAPBENCH_WORKLOADS=$BUILD/liars
	guests
	left_with 1
	for name in migrate-pages thp churn cpuset offline; do
		refused migrate/$name work:moved
	done
	refused migrate/balancing work:followed
	refused thp/split work:split
	refused walk/soft-offline work:moved 6.12
	refused walk/hwpoison work:corrupted_kib 6.12
	[ "$(count 6.12 'select(.record == "invalid" and .workload == "walk/damon" and (.reason | contains("kdamond does not run")))')" -ge 1 ]
	[ "$(count 6.12 'select(.record == "samples")')" = 0 ]
}

# Without it a liar that is none would be caught all the same.
@test "liars: the same workloads without the lie are fine" {
	plan '[migrate/balancing]' 'pages = 64' 'samples = 1' '[migrate/offline]' 'samples = 1'
	guests
	ran migrate/balancing 6.1 6.12
	ran migrate/offline 6.1 6.12
}
