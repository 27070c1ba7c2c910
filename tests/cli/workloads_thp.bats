#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The thp family: alone, limits, skips, and evidence when the mechanism is prevented.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads

FAMILY=(thp/split thp/partial-unmap thp/pmd-split thp/pageout thp/pressure thp/collapse
	thp/khugepaged thp/shared-split thp/mthp)

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

@test "thp/pmd-split: three calls split, alone and shared" {
	can thp/pmd-split
	works thp/pmd-split --folios 4 --samples 4
	works thp/pmd-split --folios 4 --samples 4 --children 2
	says "work:reaped                      grew 6, wanted == 6: held"
}

@test "thp/pmd-split: without huge pages, or uncounted, no evidence" {
	can thp/pmd-split
	fails_evidence work:huge "$PREVENT" thp -- "$WORKLOADS/thp/pmd-split" --samples 16
	fails_evidence vmstat:thp_split_pmd frozen_vmstat "$WORKLOADS/thp/pmd-split" --samples 16
}

@test "thp/pmd-split: an mprotect that does nothing splits nothing" {
	can thp/pmd-split
	fails_evidence work:cut "$PREVENT" mprotect -- "$WORKLOADS/thp/pmd-split" --samples 16
}

@test "thp/pageout: a part of a private huge page splits it; a shared one is passed over" {
	can thp/pageout
	works thp/pageout --folios 4 --samples 8
	fails_evidence work:split "$WORKLOADS/thp/pageout" --folios 4 --samples 8 --children 1
}

@test "thp/pageout: without huge pages, or uncounted, no evidence" {
	can thp/pageout
	fails_evidence work:huge "$PREVENT" thp -- "$WORKLOADS/thp/pageout" --samples 16
	fails_evidence vmstat:thp_split_page frozen_vmstat "$WORKLOADS/thp/pageout" --samples 16
}

@test "thp/pressure: swaps out and reads back, or says what is missing" {
	can thp/pressure
	before=$(groups_left)
	works thp/pressure --folios 4 --samples 1
	works thp/pressure --folios 4 --samples 1 --children 2
	[[ $(groups_left) -eq $before ]]
	[[ $(grep -c rmapbench /proc/swaps) -eq 0 ]]
}

@test "thp/pressure: pages that the kernel did not count as swapped are no evidence" {
	can thp/pressure
	fails_evidence vmstat:pswpout frozen_vmstat "$WORKLOADS/thp/pressure" --folios 4 --samples 1
}

@test "thp/collapse: small pages become huge, alone and after a fork" {
	can thp/collapse
	works thp/collapse --folios 4 --samples 8
	works thp/collapse --folios 4 --samples 8 --children 2
}

@test "thp/collapse: a call that does nothing, or that is refused, is no figure" {
	can thp/collapse
	fails_evidence work:collapsed "$PREVENT" madvise -- "$WORKLOADS/thp/collapse" --samples 16
	run "$PREVENT" thp -- "$WORKLOADS/thp/collapse"
	left_with 77
	says "huge pages are kept from this process"
	fails_evidence vmstat:thp_collapse_alloc frozen_vmstat "$WORKLOADS/thp/collapse" --samples 16
}

@test "thp/khugepaged: collapses, and its settings are put back" {
	can thp/khugepaged
	settings=/sys/kernel/mm/transparent_hugepage/khugepaged
	before=$(grep . $settings/*_* | grep -v -e collapsed -e full_scans)
	works thp/khugepaged --folios 4 --samples 1
	[[ $(grep . $settings/*_* | grep -v -e collapsed -e full_scans) == "$before" ]]
	# A signal in the middle of it.
	timeout --signal INT 1 "$PREVENT" thp -- "$WORKLOADS/thp/khugepaged" --limit 30 || true
	[[ $(grep . $settings/*_* | grep -v -e collapsed -e full_scans) == "$before" ]]
}

@test "thp/khugepaged: memory that it may not touch is no evidence" {
	can thp/khugepaged
	fails_evidence work:collapsed "$PREVENT" thp -- "$WORKLOADS/thp/khugepaged" --folios 2 \
		--limit 1 --samples 1
}

@test "thp/shared-split: reclaim splits what all sharers cut" {
	can thp/shared-split
	works thp/shared-split --folios 4 --children 3 --samples 2
	says "work:reaped                      grew 6, wanted == 6: held"
	fails_evidence work:huge "$PREVENT" thp -- "$WORKLOADS/thp/shared-split" --samples 1
	fails_evidence vmstat:thp_split_page frozen_vmstat "$WORKLOADS/thp/shared-split" --samples 1
}

@test "thp/mthp: folios of a size, and the sizes are put back" {
	can thp/mthp
	sizes=(/sys/kernel/mm/transparent_hugepage/hugepages-*/enabled)
	before=$(cat "${sizes[@]}")
	works thp/mthp --size 64 --folios 8 --samples 8
	works thp/mthp --size 32 --folios 8 --samples 8
	[[ $(cat "${sizes[@]}") == "$before" ]]
	fails_evidence work:large "$PREVENT" thp -- "$WORKLOADS/thp/mthp" --samples 64
}

@test "thp/mthp: a size that is none is a skip that says so" {
	can thp/mthp
	run "$WORKLOADS/thp/mthp" --size 48
	left_with 77
	says "no huge pages of 48 KiB"
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
