#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The fork family: each workload alone, its limits, and its evidence when the mechanism is prevented.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads

FAMILY=(fork/vmas fork/wide fork/chain fork/storm fork/cow fork/first-later fork/again fork/exec
	fork/orphan fork/ever fork/zygote fork/sparse fork/snapshot fork/cow-pages fork/folio)

@test "fork: each describes itself as JSON" {
	for name in "${FAMILY[@]}"; do describes "$name"; done
}

@test "fork/vmas: alone, from one VMA to many" {
	works fork/vmas --vmas 1 --samples 20
	works fork/vmas --vmas 300 --samples 20
	says "n 20"
}

@test "fork/wide: a sample for each fork of each round" {
	works fork/wide --vmas 10 --children 7 --samples 21
	says "work:reaped                      grew 21, wanted == 21"
	says "n 21"
}

@test "fork/wide: one round when there are more children than samples" {
	works fork/wide --vmas 2 --children 9 --samples 4
	says "grew 9, wanted == 9"
	says "n 4"
}

@test "fork/chain: every level counts, deep and shallow" {
	works fork/chain --vmas 3 --depth 1 --samples 4
	works fork/chain --vmas 3 --depth 64 --samples 128
	says "work:reaped                      grew 128, wanted == 128"
}

@test "fork/storm: all processes fork" {
	works fork/storm --processes 3 --vmas 5 --samples 30
	says "work:reaped                      grew 30, wanted == 30"
}

@test "fork/cow: copies and reuse fault, contents stay apart" {
	works fork/cow --pages 64 --children 3 --samples 64
	works fork/cow --pages 3 --children 1 --samples 2
}

@test "fork/first-later, fork/again: every sample has its own fork" {
	works fork/first-later --vmas 5 --samples 7
	says "work:reaped                      grew 14, wanted == 14"
	works fork/again --vmas 5 --samples 7
	says "work:reaped                      grew 21, wanted == 21"
}

@test "fork/exec: programs start both ways" {
	works fork/exec --vmas 3 --samples 5
	says "work:executed                    grew 10, wanted == 10"
}

@test "fork/exec: a child that never became the program is no evidence" {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	# shellcheck disable=SC2016 # the inner shell expands
	fails_evidence work:executed unshare --mount sh -c 'mount -t tmpfs none /proc && exec "$0" "$@"' \
		"$WORKLOADS/fork/exec" --max-bytes 100000000
}

@test "fork/orphan: orphans outlive their parent" {
	works fork/orphan --vmas 4 --children 3 --samples 24
	says "work:reaped                      grew 8, wanted == 8"
}

@test "fork/ever: from one generation to many" {
	works fork/ever --vmas 2 --generations 1
	works fork/ever --vmas 2 --generations 50
	says "work:reaped                      grew 50, wanted == 50"
}

@test "fork/zygote: applications that write nothing, and all of it" {
	works fork/zygote --vmas 10 --apps 3 --app-vmas 4 --written 0 --samples 3
	works fork/zygote --vmas 10 --apps 3 --app-vmas 4 --written 100 --samples 3
}

@test "fork/sparse: more children than VMAs, and fewer" {
	works fork/sparse --vmas 3 --children 7 --samples 7
	says "work:gone                        grew 14, wanted == 14"
	works fork/sparse --vmas 7 --children 3 --samples 3
}

@test "fork/sparse: a munmap that does nothing is no evidence" {
	fails_evidence work:gone "$LIARS/fork/sparse" --vmas 5 --children 2
}

@test "fork/snapshot: any number of pages and writes" {
	works fork/snapshot --pages 1 --writes 5 --samples 3
	works fork/snapshot --pages 1000 --writes 10 --samples 50
	says "work:seen                        grew 5000, wanted == 5000"
}

@test "fork/cow-pages: each child copies all" {
	works fork/cow-pages --children 5 --pages 6 --samples 10
}

@test "fork/folio: pages" {
	works fork/folio --size 4 --folio 4 --samples 3
}

thp_settings() {
	head /sys/kernel/mm/transparent_hugepage/enabled \
		/sys/kernel/mm/transparent_hugepage/hugepages-*/enabled 2> /dev/null
}

@test "fork/folio: huge pages, and settings put back, also when it is killed" {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	[[ -w /sys/kernel/mm/transparent_hugepage/enabled ]] || skip "no THP"
	local before pid
	before=$(thp_settings)
	works fork/folio --size 4 --folio 2048 --samples 3
	[ "$before" = "$(thp_settings)" ]
	"$WORKLOADS/fork/folio" --size 64 --folio 2048 --samples 100000 > /dev/null &
	pid=$!
	sleep 0.5
	kill -TERM $pid
	wait $pid || true
	[ "$before" = "$(thp_settings)" ]
}

@test "fork/folio: memory that did not become huge is no evidence" {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	[[ -w /sys/kernel/mm/transparent_hugepage/enabled ]] || skip "no THP"
	fails_evidence work:folios_seen "$PREVENT" madvise -- "$WORKLOADS/fork/folio" --size 4 --folio 2048
}

@test "fork/folio: no power of two is refused, with what is allowed" {
	run "$WORKLOADS/fork/folio" --folio 48
	left_with 77
	says "--folio 48: allowed are powers of two"
}

@test "fork: out of range is a wrong call" {
	refuses fork/vmas vmas 0
	refuses fork/vmas vmas 4097
	refuses fork/wide children 10000000
	refuses fork/wide children many
	refuses fork/chain depth 65
	refuses fork/storm processes -1
	refuses fork/cow pages 1
	refuses fork/cow children 1001
	refuses fork/first-later vmas 0
	refuses fork/again vmas 5000
	refuses fork/exec vmas x
	refuses fork/orphan children 501
	refuses fork/ever generations 0
	refuses fork/zygote written 101
	refuses fork/sparse vmas 1
	refuses fork/snapshot pages 0
	refuses fork/cow-pages pages 65537
	refuses fork/folio size 1025
}

@test "fork: unknown options and stray words are wrong calls" {
	run "$WORKLOADS/fork/wide" --breadth 3
	left_with 2
	run "$WORKLOADS/fork/wide" 3
	left_with 2
	says "'3' is no option"
}

@test "fork: more than the limits allow is skipped before anything is taken" {
	over_limits fork/wide --vmas 4096 --children 1000 --max-bytes 100000000
	over_limits fork/wide --children 20 --max-processes 20
	over_limits fork/chain --vmas 4096 --depth 64 --max-bytes 10000000
	over_limits fork/chain --depth 64 --max-processes 64
	over_limits fork/storm --processes 4 --max-processes 8
	over_limits fork/cow --pages 262144 --max-bytes 1000000000
	over_limits fork/vmas --vmas 4096 --max-bytes 1000000
	over_limits fork/first-later --vmas 4096 --max-bytes 1000000
	over_limits fork/again --max-processes 2
	over_limits fork/exec --max-processes 1
	over_limits fork/orphan --children 10 --max-processes 11
	over_limits fork/ever --generations 100000 --max-bytes 100000000
	over_limits fork/zygote --apps 100 --max-processes 100
	over_limits fork/sparse --vmas 1000 --children 1000 --max-bytes 50000000
	over_limits fork/snapshot --pages 262144 --max-bytes 1000000000
	over_limits fork/cow-pages --children 1000 --pages 1000 --max-bytes 4000000000
	over_limits fork/folio --size 1024 --max-bytes 1000000000
}

@test "fork: within its limits by a little it runs" {
	works fork/wide --vmas 2 --children 4 --samples 4 --max-processes 5
	works fork/storm --vmas 2 --processes 4 --samples 4 --max-processes 9
}

@test "fork: a fork that is refused is no figure" {
	for name in "${FAMILY[@]}"; do
		run "$PREVENT" clone=11 -- "$WORKLOADS/$name"
		left_with 1
		says "$name: invalid: fork"
		says "Resource temporarily unavailable"
		silent_on median
	done
}

@test "fork: VMAs that are one, because the holes between them stayed, leave no figure" {
	for name in again chain ever exec first-later orphan sparse storm vmas wide zygote; do
		merged "fork/$name"
	done
}

@test "fork: faults that the kernel did not count are no evidence" {
	fails_evidence vmstat:pgfault frozen_vmstat "$WORKLOADS/fork/cow" --pages 64 --samples 32
	fails_evidence vmstat:pgfault frozen_vmstat "$WORKLOADS/fork/chain" --vmas 4 --depth 4 --samples 4
	fails_evidence vmstat:pgfault frozen_vmstat "$WORKLOADS/fork/ever" --vmas 4 --generations 4
	fails_evidence vmstat:pgfault frozen_vmstat "$WORKLOADS/fork/zygote" --vmas 4 --apps 4 --samples 4
	fails_evidence vmstat:pgfault frozen_vmstat "$WORKLOADS/fork/snapshot" --pages 40 --samples 40
	fails_evidence vmstat:pgfault frozen_vmstat "$WORKLOADS/fork/cow-pages" --children 4 --samples 4
}

# The first anonymous VMA of one page, in hex: the first of the region.
first_page() {
	sed -n 's/^\(7[0-9a-f]*\)000-.* rw-p 00000000 00:00 0 *$/\1000/p' "/proc/$1/maps" | head -1
}

@test "fork/wide: a page that changes behind a child's back is corruption" {
	local parent child=
	"$WORKLOADS/fork/wide" --vmas 4 --children 500 --samples 100000 > "$BATS_TEST_TMPDIR/out" 2>&1 &
	parent=$!
	until [[ -n $child ]]; do
		kill -STOP $parent
		child=$(pgrep -P $parent | head -1)
		[[ -n $child ]] || kill -CONT $parent
	done
	sleep 0.2
	printf 'XXXXXXXX' | dd of="/proc/$child/mem" bs=8 seek=$((0x$(first_page "$child") / 8)) \
		conv=notrunc status=none || { kill -KILL $parent; skip "/proc/PID/mem is not for us"; }
	kill -CONT $parent
	wait $parent && return 1
	run cat "$BATS_TEST_TMPDIR/out"
	says "are not its parent's"
	silent_on median
}
