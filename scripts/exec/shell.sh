#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A shell-heavy load: pipelines, subshells and command substitutions, each of them forks.
# scripts/exec/shell.sh [ROUNDS]; status 0 if every round printed what it must.
set -eu
rounds=${1:-200}

case $rounds in
'' | *[!0-9]*) echo "shell.sh: ROUNDS is '$rounds', a whole number is allowed" >&2; exit 2 ;;
esac
done=0
while [ "$done" -lt "$rounds" ]; do
	word=$(printf '%s\n' c b a | sort | head -1)
	size=$(seq 1 50 | grep -c 1)
	got=$( (echo "$word"; cat /proc/self/maps) | sed -n 1p)
	if [ "$word" != a ] || [ "$size" -ne 14 ] || [ "$got" != a ]; then
		echo "shell.sh: round $done printed '$word', '$size', '$got'" >&2
		exit 1
	fi
	done=$((done + 1))
done
