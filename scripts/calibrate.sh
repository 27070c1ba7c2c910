#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/calibrate.sh PROGRAM: the long calibration. Its table goes into docs/method.md, between the
# two marks, if everything passed.
set -eu
cd "$(dirname "$0")/.."

document=docs/method.md
table=$(mktemp)
merged=$(mktemp)
trap 'rm -f "$table" "$merged"' EXIT

"$1" --long --jobs "$(nproc)" --table "$table"
awk -v table="$table" '
	/^<!-- end of calibration -->/ { skip = 0 }
	!skip
	/^<!-- calibration -->/ { while ((getline line < table) > 0) print line; skip = 1 }
' "$document" >"$merged"
cat "$merged" >"$document"
echo "the table is in $document"
