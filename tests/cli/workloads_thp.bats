#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The thp family: alone, limits, skips, and evidence when the mechanism is prevented.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads

FAMILY=(thp/split thp/partial-unmap)

can() {
	"$WORKLOADS/$1" --check > "$BATS_TEST_TMPDIR/reason" || skip "$(cat "$BATS_TEST_TMPDIR/reason")"
}

groups_left() {
	find /sys/fs/cgroup -maxdepth 2 -name 'rmapbench-*' | grep -c . || true
}

@test "thp: each describes itself as JSON" {
	for name in "${FAMILY[@]}"; do describes "$name"; done
}

@test "thp/split: runs, or says why debugfs does not let it" {
	run "$WORKLOADS/thp/split" --samples 16
	[[ $status -eq 0 ]] || { left_with 77 && says "split_huge_pages"; }
}

@test "thp/partial-unmap: cuts, and reclaim splits where there is a memory group" {
	can thp/partial-unmap
	run "$WORKLOADS/thp/partial-unmap" --folios 8 --samples 16
	left_with 0
	says "vmstat:thp_split_pmd             grew"
	says "n 16"
	silent_on FAILED
	[[ $output == *"no reclaim:"* ]] || silent_on "no samples"
}

@test "thp/partial-unmap: one page, and all but one" {
	can thp/partial-unmap
	for pages in 1 511; do
		run "$WORKLOADS/thp/partial-unmap" --folios 4 --pages "$pages" --samples 4
		left_with 0
		silent_on FAILED
	done
}

@test "thp/partial-unmap: without huge pages there is no evidence" {
	can thp/partial-unmap
	fails_evidence work:huge "$PREVENT" thp -- "$WORKLOADS/thp/partial-unmap" --samples 16
	fails_evidence vmstat:thp_split_pmd "$PREVENT" thp -- "$WORKLOADS/thp/partial-unmap" --samples 16
}

@test "thp/partial-unmap: splits that the kernel did not count are no evidence" {
	can thp/partial-unmap
	fails_evidence vmstat:thp_split_pmd frozen_vmstat "$WORKLOADS/thp/partial-unmap" --samples 16
	fails_evidence vmstat:thp_deferred_split_page frozen_vmstat \
		"$WORKLOADS/thp/partial-unmap" --samples 16
}

@test "thp/partial-unmap: no control group, no reclaim, and it says so" {
	can thp/partial-unmap
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	# shellcheck disable=SC2016 # the inner shell expands
	run unshare --mount sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"' sh \
		"$WORKLOADS/thp/partial-unmap" --samples 16
	left_with 0
	says "note      no reclaim: no memory control group"
	says "reclaim-split      no samples"
}

@test "thp/partial-unmap: no control group is left behind, not even by a signal" {
	can thp/partial-unmap
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	before=$(groups_left)
	"$WORKLOADS/thp/partial-unmap" --samples 16 > /dev/null
	[[ $(groups_left) -eq $before ]]
	run timeout --signal TERM 1 "$WORKLOADS/thp/partial-unmap" --samples 1000000
	left_with 124
	[[ $(groups_left) -eq $before ]]
}

@test "thp: out of range is a wrong call" {
	refuses thp/split folios 0
	refuses thp/split children 1001
	refuses thp/partial-unmap pages 512
	refuses thp/partial-unmap reclaim 2
}

@test "thp: more than the limits allow is skipped before anything is taken" {
	can thp/partial-unmap
	over_limits thp/partial-unmap --folios 64 --max-bytes 100000000
}
