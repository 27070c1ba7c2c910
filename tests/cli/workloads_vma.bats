#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The vma and mremap families: alone, limits, and evidence when the mechanism is prevented.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads

FAMILY=(vma/first-fault vma/split-merge mremap/move mremap/shuffle)

@test "vma, mremap: each describes itself as JSON" {
	for name in "${FAMILY[@]}"; do describes "$name"; done
}

@test "vma/first-fault: with holes and adjacent" {
	works vma/first-fault --vmas 50 --samples 100
	says "work:vmas_seen                   grew 100, wanted == 100"
	works vma/first-fault --vmas 50 --samples 100 --adjacent 1
	says "work:vmas_seen                   grew 100, wanted == 100"
}

@test "vma/first-fault: VMAs that merged are no evidence" {
	fails_evidence work:vmas_seen "$PREVENT" munmap -- "$WORKLOADS/vma/first-fault"
	fails_evidence work:vmas_seen "$PREVENT" mprotect -- "$WORKLOADS/vma/first-fault" --adjacent 1
}

@test "vma/first-fault: faults that the kernel did not count are no evidence" {
	fails_evidence vmstat:pgfault frozen_vmstat "$WORKLOADS/vma/first-fault"
}

@test "vma/split-merge: splits and merges all" {
	works vma/split-merge --vmas 30 --samples 90
	says "work:splits                      grew 90, wanted == 90"
	says "work:merges                      grew 90, wanted == 90"
}

@test "vma/split-merge: an mprotect that does nothing is no evidence" {
	fails_evidence work:splits "$PREVENT" mprotect -- "$WORKLOADS/vma/split-merge"
	fails_evidence work:merges "$PREVENT" mprotect -- "$WORKLOADS/vma/split-merge"
}

@test "mremap/move: from one page to many, shared by several" {
	works mremap/move --size 4 --samples 5
	works mremap/move --size 4096 --children 3 --samples 5
	says "work:arrived                     grew 10, wanted == 10"
	says "work:left                        grew 10, wanted == 10"
}

@test "mremap/move: an mremap that does nothing is no evidence" {
	fails_evidence work:arrived "$PREVENT" mremap -- "$WORKLOADS/mremap/move"
	fails_evidence work:left "$PREVENT" mremap -- "$WORKLOADS/mremap/move"
}

@test "mremap/move: an mremap that is refused is no figure" {
	run "$PREVENT" mremap=12 -- "$WORKLOADS/mremap/move"
	left_with 1
	says "mremap/move: invalid: mremap of 65536 bytes: Cannot allocate memory"
}

@test "mremap/shuffle: few chunks for long, many for short" {
	works mremap/shuffle --vmas 2 --operations 5000
	works mremap/shuffle --vmas 500 --operations 500
}

@test "mremap/shuffle: the seed alone decides what is done" {
	run "$WORKLOADS/mremap/shuffle" --seed 5
	local first
	first=$(grep evidence <<< "$output")
	run "$WORKLOADS/mremap/shuffle" --seed 5
	[ "$first" = "$(grep evidence <<< "$output")" ]
	run "$WORKLOADS/mremap/shuffle" --seed 6
	[ "$first" != "$(grep evidence <<< "$output")" ]
}

@test "mremap/shuffle: an mremap that does nothing is no evidence" {
	fails_evidence work:effective "$PREVENT" mremap -- "$WORKLOADS/mremap/shuffle"
}

@test "vma, mremap: out of range is a wrong call" {
	refuses vma/first-fault vmas 0
	refuses vma/first-fault adjacent 2
	refuses vma/split-merge vmas 16385
	refuses mremap/move size 65537
	refuses mremap/move children 0
	refuses mremap/shuffle operations 0
}

@test "vma, mremap: more than the limits allow is skipped" {
	over_limits vma/first-fault --vmas 32768 --max-bytes 1000000
	over_limits vma/split-merge --vmas 16384 --max-bytes 1000000
	over_limits mremap/move --size 65536 --max-bytes 1000000
	over_limits mremap/move --children 5 --max-processes 5
	over_limits mremap/shuffle --vmas 16384 --max-bytes 1000000
}
