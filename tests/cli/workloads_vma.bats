#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The vma, mremap and contention families, and exec: alone, limits, and evidence when the mechanism is prevented.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads

FAMILY=(vma/first-fault vma/split-merge vma/jit vma/guard vma/sharing vma/unmap-middle vma/file-cow
	vma/threads-fault mremap/move mremap/shuffle contention/family exec)

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
	merged vma/first-fault
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

@test "vma/jit: opens, seals and refills" {
	works vma/jit --chunks 3 --pages 1 --samples 20
	says "work:split                       grew 40, wanted == 40"
	says "work:zeroed                      grew 5, wanted == 5"
}

@test "vma/jit: calls that do nothing are no evidence" {
	fails_evidence work:split "$PREVENT" mprotect -- "$WORKLOADS/vma/jit" --samples 4
	fails_evidence work:zeroed "$PREVENT" madvise -- "$WORKLOADS/vma/jit" --samples 4
}

@test "vma/guard: one stack and many" {
	works vma/guard --stacks 1 --samples 3
	works vma/guard --stacks 50 --size 64 --samples 100
	says "work:guards                      grew 100, wanted == 100"
}

@test "vma/guard: stacks that stay are no evidence" {
	fails_evidence work:vmas_gone "$PREVENT" munmap:131072 -- "$WORKLOADS/vma/guard" --stacks 5 --samples 5
}

@test "vma/sharing: one VMA and many" {
	works vma/sharing --vmas 1 --samples 2
	works vma/sharing --vmas 100 --samples 4
}

@test "vma/sharing: VMAs that merged are no evidence" {
	merged vma/sharing
	fails_evidence work:vmas_seen "$PREVENT" mprotect -- "$WORKLOADS/vma/sharing"
}

@test "vma/unmap-middle: all middles go and come back" {
	works vma/unmap-middle --vmas 9 --samples 27
	says "work:splits                      grew 27, wanted == 27"
}

@test "vma/unmap-middle: a munmap that does nothing is no evidence" {
	fails_evidence work:splits "$LIARS/vma/unmap-middle" --vmas 5
}

@test "vma/file-cow: copies are private, the file untouched" {
	works vma/file-cow --vmas 20 --samples 40
	says "work:intact                      grew 80, wanted == 80"
}

@test "vma/file-cow: faults that the kernel did not count are no evidence" {
	fails_evidence vmstat:pgfault frozen_vmstat "$WORKLOADS/vma/file-cow"
}

@test "vma/threads-fault: one thread and many" {
	works vma/threads-fault --threads 1 --vmas 10 --samples 20
	works vma/threads-fault --threads 50 --vmas 3 --samples 300
	says "n 300"
}

@test "vma/threads-fault: VMAs that merged are no evidence" {
	merged vma/threads-fault
	fails_evidence vmstat:pgfault frozen_vmstat "$WORKLOADS/vma/threads-fault"
}

@test "contention/family: all cycles are done" {
	run "$WORKLOADS/contention/family" --processes 3 --vmas 4 --samples 12
	left_with 0
	says "work:reaped                      grew 12, wanted == 12"
	says "work:holes                       grew 12, wanted == 12"
}

@test "contention/family: migration takes two nodes, or it is skipped" {
	run "$WORKLOADS/contention/family" --migrate 1
	if [[ $(cat /sys/devices/system/node/has_memory) == *[-,]* ]]; then
		left_with 0
		says "migrated "
	else
		left_with 77
		says "two nodes with memory"
	fi
}

@test "contention/family: lock waits are counted, or it says why not; no tracing instance stays" {
	run "$WORKLOADS/contention/family" --waits 1 --samples 8
	if [[ $status -eq 0 ]]; then
		says "lock waits by caller: "
		says "lock-waits "
		silent_on "ns, min" # no times while tracing
	else
		left_with 77
		says "trac"
	fi
	run ls /sys/kernel/tracing/instances /sys/kernel/debug/tracing/instances
	silent_on rmapbench-
}

@test "contention/family: a munmap that does nothing is no evidence" {
	fails_evidence work:holes "$LIARS/contention/family" --samples 4
}

@test "exec: any command, its output dropped" {
	works exec --command "echo a line that must not show; sleep 0.1" --samples 2
	silent_on "  a line"
}

@test "exec: a command that fails is no figure" {
	run "$WORKLOADS/exec" --command "exit 3"
	left_with 1
	says "'exit 3' left with status 3"
	silent_on median
	run "$WORKLOADS/exec" --command /no/such/program
	left_with 1
	says "not found"
	run "$WORKLOADS/exec" --command 'kill -9 $$'
	left_with 1
	says "was killed by signal 9"
	run "$WORKLOADS/exec" --command ""
	left_with 2
}

@test "exec: what the command leaves running ends with it, and when the workload is ended" {
	local pid
	works exec --command "sleep 54321 & true" --samples 1
	gone "sleep 54321"
	"$WORKLOADS/exec" --command "sleep 54322 & sleep 54322" > /dev/null 3>&- &
	pid=$!
	for _ in {1..400}; do
		! pgrep -fx "sleep 54322" > /dev/null || break
		sleep 0.05
	done
	kill -TERM $pid
	wait $pid || true
	sleep 0.2
	gone "sleep 54322"
}

@test "vma, mremap: out of range is a wrong call" {
	refuses vma/first-fault vmas 0
	refuses vma/first-fault adjacent 2
	refuses vma/split-merge vmas 16385
	refuses mremap/move size 65537
	refuses mremap/move children 0
	refuses mremap/shuffle operations 0
	refuses vma/jit chunks 2
	refuses vma/guard size 63
	refuses vma/sharing vmas 0
	refuses vma/unmap-middle vmas 16385
	refuses vma/file-cow vmas -3
	refuses vma/threads-fault threads 257
	refuses contention/family processes 501
	refuses exec hold -1
}

@test "vma, mremap: more than the limits allow is skipped" {
	over_limits vma/first-fault --vmas 32768 --max-bytes 1000000
	over_limits vma/split-merge --vmas 16384 --max-bytes 1000000
	over_limits mremap/move --size 65536 --max-bytes 1000000
	over_limits mremap/move --children 5 --max-processes 5
	over_limits mremap/shuffle --vmas 16384 --max-bytes 1000000
	over_limits vma/jit --chunks 65536 --max-bytes 1000000
	over_limits vma/guard --stacks 16384 --max-bytes 1000000
	over_limits vma/sharing --max-processes 1
	over_limits vma/unmap-middle --vmas 16384 --max-bytes 1000000
	over_limits vma/file-cow --vmas 4096 --max-bytes 1000000
	over_limits vma/threads-fault --threads 8 --max-processes 8
	over_limits contention/family --processes 8 --max-processes 16
}
