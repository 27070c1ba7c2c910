#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The migrate family: alone, limits, skips, and evidence when the mechanism is prevented. What takes
# two nodes is tested in guests: tests/guest/.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads

FAMILY=(migrate/move-pages migrate/compaction migrate/migrate-pages migrate/mbind migrate/balancing
	migrate/cpuset migrate/thp migrate/offline migrate/pinned migrate/churn)
TWO_NODES=(migrate/move-pages migrate/migrate-pages migrate/mbind migrate/balancing migrate/cpuset
	migrate/thp migrate/pinned migrate/churn)

root_only() {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
}

# dead_file FILE COMMAND...: the command sees, in the place of a control file, one that does nothing.
dead_file() {
	local file=$1
	shift
	: > "$BATS_TEST_TMPDIR/dead"
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --mount sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
		"$BATS_TEST_TMPDIR/dead" "$file" "$@"
}

@test "migrate: each describes itself as JSON" {
	for name in "${FAMILY[@]}"; do describes "$name"; done
}

@test "migrate: one node is a skip that says where two are" {
	root_only
	nodes=(/sys/devices/system/node/node[0-9]*)
	[[ ${#nodes[@]} -eq 1 ]] || skip "this host has ${#nodes[@]} nodes"
	for name in "${TWO_NODES[@]}"; do
		run "$WORKLOADS/$name"
		left_with 77
		says "1 NUMA node with memory here, 2 needed"
		says "rmapbench lab"
		run "$WORKLOADS/$name" --check
		left_with 77
	done
}

@test "migrate/offline: harms the host, so it does not run here" {
	root_only
	run "$WORKLOADS/migrate/offline"
	left_with 77
	says "--allow-dangerous"
}

@test "migrate: out of range is a wrong call" {
	refuses migrate/move-pages pages 0
	refuses migrate/move-pages batch 0
	refuses migrate/move-pages children 1001
	refuses migrate/move-pages move-all 2
	refuses migrate/compaction size 0
	refuses migrate/compaction fill 1
}

@test "migrate/compaction: pages of ours move" {
	root_only
	works migrate/compaction --size 2 --fill 256 --samples 1 ||
		works migrate/compaction --size 2 --fill 512 --samples 1
}

@test "migrate/compaction: children find their pages" {
	root_only
	works migrate/compaction --size 2 --fill 256 --samples 1 --children 3 ||
		works migrate/compaction --size 2 --fill 512 --samples 1 --children 3
	says "work:reaped                      grew 3, wanted == 3: held"
}

@test "migrate/compaction: compaction that does not happen is no evidence" {
	root_only
	[[ -e /sys/devices/system/node/node0/compact ]] || skip "no compact file of node 0"
	fails_evidence work:moved dead_file /sys/devices/system/node/node0/compact \
		"$WORKLOADS/migrate/compaction" --size 1 --fill 16 --samples 1
	fails_evidence vmstat:compact_isolated frozen_vmstat \
		"$WORKLOADS/migrate/compaction" --size 1 --fill 64 --samples 1
}

@test "migrate/compaction: without room for holes it says so" {
	root_only
	run "$WORKLOADS/migrate/compaction" --size 8 --fill 15
	left_with 77
	says "fill=15 is less than twice size=8"
}

@test "migrate/compaction: without root it is a skip" {
	[[ $(id -u) -eq 0 ]] || skip "needs root to give it up"
	run setpriv --reuid 65534 --clear-groups "$WORKLOADS/migrate/compaction"
	left_with 77
	says "needs root"
}

@test "migrate: more than the limits allow is skipped before anything is taken" {
	root_only
	over_limits migrate/compaction --fill 128 --max-bytes 100000000
	over_limits migrate/compaction --children 9 --max-processes 9
}
