#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/deps.sh: what it takes for installed, and what it says where it may not install.

load helpers

# fake NAME LINE...: a command of that name in $BIN that prints these lines.
fake() {
	local name=$1
	shift
	{
		echo '#!/bin/sh'
		printf 'echo %s\n' "$@"
	} >"$BIN/$name"
	chmod +x "$BIN/$name"
}

setup() {
	BIN=$BATS_TEST_TMPDIR/bin
	mkdir "$BIN"
	fake dpkg amd64
	fake id 1000
	fake apt-get 'apt-get was called'
	PATH=$BIN:$PATH
}

deps() {
	run --separate-stderr "$ROOT/scripts/deps.sh" "$@"
}

@test "deps: a package of both architectures is installed" {
	fake dpkg-query 'amd64 installed' 'arm64 installed'
	deps test
	left_with 0
	[ -z "$output$stderr" ]
}

@test "deps: a package of the other architecture alone is missing; a user is told the line to run" {
	fake dpkg-query 'arm64 installed'
	deps test
	left_with 1
	[[ $stderr == *"run this as root, then again: apt-get install -y --no-install-recommends libcmocka-dev bats jq"* ]]
}

@test "deps: one that was removed is missing, one for all architectures is not" {
	fake dpkg-query 'amd64 not-installed'
	deps test
	left_with 1
	fake dpkg-query 'all installed'
	deps test
	left_with 0
}

@test "deps: a group that is none is named with those there are" {
	deps nonsense
	left_with 2
	[[ $stderr == *"'nonsense' is no group of packages/debian.txt; groups are: build test"* ]]
}
