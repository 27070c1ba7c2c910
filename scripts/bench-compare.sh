#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Time and memory of `compare` over 2 labels x 10 boots x 40 workloads x 3 processes x 1000 samples:
# under 2 s and 250 MB. Prints both; exits with 1 over either.
set -eu
cd "$(dirname "$0")/.."

BUILD=${BUILD:-build}
LIMIT_MS=2000
LIMIT_KB=250000

make --no-print-directory -s "$BUILD/generate-records" "$BUILD/cost-of" "$BUILD/rmapbench"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$BUILD/generate-records" "$folder/results" workloads=40 samples=1000
cat "$folder"/results/*/*/*.jsonl >/dev/null # so that they come from memory, not from the disk

cost=$("$BUILD/cost-of" "$BUILD/rmapbench" compare --results "$folder/results" base new 2>"$folder/table")
ms=${cost% *}
kb=$((${cost#* } * 1024 / 1000))
if [ "$(grep -c '^ m0, ' "$folder/table")" -ne 80 ]; then
	echo "bench-compare: the table has no 40 workloads with median and p99 each" >&2
	exit 1
fi
echo "compare over 2.4 million samples: $ms ms (limit $LIMIT_MS), $((kb / 1000)) MB (limit $((LIMIT_KB / 1000)))"
[ "$ms" -lt "$LIMIT_MS" ] && [ "$kb" -lt "$LIMIT_KB" ]
