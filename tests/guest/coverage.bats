#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench coverage in guests: calls counted by the real kernel.
# shellcheck disable=SC2016,SC2154

setup_file() {
	load helpers
	need_lab
}

setup() {
	load helpers
	OUT=$BATS_TEST_TMPDIR/records
	MATRIX=$BATS_TEST_TMPDIR/matrix.md
	cat >"$BATS_TEST_TMPDIR/functions.ini" <<-'EOF'
		[mm/rmap.c]
		anon_vma_fork = fork
		try_to_migrate_one = migration
		__put_anon_vma = the end
		folio_no_such_function = is nowhere
		page_add_anon_rmap = {only 6.1} has another name later
		[kernel/fork.c]
		dup_mmap = {in dup_mm} is inlined
		dup_mm = {in copy_process} is inlined
		copy_process = fork
		[patterns]
		anon_vma_cl* = by pattern
	EOF
}

# net LABEL WORKLOAD FUNCTION: calls that are the workload's doing.
net() {
	records "$1" "select(.record == \"coverage\" and .workload == \"$2\") | .functions[\"$3\"].net // 0"
}

@test "calls are the workload's own: fork forks, null does nothing, pages move only where they are moved" {
	run --separate-stderr "$RMAPBENCH" coverage --functions "$BATS_TEST_TMPDIR/functions.ini" \
		--only null --only fork/wide --only migrate/move-pages --records "$OUT" --out "$MATRIX" \
		--lab "$KERNELS/6.1" "$KERNELS/6.12"
	left_with 0
	for label in 6.1 6.12; do
		[ "$(count $label 'select(.record == "coverage")')" = 3 ]
		[ "$(count $label 'select(.record == "end" and .status == 0)')" = 1 ]
		# 8 children of 10 VMAs, 4 of them at least by the workload itself.
		[ "$(net $label fork/wide anon_vma_fork)" -ge 80 ]
		[ "$(net $label fork/wide try_to_migrate_one)" = 0 ]
		[ "$(net $label migrate/move-pages try_to_migrate_one)" -ge 4096 ]
		[ "$(net $label null anon_vma_fork)" = 0 ]
		# Null's start made calls; they are in its control as well.
		[ "$(records $label 'select(.workload == "null") | .functions.__put_anon_vma.hits')" -gt 0 ]
		# What the pattern found is counted like the rest.
		[ "$(net $label fork/wide anon_vma_clone)" -ge 80 ]
		[ "$(records $label 'select(.record == "coverage_functions") | .functions[] | select(.function == "folio_no_such_function") | .missing')" = \
			'"no symbol: inlined or renamed here"' ]
	done
	[ "$(records 6.1 'select(.record == "coverage_functions") | .functions[] | select(.function == "page_add_anon_rmap") | .missing')" = null ]
	grep -qF 'of 6.1 and 6.12, only 6.1 has it: `page_add_anon_rmap`' "$MATRIX"
	grep -qE '^\| `anon_vma_fork` \| fork \| 1, `fork/wide` \| 1, `fork/wide` \|$' "$MATRIX"
	grep -qF 'in `copy_process`: ' "$MATRIX"
}
