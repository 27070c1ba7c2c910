#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# walk/lazyfree and mremap/huge: alone, limits, and evidence when the mechanism is prevented.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads

can() {
	"$WORKLOADS/$1" --check >"$BATS_TEST_TMPDIR/reason" || skip "$(cat "$BATS_TEST_TMPDIR/reason")"
}

@test "walk/lazyfree, mremap/huge: each describes itself as JSON" {
	describes walk/lazyfree
	describes mremap/huge
}

@test "walk/lazyfree: reclaim drops what MADV_FREE gave, and what it dropped is zero" {
	can walk/lazyfree
	works walk/lazyfree --pages 1024 --samples 2
	says "vmstat:pglazyfreed               grew 2048, wanted >= 2048"
	[ "$(find /sys/fs/cgroup -maxdepth 2 -name 'rmapbench-*' | wc -l)" = 0 ]
}

@test "walk/lazyfree: without MADV_FREE nothing is dropped, and a kernel that did not count is no evidence" {
	can walk/lazyfree
	fails_evidence work:dropped "$PREVENT" madvise -- "$WORKLOADS/walk/lazyfree" --pages 256 --samples 1
	fails_evidence vmstat:pglazyfreed frozen_vmstat "$WORKLOADS/walk/lazyfree" --pages 256 --samples 1
}

@test "walk/lazyfree: what it refuses" {
	can walk/lazyfree
	refuses walk/lazyfree pages 1
	over_limits walk/lazyfree --max-bytes 100000
}

@test "mremap/huge: huge pages arrive whole, alone and shared" {
	can mremap/huge
	for children in 1 4; do
		works mremap/huge --folios 4 --children "$children" --samples 8
		says "work:whole                       grew 16, wanted == 16"
	done
}

@test "mremap/huge: without huge pages, and where mremap does nothing, there is no evidence" {
	can mremap/huge
	fails_evidence work:huge "$PREVENT" thp -- "$WORKLOADS/mremap/huge" --folios 2 --samples 4
	run "$PREVENT" mremap -- "$WORKLOADS/mremap/huge" --folios 2 --samples 4
	[ "$status" -ne 0 ]
	says "mremap"
	refuses mremap/huge folios 0
}
