#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/a-a.sh [COMPARISONS [BLOCKS]]: compares the running kernel with itself, over and over, and counts the
# verdicts that are false. Every run stands in for a boot, in blocks of two in balanced random order, so what
# differs between boots is not in it: only what differs between runs. As root, on a quiet machine.
set -euo pipefail
cd "$(dirname "$0")/.."
comparisons=${1:-20}
blocks=${2:-10}
RANDOM=20261124
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/plan.ini" <<'END'
[run]
processes = 2
count_repeats = 0
[null]
[fork/vmas]
vmas = 1, 64
samples = 100
[fork/cow]
pages = 256
[vma/first-fault]
vmas = 64
[vma/split-merge]
vmas = 64
[mremap/move]
size = 64
[thp/pmd-split]
folios = 8
[walk/pageout]
pages = 1024
END

one_run() { # COMPARISON LABEL BLOCK POSITION
	build/rmapbench run --config "$work/plan.ini" --out "$work/$1" --label "$2" --boot-id "$(</proc/sys/kernel/random/uuid)" \
		--block "a-a-$1:$3:$4" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

verdicts() { # COMPARISON FILTER: how many timed rows
	build/rmapbench compare --format json "$work/$1/a" "$work/$1/b" | jq "[.metrics[] | select(.p != null and .slab == null) | $2] | length"
}

rows=0 raw=0 told=0 within=0 with_false=0
for ((i = 1; i <= comparisons; i++)); do
	for ((b = 0; b < blocks; b++)); do
		((b % 2)) || first=$((RANDOM % 2))
		if (((first + b) % 2)); then order="a b"; else order="b a"; fi
		# shellcheck disable=SC2086 # two words
		set -- $order
		one_run $i "$1" $b 0
		one_run $i "$2" $b 1
	done
	false_here=$(verdicts $i 'select(.verdict == "better" or .verdict == "worse")')
	rows=$((rows + $(verdicts $i .)))
	raw=$((raw + $(verdicts $i 'select(.p <= .05)')))
	within=$((within + $(verdicts $i 'select(.verdict == "no-change")')))
	told=$((told + false_here))
	with_false=$((with_false + (false_here > 0)))
	echo "comparison $i of $comparisons: $false_here false verdicts" >&2
done
echo "kernel $(uname -r), $(nproc) CPUs: $comparisons comparisons of $blocks blocks, $rows timed metrics in all"
echo "p <= .05 before correction: $raw ($(jq -n "$raw / $rows * 1000 | round / 10")%; 5% is what chance gives)"
echo "verdicts better or worse:   $told, in $with_false of $comparisons comparisons"
echo "verdicts no-change:         $within"
