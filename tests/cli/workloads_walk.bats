#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The walk family: alone, limits, skips, and evidence when the mechanism is prevented. Of the
# dangerous ones only their refusal is tested here; tests/guest/ runs them.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads

FAMILY=(walk/page-idle walk/pageout walk/cold walk/ksm walk/uffd-move walk/soft-offline walk/hwpoison
	walk/damon walk/mlock walk/swapoff walk/kpageflags)

can() {
	"$WORKLOADS/$1" --check > "$BATS_TEST_TMPDIR/reason" || skip "$(cat "$BATS_TEST_TMPDIR/reason")"
}

# can_run NAME ARGUMENT...: skips the test if the workload finds out only when it runs that it cannot.
can_run() {
	local name=$1
	shift
	run "$WORKLOADS/$name" "$@"
	[[ $status -ne 77 ]] || skip "$output"
}

@test "walk: each describes itself as JSON" {
	for name in "${FAMILY[@]}"; do describes "$name"; done
}

@test "walk: what harms the host does not run here" {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	for name in walk/soft-offline walk/hwpoison walk/swapoff; do
		run "$WORKLOADS/$name"
		left_with 77
		run "$WORKLOADS/$name" --check
		left_with 77
	done
	run "$WORKLOADS/walk/swapoff"
	says "--allow-dangerous"
}

@test "walk/page-idle: walks, alone and shared" {
	can walk/page-idle
	works walk/page-idle --pages 256 --samples 4
	works walk/page-idle --pages 256 --samples 4 --children 3
}

# with_bitmap_file COMMAND...: with a plain file in the place of the idle bitmap.
with_bitmap_file() {
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --mount sh -c 'mount -t tmpfs none /sys/kernel/mm && mkdir /sys/kernel/mm/page_idle &&
		truncate -s 1G /sys/kernel/mm/page_idle/bitmap && exec "$0" "$@"' "$@"
}

@test "walk/page-idle: a bitmap that only remembers what was written is no evidence" {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	fails_evidence work:seen_touched with_bitmap_file "$WORKLOADS/walk/page-idle" --pages 64 --samples 1
	fails_evidence work:idle with_bitmap_file "$LIARS/walk/page-idle" --pages 64 --samples 1
}

@test "walk/swapoff: swap that stays on is no evidence" {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	run "$WORKLOADS/walk/swapoff" --allow-dangerous --check
	[[ $status -eq 0 ]] || skip "$output"
	fails_evidence work:came_back "$LIARS/walk/swapoff" --allow-dangerous --pages 256 --samples 1
	[[ $(grep -c rmapbench /proc/swaps) -eq 0 ]]
}

@test "walk/pageout: out to swap and back; shared pages are passed over" {
	can walk/pageout
	works walk/pageout --pages 256 --samples 2
	fails_evidence work:swapped "$WORKLOADS/walk/pageout" --pages 256 --samples 2 --children 1
	[[ $(grep -c rmapbench /proc/swaps) -eq 0 ]]
}

@test "walk/pageout: a call that does nothing, and pages not counted, are no evidence" {
	can walk/pageout
	fails_evidence work:swapped "$PREVENT" madvise -- "$WORKLOADS/walk/pageout" --pages 256
	fails_evidence vmstat:pswpout frozen_vmstat "$WORKLOADS/walk/pageout" --pages 256 --samples 1
}

@test "walk/pageout: swap of its own goes away, also on a signal" {
	can walk/pageout
	before=$(ls /sys/block)
	run timeout --signal TERM 1 "$WORKLOADS/walk/pageout" --samples 100000
	left_with 124
	[[ $(ls /sys/block) == "$before" ]]
	[[ $(grep -c rmapbench /proc/swaps) -eq 0 ]]
}

@test "walk/cold: takes accessed bits; not those of shared pages" {
	works walk/cold --pages 256 --samples 4
	fails_evidence work:cold "$WORKLOADS/walk/cold" --pages 256 --samples 4 --children 1
	fails_evidence work:cold "$PREVENT" madvise -- "$WORKLOADS/walk/cold" --pages 256 --samples 4
}

@test "walk/ksm: merges and unmerges, and ksmd is as it was" {
	can walk/ksm
	before=$(cat /sys/kernel/mm/ksm/{run,sleep_millisecs,pages_to_scan})
	works walk/ksm --pages 256 --samples 1 --limit 60
	[[ $(cat /sys/kernel/mm/ksm/{run,sleep_millisecs,pages_to_scan}) == "$before" ]]
}

@test "walk/ksm: pages that ksmd may not take are no evidence" {
	can walk/ksm
	fails_evidence work:merged "$PREVENT" madvise -- "$WORKLOADS/walk/ksm" --pages 256 --samples 1 \
		--limit 1
}

@test "walk/uffd-move: moves; not shared pages" {
	can walk/uffd-move
	can_run walk/uffd-move --pages 64 --samples 2
	works walk/uffd-move --pages 256 --batch 64 --samples 16
	fails_evidence work:moved "$WORKLOADS/walk/uffd-move" --pages 64 --children 1
}

@test "walk/damon: sees what is read, or says who else uses DAMON" {
	can walk/damon
	can_run walk/damon --samples 2
	works walk/damon --samples 2
	[[ $(cat /sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds) -eq 0 ]]
}

@test "walk/mlock: locks and unlocks, alone and shared" {
	works walk/mlock --pages 64 --samples 4
	works walk/mlock --pages 64 --samples 4 --children 2
	says "work:reaped                      grew 2, wanted == 2: held"
}

@test "walk/mlock: a lock that does nothing, and pages not counted, are no evidence" {
	fails_evidence work:locked "$PREVENT" mlock -- "$WORKLOADS/walk/mlock" --pages 64
	fails_evidence vmstat:unevictable_pgs_mlocked frozen_vmstat "$WORKLOADS/walk/mlock" --pages 64
}

@test "walk/kpageflags: our pages are anonymous and mapped" {
	can walk/kpageflags
	works walk/kpageflags --pages 256 --samples 2
	works walk/kpageflags --pages 256 --samples 2 --children 2
}

@test "walk/kpageflags: a file that tells nothing is no evidence" {
	can walk/kpageflags
	head -c 8388608 /dev/zero > "$BATS_TEST_TMPDIR/flags"
	truncate -s 1T "$BATS_TEST_TMPDIR/flags"
	# shellcheck disable=SC2016 # the inner shell expands
	fails_evidence work:anonymous unshare --mount sh -c \
		'mount --bind "$1" /proc/kpageflags && shift && exec "$@"' sh \
		"$BATS_TEST_TMPDIR/flags" "$WORKLOADS/walk/kpageflags" --pages 64
}

@test "walk: out of range is a wrong call" {
	refuses walk/page-idle pages 15
	refuses walk/pageout pages 0
	refuses walk/ksm limit 0
	refuses walk/uffd-move batch 0
	refuses walk/hwpoison pages 1
	refuses walk/damon interval 99
	refuses walk/mlock children -1
	refuses walk/swapoff pages many
}

@test "walk: more than the limits allow is skipped before anything is taken" {
	over_limits walk/cold --pages 262144 --max-bytes 1000000
	over_limits walk/mlock --children 10 --max-processes 10
}
