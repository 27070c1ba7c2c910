#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# make install, what it puts where, and make help.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers

setup_file() {
	export DEST=$BATS_FILE_TMPDIR/root
	# bats' own flags are not for make.
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C "$ROOT" install DESTDIR="$DEST" PREFIX=/opt/rmapbench >"$BATS_FILE_TMPDIR/log" 2>&1 || {
		cat "$BATS_FILE_TMPDIR/log"
		return 1
	}
}

@test "install: all workloads, configs, and a command that finds both from anywhere" {
	unset RMAPBENCH_WORKLOADS
	cd "$BATS_TEST_TMPDIR"
	run "$DEST/opt/rmapbench/bin/rmapbench" list --json
	left_with 0
	diff <(jq -r '.[].workload' <<<"$output") <(cd "$WORKLOADS" && find . -type f -perm -100 -printf '%P\n' | LC_ALL=C sort)
	diff <(LC_ALL=C ls "$DEST/opt/rmapbench/share/rmapbench/configs") <(find "$ROOT/configs" -maxdepth 1 -name '*.ini' -printf '%P\n' | LC_ALL=C sort)
	printf '[run]\nprocesses = 1\ncount_repeats = 0\n[null]\n' >plan.ini
	run "$DEST/opt/rmapbench/bin/rmapbench" run --config plan.ini --label t
	left_with 0
	says "records: results/t/"
	jq -es '.[-1].record == "end" and .[-1].status == 0' results/t/*/*.jsonl
}

@test "install: the man page is well formed and tells every command" {
	page=$DEST/opt/rmapbench/share/man/man1/rmapbench.1
	for name in $("$RMAPBENCH" --help | sed -n 's/^  rmapbench \([a-z-]*\).*/\1/p'); do
		grep -qx ".SS $name" "$page"
	done
	grep -q '^.SS compare$' "$page"
	if command -v man >/dev/null; then
		run man --warnings -E UTF-8 -l -Tutf8 -Z "$page"
		silent_on warning
	fi
}

@test "uninstall: leaves nothing behind" {
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C "$ROOT" install uninstall DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr
	run find "$BATS_TEST_TMPDIR/root" ! -type d
	[ -z "$output" ]
}

# Targets that the documentation shows as code: `make x`, indented, or in a fence.
documented_targets() {
	{
		grep -ohE '`make [a-z][a-z-]*' "$@"
		awk '/^```/ { fence = !fence } fence || /^    / { print }' "$@" | grep -oE '(^|[ ;&])make [a-z][a-z-]*'
	} | sed -E 's/.*make //' | sort -u
}

@test "make help: every target that README and docs name" {
	run env -u MAKEFLAGS make --no-print-directory -s -C "$ROOT" help
	left_with 0
	says "make bench "
	[ -e "$ROOT/README.md" ] || skip "no README.md"
	targets=$(documented_targets "$ROOT/README.md" "$ROOT"/docs/*.md)
	[ -n "$targets" ]
	while read -r target; do
		says "make $target "
	done <<<"$targets"
}
