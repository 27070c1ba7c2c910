#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/man.sh PROGRAM: writes the man page, from what the program says of itself.
set -eu
program=$1
escape() { sed -e 's/\\/\\e/g' -e 's/^\./\\\&./' -e "s/^'/\\\\\&'/" -e 's/-/\\-/g'; }

echo ".TH RMAPBENCH 1 \"\" \"$("$program" --version | escape)\" \"User Commands\""
echo '.SH NAME'
echo 'rmapbench \- benchmarks of Linux anonymous reverse mapping, kernel against kernel'
echo '.SH SYNOPSIS'
printf '.B rmapbench\n.I COMMAND\n[OPTION]...\n'
echo '.SH COMMANDS'
"$program" --help | sed -n 's/^  rmapbench \([a-z]*\).*/\1/p' | while read -r name; do
	echo ".SS $name"
	echo '.nf'
	"$program" "$name" --help | escape
	echo '.fi'
done
echo '.SH EXIT STATUS'
echo '0 done; 1 something was invalid or failed, named on standard error; 2 the call was wrong.'
echo '.SH FILES'
printf '.TP\n.I results/<label>/<boot\\-id>/*.jsonl\nrecords, in the format of docs/record\\-format.md\n'
echo '.SH ENVIRONMENT'
printf '.TP\n.B RMAPBENCH_WORKLOADS\nthe folder of the workload programs\n'
