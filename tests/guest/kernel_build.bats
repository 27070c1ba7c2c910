#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# make kernel: what it does before a compiler runs. The tree here is not one that builds; what builds
# is shown by docs/lab.md.

setup_file() {
	load helpers
	local tool
	for tool in flex bison bc rsync; do
		command -v $tool >/dev/null || skip "no $tool (make deps GROUPS=kernel)"
	done
}

setup() {
	load helpers
	BUILD=$BATS_TEST_TMPDIR/build
	SRC=$BATS_TEST_TMPDIR/linux
	mkdir -p "$SRC/mm" "$SRC/include/linux"
	touch "$SRC/Kconfig"
	# make fails with a name of its own, so we know how far we came.
	printf 'allnoconfig:\n\t@echo not-a-real-kernel >&2; false\n' >"$SRC/Makefile"
	seq 1 40 >"$SRC/mm/rmap.c"
	seq 1 40 >"$SRC/include/linux/rmap.h"
	PATCHES=$BATS_TEST_TMPDIR/patches
	mkdir "$PATCHES"
	before=$(tree_sum "$SRC")
}

tree_sum() { (cd "$1" && find . -type f -exec sha256sum {} + | sort | sha256sum); }

# build VARIABLE=VALUE...
build() {
	run env -u PATCHES -u CONFIG BUILD="$BUILD" NAME=test SRC="$SRC" "$@" "$ROOT/scripts/kernel.sh"
	[ "$(tree_sum "$SRC")" = "$before" ] # whatever happens
	[ ! -e "$BUILD/kernels/test" ]
}

# patch FILE LINE [TEXT]: a patch that changes that line, if it says TEXT.
patch_of() {
	local text=${3:-$2}
	printf -- '--- a/%s\n+++ b/%s\n@@ -%d,3 +%d,3 @@\n %d\n-%s\n+changed\n %d\n' "$1" "$1" $(($2 - 1)) $(($2 - 1)) \
		$(($2 - 1)) "$text" $(($2 + 1))
}

contains() {
	[[ $output == *"$1"* ]] || { printf 'no "%s" in:\n%s\n' "$1" "$output"; return 1; }
}

working_tree() { echo "$BUILD"/kernels-src/linux*/tree; }

@test "the call is checked" {
	build NAME=
	[ "$status" = 2 ]
	contains "give the kernel a name"
	build NAME=a/b
	[ "$status" = 2 ]
	build SRC=
	[ "$status" = 2 ]
	build SRC=/nowhere
	[ "$status" = 2 ]
	contains "does not exist"
	build ARCH=riscv
	[ "$status" = 2 ]
	contains "allowed are x86_64 and arm64"
	build CONFIG=/nowhere
	[ "$status" = 2 ]
}

@test "a folder that is no kernel tree, a file that is no archive" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	build SRC="$BATS_TEST_TMPDIR/empty"
	[ "$status" = 1 ]
	contains "no kernel tree"
	echo text >"$BATS_TEST_TMPDIR/text"
	build SRC="$BATS_TEST_TMPDIR/text"
	[ "$status" = 1 ]
	contains "neither a kernel tree nor a tar archive"
}

@test "a patch that does not apply: which one, which hunk, and nothing is changed" {
	patch_of mm/rmap.c 10 >"$PATCHES/0001-good.patch"
	{ patch_of mm/rmap.c 20; patch_of include/linux/rmap.h 5; patch_of include/linux/rmap.h 30 other | tail -n +3; } >"$PATCHES/0002-bad.patch"
	patch_of mm/rmap.c 30 >"$PATCHES/0003-good.patch"
	build PATCHES="$PATCHES"
	[ "$status" = 1 ]
	contains "patch 2 of 3 does not apply: 0002-bad.patch"
	contains "hunk 2 of include/linux/rmap.h: @@ -29,3 +29,3 @@"
	[ "$(tree_sum "$(working_tree)")" = "$before" ]
}

@test "a series is applied in order, and taken back for the next kernel" {
	patch_of mm/rmap.c 10 >"$PATCHES/b.patch"
	patch_of mm/rmap.c 10 changed | sed 's/^+changed/+again/' >"$PATCHES/a.patch"
	printf '# the order\nb.patch\na.patch\n' >"$PATCHES/series"
	build PATCHES="$PATCHES"
	contains "applied 2 patch(es)"
	contains "not-a-real-kernel"
	[ "$(sed -n 10p "$(working_tree)/mm/rmap.c")" = again ]
	build PATCHES=
	[ "$(tree_sum "$(working_tree)")" = "$before" ]
}

@test "an mbox: mails in the order of their subjects, cover letter and answers left out" {
	mail() { printf 'From x Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: %s\n\ntext\n---\n' "$1"; }
	{
		mail "[PATCH 0/2] cover"
		mail "[PATCH 2/2] second"
		patch_of mm/rmap.c 10 changed | sed 's/^+changed/+again/'
		printf -- '-- \n2.0\n\n'
		mail "Re: [PATCH 1/2] first"
		printf '> --- a/mm/rmap.c\nno\n\n'
		mail "[PATCH 1/2] first"
		patch_of mm/rmap.c 10
		printf -- '-- \n2.0\n\n'
	} >"$BATS_TEST_TMPDIR/series.mbox"
	build PATCHES="$BATS_TEST_TMPDIR/series.mbox"
	contains "applied 2 patch(es)"
	[ "$(sed -n 10p "$(working_tree)/mm/rmap.c")" = again ]
}

@test "a tarball is unpacked once and a patched file gets a fresh time" {
	tar -cJf "$BATS_TEST_TMPDIR/linux.tar.xz" -C "$BATS_TEST_TMPDIR" linux
	patch_of mm/rmap.c 10 >"$PATCHES/one.patch"
	build SRC="$BATS_TEST_TMPDIR/linux.tar.xz"
	contains unpacking
	touch -d 2020-01-01 "$(working_tree)/mm/rmap.c"
	build SRC="$BATS_TEST_TMPDIR/linux.tar.xz" PATCHES="$PATCHES"
	[[ $output != *unpacking* ]]
	[ "$(date -r "$(working_tree)/mm/rmap.c" +%Y)" != 2020 ]
	touch -d 2020-01-01 "$(working_tree)/mm/rmap.c"
	# Taken back: make must see that, or the old object would stay.
	build SRC="$BATS_TEST_TMPDIR/linux.tar.xz"
	[ "$(sed -n 10p "$(working_tree)/mm/rmap.c")" = 10 ]
	[ "$(date -r "$(working_tree)/mm/rmap.c" +%Y)" != 2020 ]
}
