#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is wrong is said before a guest starts: place, value, what is allowed, what to do.

setup_file() {
	load helpers
	need_lab
}

setup() {
	load helpers
	OUT=$BATS_TEST_TMPDIR/results
	BASE=base=$KERNELS/6.1
	NEW=new=$KERNELS/6.12
}

# Nothing was started, nothing was written.
untouched() {
	[ ! -e "$OUT" ] || { ls -R "$OUT"; return 1; }
}

@test "no kernel, one kernel, a word without a label" {
	lab
	left_with 2
	lab "$BASE"
	left_with 2
	tells "1 kernel is given"
	lab "$KERNELS/6.1" "$NEW"
	left_with 2
	tells "LABEL=KERNEL"
	lab "a/b=$KERNELS/6.1" "$NEW"
	left_with 2
	tells "no slash"
	lab "$BASE" "$BASE"
	left_with 2
	tells "given twice"
	untouched
}

@test "a file that is no kernel, and one that is not there: both are named" {
	echo "#!/bin/sh" >"$BATS_TEST_TMPDIR/script"
	lab base="$BATS_TEST_TMPDIR/script" new=/nowhere/vmlinuz
	left_with 2
	tells "base=$BATS_TEST_TMPDIR/script: no kernel"
	tells "new=/nowhere/vmlinuz: No such file"
	untouched
}

@test "a kernel of the other architecture" {
	# The mark of an arm64 Image (Documentation/arch/arm64/booting.rst) and nothing else.
	{ head -c 56 /dev/zero; printf 'ARM\x64'; head -c 4096 /dev/zero; } >"$BATS_TEST_TMPDIR/Image"
	lab "$BASE" new="$BATS_TEST_TMPDIR/Image"
	left_with 2
	tells "a kernel for arm64, but the guests are x86_64"
	lab --arch arm64 "$BASE" "$NEW"
	left_with 2
	tells "a kernel for x86_64, but the guests are arm64"
	lab --arch riscv "$BASE" "$NEW"
	left_with 2
	tells "allowed are x86_64 and arm64"
	untouched
}

@test "a kernel without NUMA and serial console" {
	mkdir "$BATS_TEST_TMPDIR/kernel"
	cp "$KERNELS/6.1/vmlinuz" "$BATS_TEST_TMPDIR/kernel/"
	grep -v -e '^CONFIG_NUMA=' -e '^CONFIG_SERIAL_8250_CONSOLE=' "$KERNELS/6.1/config" >"$BATS_TEST_TMPDIR/kernel/config"
	lab base="$BATS_TEST_TMPDIR/kernel" "$NEW"
	left_with 2
	tells "CONFIG_NUMA=n, needed is y"
	tells "CONFIG_SERIAL_8250_CONSOLE=n, needed is y"
	untouched
}

@test "no QEMU: the package is named" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	run --separate-stderr env PATH="$BATS_TEST_TMPDIR/bin" "$RMAPBENCH" lab --out "$OUT" "$BASE" "$NEW"
	left_with 1
	tells "qemu-system-x86_64 is not installed"
	tells "package qemu-system-x86"
	untouched
}

@test "time without KVM is refused; with --force it is not" {
	[ ! -w /dev/kvm ] || skip "this machine has KVM"
	lab --mode time "$BASE" "$NEW"
	left_with 1
	tells "/dev/kvm cannot be opened"
	tells "an emulator's times are not times"
	untouched
}

@test "time with a KVM that opens but starts no processor is refused, and what it says is told" {
	[ -w /dev/kvm ] || skip "no /dev/kvm"
	[ "$(id -u)" = 0 ] || skip "another /dev/kvm takes root"
	run --separate-stderr unshare -m bash -c \
		"mount --bind /dev/null /dev/kvm && '$RMAPBENCH' lab --mode time --out '$OUT' '$BASE' '$NEW'"
	left_with 1
	tells "mode time needs KVM for x86_64 guests (qemu-system-x86_64: "
	untouched
}

@test "more memory than there is" {
	small_guests
	sed -i 's/384M/900G/' "$LAB"
	lab --config "$LAB" "$BASE" "$NEW"
	left_with 1
	tells "MiB of memory are available"
	untouched
}

@test "a config, a plan, a pattern and numbers that are wrong" {
	small_guests '[kernel base]' 'speed = 1'
	lab --config "$LAB" "$BASE" "$NEW"
	left_with 2
	tells "lab.ini:13: 'speed' is no key of [kernel base]"
	lab --config /nowhere.ini "$BASE" "$NEW"
	left_with 2
	printf '[run]\nspeed = 1\n' >"$BATS_TEST_TMPDIR/plan.ini"
	lab --plan "$BATS_TEST_TMPDIR/plan.ini" "$BASE" "$NEW"
	left_with 2
	tells "plan.ini:2"
	lab --plan /nowhere.ini "$BASE" "$NEW"
	left_with 2
	lab --set fork/vmas.vmas=10000000 "$BASE" "$NEW"
	left_with 2
	lab --blocks none "$BASE" "$NEW"
	left_with 2
	tells "allowed are whole numbers"
	lab --blocks 1 "$BASE" "$NEW"
	left_with 2
	tells "nothing can be called exact that was not repeated"
	lab --mode quick "$BASE" "$NEW"
	left_with 2
	lab --speed "$BASE" "$NEW"
	left_with 2
	untouched
}

@test "until: where there is no noise, with less than a pilot, and no share" {
	lab --until 1% "$BASE" "$NEW"
	left_with 2
	tells "mode exact has no noise"
	lab --mode layout --until 1% --blocks 9 "$BASE" "$NEW"
	left_with 2
	tells "the pilot alone takes 10"
	lab --mode layout --until much "$BASE" "$NEW"
	left_with 2
	tells "--until 'much': give a share above 0"
	untouched
}

@test "two kernels are not mixed under one label" {
	mkdir -p "$OUT/base/some-boot"
	echo '{"record":"run","schema":1,"tool":"x","mode":"exact","kernel":{"release":"5.4.0","version":"#1"}}' >"$OUT/base/some-boot/1.jsonl"
	lab "$BASE" "$NEW"
	left_with 2
	tells "$OUT/base holds another kernel, 5.4.0"
	[ "$(find "$OUT" -type f | wc -l)" = 1 ]
}

@test "nothing to resume" {
	mkdir "$OUT"
	lab --resume "$BASE" "$NEW"
	left_with 1
	tells "--resume: no schedule in"
}

@test "init is for guests" {
	run --separate-stderr "$RMAPBENCH" init
	left_with 2
	tells "process 1 of a lab guest"
}
