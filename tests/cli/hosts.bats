#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench run on hosts that lack something: no root, one node, no THP, no debugfs, no sysfs...
# What is missing is hidden in a mount namespace of the test's own.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers

setup_file() {
	export FEW=$BATS_FILE_TMPDIR/workloads
	mkdir -p "$FEW/fork" "$FEW/migrate" "$FEW/thp"
	for name in null fork/wide migrate/move-pages migrate/compaction thp/split thp/partial-unmap; do
		cp "$WORKLOADS/$name" "$FEW/$name"
	done
}

setup() {
	export RMAPBENCH_WORKLOADS=$FEW
}

# is_skipped WORKLOAD TEXT: the newest records skip it with TEXT as reason, and have no figures of it.
is_skipped() {
	has_records 1 ".record == \"skip\" and .workload == \"$1\" and (.reason | contains(\"$2\")) and (.need | type == \"string\")"
	has_records 0 ".record == \"samples\" and .workload == \"$1\""
	has_records 1 '.record == "end" and .status == 0'
}

# as_nobody COMMAND...
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

@test "no root: runs what can be run, says what cannot, into a folder of its own" {
	needs_root
	home=$(mktemp -d)
	chmod 755 "$home"
	cp -r "$FEW" "$home/workloads"
	cp "$RMAPBENCH" "$home"
	plan '[settings]' 'swappiness = 41' 'aslr = 0' '[null]' 'count_repeats = 2' '[fork/wide]' 'children = 2' 'samples = 20' \
		'count_repeats = 2' '[migrate/compaction]'
	cp "$PLAN" "$home/plan.ini"
	mkdir "$home/out"
	chown 65534 "$home/out"
	before=$(cat /proc/sys/vm/swappiness)
	RMAPBENCH_WORKLOADS=$home/workloads run --separate-stderr \
		as_nobody "$home/rmapbench" run --config "$home/plan.ini" --label t --out "$home/out"
	OUT=$BATS_TEST_TMPDIR/out
	cp -r "$home/out" "$OUT"
	rm -rf "$home"
	left_with 0
	warns_of "/proc/sys/vm/swappiness: cannot be set to 41: Permission denied"
	warns_of "run as root"
	warns_of "root needed" # for what of the slab caches differs between kernels
	has_records 0 '.record == "slab" and .exact'
	has_records 0 '.record == "evidence" and (.counter | startswith("slab:")) and (.held or (.undecided | not))'
	is_skipped migrate/compaction "root"
	jq -es '[.[] | select(.record == "samples") | .workload] | unique == ["fork/wide", "null"]' "$(records)"
	[ "$(cat /proc/sys/vm/swappiness)" = "$before" ]
}

@test "no root: a results folder that is not ours is named" {
	needs_root
	home=$(mktemp -d)
	chmod 755 "$home"
	cp -r "$FEW" "$home/workloads"
	cp "$RMAPBENCH" "$home"
	printf '[null]\n' >"$home/plan.ini"
	RMAPBENCH_WORKLOADS=$home/workloads run as_nobody "$home/rmapbench" run --config "$home/plan.ini" --label t --out "$home/out"
	left=$(ls "$home")
	rm -rf "$home"
	left_with 1
	says "$home/out: cannot be made: Permission denied; name a folder that can be written with --out"
	[[ $left != *out* ]]
}

@test "one node: migrate/move-pages is skipped, and guests are named" {
	[ "$(grep -lE '^Node [0-9]+ MemTotal: +[1-9]' /sys/devices/system/node/node*/meminfo | wc -l)" = 1 ] || skip "this machine has more nodes"
	plan '[migrate/move-pages]' '[null]'
	bench
	left_with 0
	is_skipped migrate/move-pages "1 NUMA node with memory here, 2 needed; 'rmapbench lab' boots guests that have it"
	says "1 NUMA node with memory here"
	run "$RMAPBENCH" list migrate/move-pages
	says "not here: 1 NUMA node"
}

@test "THP never: thp/* is skipped, and the setting is named" {
	needs_root
	[ -e /sys/kernel/mm/transparent_hugepage/enabled ] || skip "no THP here"
	plan '[thp/split]' '[thp/partial-unmap]' '[null]'
	echo 'always madvise [never]' >"$BATS_TEST_TMPDIR/never"
	bench_privately "mount --bind $BATS_TEST_TMPDIR/never /sys/kernel/mm/transparent_hugepage/enabled"
	left_with 0
	is_skipped thp/split "write madvise to /sys/kernel/mm/transparent_hugepage/enabled"
	is_skipped thp/partial-unmap "write madvise to"
	has_records 1 '.record == "run" and .settings.thp == "never"'
}

@test "no THP in the kernel: thp/* is skipped" {
	needs_root
	[ -e /sys/kernel/mm/transparent_hugepage ] || skip "no THP here"
	plan '[thp/partial-unmap]' '[null]'
	bench_privately "mount -t tmpfs none /sys/kernel/mm/transparent_hugepage"
	left_with 0
	is_skipped thp/partial-unmap "no transparent huge pages"
}

@test "no debugfs: thp/split is skipped" {
	needs_root
	plan '[thp/split]' '[null]'
	bench_privately "mount -t tmpfs none /sys/kernel/debug"
	left_with 0
	is_skipped thp/split "debugfs has no split_huge_pages"
}

@test "debugfs that refuses: thp/split is skipped with what the kernel said" {
	needs_root
	plan '[thp/split]' '[null]'
	mkdir "$BATS_TEST_TMPDIR/debug"
	bench_privately "mount --bind $BATS_TEST_TMPDIR/debug /sys/kernel/debug && touch /sys/kernel/debug/split_huge_pages &&
		mount -o remount,ro,bind /sys/kernel/debug"
	left_with 0
	is_skipped thp/split "debugfs split_huge_pages refuses: Read-only file system"
}

@test "no sysfs files of slab caches: counts are there, and called not exact" {
	needs_root
	[ -r /proc/slabinfo ] || skip "no /proc/slabinfo here"
	plan '[fork/wide]' 'children = 3' 'samples = 20' 'count_repeats = 1'
	bench_privately "mount -t tmpfs none /sys/kernel/slab"
	left_with 0
	has_records 0 '.record == "slab" and .exact'
	has_records 4 '.record == "slab" and .cache == "vm_area_struct" and .inexact_because == "no sysfs" and .object_size > 0'
	has_records 1 '.record == "samples" and .metric == "fork"'
}

@test "no slab figures at all: told once, and what can be timed is timed" {
	needs_root
	plan '[null]' 'count_repeats = 1'
	: >"$BATS_TEST_TMPDIR/nothing"
	bench_privately "mount -t tmpfs none /sys/kernel/slab && mount --bind $BATS_TEST_TMPDIR/nothing /proc/slabinfo"
	left_with 0
	warns_of "this kernel shows no slab cache 'anon_vma'; it is left out"
	has_records 0 '.record == "slab"'
	has_records 1 '.record == "samples"'
}

@test "slab caches that cannot be shrunk are not counted: told once, and what can be timed is timed" {
	needs_root
	plan '[null]' 'count_repeats = 1' '[fork/wide]' 'children = 2' 'samples = 20' 'count_repeats = 1'
	bench_privately "mount --bind /sys/kernel/slab /sys/kernel/slab && mount -o remount,ro,bind /sys/kernel/slab"
	left_with 0
	[ "$(grep -c 'slab objects are not counted: the slab caches cannot be shrunk' <<<"$stderr")" = 1 ]
	has_records 0 '.record == "slab"'
	jq -es '[.[] | select(.record == "samples") | .workload] | unique == ["fork/wide", "null"]' "$(records)"
}

@test "a cache that other kinds of objects share is called merged, with their names" {
	needs_root
	[ -L /sys/kernel/slab/anon_vma_chain ] || skip "anon_vma_chain has a cache of its own here"
	plan '[null]' 'count_repeats = 1'
	bench
	left_with 0
	has_records 4 '.record == "slab" and .cache == "anon_vma_chain" and (.exact | not) and .inexact_because == "merged" and
		(.aliases | length > 0)'
}

@test "a cache that no kernel has is left out; evidence on one that is not counted proves nothing" {
	needs_root
	plan 'caches = anon_vma no_such_cache' '[fork/wide]' 'children = 2' 'samples = 20' 'count_repeats = 1'
	bench
	left_with 0
	warns_of "this kernel shows no slab cache 'no_such_cache'; it is left out"
	has_records 0 '.record == "slab" and .cache != "anon_vma"'
	has_records 1 '.record == "evidence" and .counter == "slab:vm_area_struct" and (.held | not) and .undecided'
}

@test "no cgroups: what needs none runs" {
	needs_root
	plan '[null]' '[fork/wide]' 'children = 2' 'samples = 20'
	bench_privately "mount -t tmpfs none /sys/fs/cgroup"
	left_with 0
	has_records 1 '.record == "samples" and .workload == "null"'
	has_records 1 '.record == "end" and .status == 0'
}

@test "no sysfs, no pressure figures, no kernel log: null runs, and the record says what is not known" {
	needs_root
	plan '[null]'
	bench_privately "mount -t tmpfs none /sys && mount -t tmpfs none /proc/pressure && mount --bind /dev/null /dev/kmsg"
	left_with 0
	has_records 1 '.record == "samples"'
	has_records 1 '.record == "run" and .settings.thp == null and .kernel.release != null'
	has_records 1 '.record == "process" and .pass == "time" and .pressure_cpu_us == null'
}

@test "io_uring that is switched off: the time line is read one by one" {
	needs_root
	use_fakes good
	plan '[fake/good]'
	for error in 1 38; do # EPERM: kernel.io_uring_disabled; ENOSYS: CONFIG_IO_URING=n
		run --separate-stderr "$PREVENT" io_uring_setup=$error -- "$RMAPBENCH" run --config "$PLAN" --label t --out "$OUT"
		left_with 0
		has_records 1 '.record == "timeline" and (.ms | length > 0) and (.objects.anon_vma | length > 0 and all(. > 0))'
	done
}
