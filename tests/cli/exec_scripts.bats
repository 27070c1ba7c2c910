#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs behind configs/exec-*.ini, and that the plans name them.
# shellcheck disable=SC2030,SC2031,SC2154

load workloads

@test "exec plans: the runner takes each, and the script that it names is there" {
	cd "$ROOT"
	for plan in configs/exec-*.ini; do
		run build/rmapbench run --dry-run --config "$plan"
		left_with 0
		says "exec"
		[ -x "$(sed -n 's/^command = \([^ ]*\).*/\1/p' "$plan")" ]
	done
}

@test "shell.sh: rounds are counted, and checked" {
	run "$ROOT/scripts/exec/shell.sh" 2
	left_with 0
	run "$ROOT/scripts/exec/shell.sh" many
	left_with 2
	says "'many'"
}

@test "redis.sh: a snapshot under load, nothing left behind" {
	command -v redis-server > /dev/null || skip "no redis-server (make deps GROUPS=exec)"
	TMPDIR=$BATS_TEST_TMPDIR run "$ROOT/scripts/exec/redis.sh" 2000 2000
	left_with 0
	[ -z "$(ls "$BATS_TEST_TMPDIR")" ]
	run "$ROOT/scripts/exec/redis.sh" 1 x
	left_with 2
}

@test "redis.sh: without redis it says what to install" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s /bin/sh /usr/bin/env "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin run /bin/sh "$ROOT/scripts/exec/redis.sh"
	left_with 1
	says "make deps GROUPS=exec"
}

@test "kernel-build.sh: no tree is refused, with where to get one" {
	run "$ROOT/scripts/exec/kernel-build.sh" /nowhere
	left_with 1
	says "'/nowhere' is no kernel tree"
	run "$ROOT/scripts/exec/kernel-build.sh"
	left_with 1
}
