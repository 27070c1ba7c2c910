#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/fetch-kernel.sh ARCH DIR SERIES...: the newest packaged cloud kernel of each series (6.1,
# 6.12) into DIR/SERIES (DIR/SERIES-arm64), by the distribution's own tools. What is there is kept.
set -eu

die() {
	echo "fetch-kernel: $*" >&2
	exit 1
}

[ $# -ge 2 ] || { echo "usage: scripts/fetch-kernel.sh ARCH DIR SERIES..." >&2; exit 2; }
arch=$1
dir=$2
shift 2
case $arch in
x86_64) deb=amd64 ;;
arm64) deb=arm64 ;;
*) echo "fetch-kernel: ARCH '$arch': allowed are x86_64 and arm64" >&2; exit 2 ;;
esac
suffix=""
[ "$arch" = "$(uname -m | sed s/aarch64/arm64/)" ] || suffix=-$arch

# The name of the newest package of a series, or nothing.
newest() {
	apt-cache search --names-only "^linux-image-$1\.[0-9].*-cloud-$deb-unsigned\$" 2>/dev/null |
		cut -d' ' -f1 | sort -V | tail -n1
}

for series in "$@"; do
	to=$dir/$series$suffix
	[ ! -e "$to/vmlinuz" ] || continue
	for tool in apt-cache apt-get dpkg-deb; do
		command -v $tool >/dev/null ||
			die "$tool is missing: packaged kernels come by Debian's tools; elsewhere name kernels with BASE= and NEW="
	done
	name=$(newest "$series")
	if [ -z "$name" ]; then
		[ "$(id -u)" -eq 0 ] && apt-get update -q >/dev/null 2>&1
		name=$(newest "$series")
	fi
	hint=""
	[ $deb = "$(dpkg --print-architecture)" ] || hint=" (for $deb first 'dpkg --add-architecture $deb')"
	[ -n "$name" ] ||
		die "apt knows no linux-image-$series.*-cloud-$deb-unsigned; as root: apt-get update$hint, or name kernels with BASE= and NEW="
	echo "fetching $name"
	mkdir -p "$dir"
	work=$(mktemp -d "$dir/.fetch-XXXXXX")
	trap 'rm -rf "$work"' EXIT
	# apt drops to a user that must reach the folder; it does not mind if it cannot.
	(cd "$work" && apt-get download -q "$name:$deb") >"$work/log" 2>&1 || {
		[ "$(id -u)" -eq 0 ] && apt-get update -q >>"$work/log" 2>&1
		(cd "$work" && apt-get download -q "$name:$deb") >>"$work/log" 2>&1 ||
			die "downloading $name failed: $(tail -n1 "$work/log")"
	}
	mkdir "$work/files" "$work/kernel"
	dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work/files" --wildcards './boot/*'
	mv "$work"/files/boot/vmlinuz-* "$work/kernel/vmlinuz"
	mv "$work"/files/boot/config-* "$work/kernel/config"
	echo "package: $name" >"$work/kernel/about"
	rm -rf "$to"
	mv "$work/kernel" "$to"
	rm -rf "$work"
	trap - EXIT
done
