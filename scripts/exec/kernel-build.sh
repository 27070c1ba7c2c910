#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds part of a kernel, out of its tree: many short processes of a compiler.
# scripts/exec/kernel-build.sh TREE [TARGET...]; TARGET is lib/ by default. The output is thrown away.
set -eu
tree=${1:-}

if [ ! -f "$tree/Makefile" ] || [ ! -d "$tree/mm" ]; then
	echo "kernel-build.sh: '$tree' is no kernel tree; unpack one (/usr/src/linux-source-*.tar.xz)" >&2
	exit 1
fi
shift
[ $# -gt 0 ] || set -- lib/
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
build() {
	make -s -C "$tree" O="$output" "$@" >> "$output/log" 2>&1
}
if ! build tinyconfig || ! build -j"$(nproc)" "$@"; then
	tail -20 "$output/log" >&2
	exit 1
fi
