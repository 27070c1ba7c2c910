#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/deps.sh GROUP...: makes sure that the packages of these groups of packages/debian.txt are
# installed. As root it installs what is missing; otherwise it prints the one line to run.
# Status: 0 all there, 1 something is missing and was not installed, 2 the call was wrong.
set -eu
cd "$(dirname "$0")/.."
list=packages/debian.txt

packages() {
	awk -v group="[$1]" '/^\[/ { on = ($0 == group); next } on && NF && !/^#/' "$list"
}

# A library may be there for another architecture only, or for both.
installed() {
	case $1 in
	*:*) wanted=${1#*:} ;;
	*) wanted="$(dpkg --print-architecture 2>/dev/null)|all" ;;
	esac
	dpkg-query -W -f='${Architecture} ${db:Status-Status}\n' "$1" 2>/dev/null | grep -qxE "($wanted) installed"
}

missing=""
for group in "$@"; do
	names=$(packages "$group")
	if [ -z "$names" ]; then
		echo "deps: '$group' is no group of $list; groups are: $(grep -o '^\[.*\]' "$list" | tr -d '[]' | tr '\n' ' ')" >&2
		exit 2
	fi
	for name in $names; do
		installed "$name" || missing="$missing $name"
	done
done
[ -n "$missing" ] || exit 0

# Recommends would pull in all of R and a desktop.
line="apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null; then
	echo "deps: no apt-get here; install what your distribution calls:$missing (docs/setup.md names them for others)" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "deps: missing packages; run this as root, then again: $line" >&2
	exit 1
fi
echo "deps: $line"
export DEBIAN_FRONTEND=noninteractive
case " $* " in
*" arm64 "*)
	dpkg --print-foreign-architectures | grep -qx arm64 || dpkg --add-architecture arm64
	;;
esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# An old package list names versions that are gone: refresh it first.
# shellcheck disable=SC2086 # the names are words
if { apt-get update -q && $line; } >"$log" 2>&1; then
	exit 0
fi
tail -n 20 "$log" >&2
echo "deps: installing failed; see above, then run by hand: apt-get update && $line" >&2
exit 1
