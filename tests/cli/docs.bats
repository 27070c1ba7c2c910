#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the docs say is what the programs say.

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
}

@test "docs/workloads.md is what the workloads declare (make docs)" {
	diff docs/workloads.md <(build/rmapbench list --markdown)
}

@test "every file that README and docs link to exists" {
	local file target missing=0
	for file in README.md docs/*.md; do
		while read -r target; do
			[ -e "$(dirname "$file")/$target" ] || {
				echo "$file: $target is not there"
				missing=1
			}
		done < <(grep -oE '\]\([^)#:]+\)' "$file" | tr -d '()]')
	done
	[ "$missing" -eq 0 ]
}

@test "no file of the project names the folder it was developed beside" {
	run git grep -lE '\.\./shared' -- ':!tests/cli/docs.bats'
	[ "$status" -ne 0 ]
}
