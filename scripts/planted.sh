#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/planted.sh KERNEL [BLOCKS]: plants 1, 2 and 5% more instructions in fork() and sees whether the
# intervals of a comparison in mode layout cover them. KERNEL has configs/kernel/planted-spin.patch
# (`make planted` builds it). One image, so nothing else differs. Status 1: an interval missed.
set -euo pipefail
cd "$(dirname "$0")/.."
kernel=$1
blocks=${2:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# lab_file MODE BLOCKS NAME=ROUNDS...: a lab file in which each kernel spins so many rounds.
lab_file() {
	printf '[lab]\nmode = %s\nblocks = %s\nseed = 1\n[node 0]\ncpus = 1\nmemory = 512M\n[node 1]\nmemory = 512M\n' "$1" "$2"
	shift 2
	for pair in "$@"; do
		printf '[kernel %s]\ncmdline = planted_spin=%s\n' "${pair%%=*}" "${pair#*=}"
	done
}

# boots FOLDER NAME=ROUNDS...: boots them all, fork/vmas of 64 VMAs alone.
boots() {
	local out=$1 kernels=() pair
	shift
	for pair in "$@"; do
		kernels+=("${pair%%=*}=$kernel")
	done
	build/rmapbench lab --config "$work/lab.ini" --only fork/vmas --set fork/vmas.vmas=64 --out "$out" "${kernels[@]}" >"$work/log" 2>&1 ||
		{ cat "$work/log" >&2; exit 1; }
}

# figure FOLDER BASE NEW FILTER: of the row of fork() itself.
figure() {
	build/rmapbench compare --format json "$1/$2" "$1/$3" |
		jq -r ".metrics[] | select(.metric == \"fork\" and .statistic == \"median\") | $4"
}

probe=100000
lab_file exact 2 none=0 probe=$probe >"$work/lab.ini"
boots "$work/exact" none=0 probe=$probe
base=$(figure "$work/exact" none probe .base.value)
with=$(figure "$work/exact" none probe .new.value)
echo "fork() of 64 VMAs: $base instructions; $probe rounds add $(jq -n "$with - $base")"

rounds() { jq -n "($1 / 100 * $base / (($with - $base) / $probe)) | round"; }
spins=(none=0)
for percent in 1 2 5; do
	spins+=("plus$percent=$(rounds $percent)")
done
lab_file layout "$blocks" "${spins[@]}" >"$work/lab.ini"
boots "$work/layout" "${spins[@]}"

status=0
echo "| planted | measured | 95% interval | covered | verdict |"
echo "|---|---|---|---|---|"
for percent in 1 2 5; do
	# shellcheck disable=SC2016 # jq's own
	line=$(figure "$work/layout" none plus$percent \
		'def p: . * 100000 | round / 1000 | tostring;
		"| '$percent'% | +\((.ratio - 1) | p)% | +\((.ci[0] - 1) | p) to +\((.ci[1] - 1) | p)% | \(if .ci[0] <= 1.0'$percent' and 1.0'$percent' <= .ci[1] then "yes" else "NO" end) | \(.verdict) |"')
	echo "$line"
	case $line in *NO*) status=1 ;; esac
done
exit $status
