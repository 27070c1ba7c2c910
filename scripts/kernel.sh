#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds a kernel to compare: build/kernels/NAME/ gets its image (vmlinuz) and its config.
# Variables: NAME, SRC, and if wanted PATCHES, CONFIG, ARCH, JOBS. docs/lab.md explains them.
#
# A source has one private working tree and one object tree an architecture below
# build/kernels-src, so the second kernel of a pair rebuilds only what its patches touch, with the
# same compiler and the same paths. SRC itself is never written to.
set -euo pipefail
unset MAKEFLAGS MAKELEVEL # of the make that called us

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
FRAGMENTS=$ROOT/configs/kernel
ARCH=${ARCH:-$(uname -m | sed s/aarch64/arm64/)}
JOBS=${JOBS:-$(nproc)}

say() { echo "kernel: $*"; }
die() {
	echo "kernel: $*" >&2
	exit "${STATUS:-1}"
}
usage() { STATUS=2 die "$* (make kernel NAME=patched SRC=<tree or tarball> [PATCHES=<folder, mbox or patch>] [CONFIG=<fragment>] [ARCH=x86_64|arm64])"; }

check_call() {
	[[ ${NAME:-} =~ ^[A-Za-z0-9._+-]+$ && $NAME != .* ]] ||
		usage "NAME='${NAME:-}': give the kernel a name of letters, digits and . _ + -"
	[ -n "${SRC:-}" ] || usage "SRC is missing: name a kernel tree or a linux-source tarball"
	[ -e "$SRC" ] || usage "SRC='$SRC' does not exist"
	[ -z "${PATCHES:-}" ] || [ -e "$PATCHES" ] || usage "PATCHES='$PATCHES' does not exist"
	[ -z "${CONFIG:-}" ] || [ -f "$CONFIG" ] || usage "CONFIG='$CONFIG' is no file"
	case $ARCH in
	x86_64) IMAGE=arch/x86/boot/bzImage CROSS='' ;;
	arm64) IMAGE=arch/arm64/boot/Image CROSS=aarch64-linux-gnu- ;;
	*) usage "ARCH='$ARCH': allowed are x86_64 and arm64" ;;
	esac
	[ "$ARCH" = "$(uname -m | sed s/aarch64/arm64/)" ] && CROSS=''
	local tool missing=()
	for tool in make flex bison bc git flock rsync "${CROSS}gcc"; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	[ ${#missing[@]} = 0 ] ||
		die "these programs are missing: ${missing[*]}; 'make deps GROUPS=kernel' installs them (and GROUPS=arm64 the cross compiler)"
}

# The working tree of SRC: made at the first call, brought up to date at the later ones.
prepare_tree() {
	local real key top
	real=$(realpath "$SRC")
	key=$(basename "$real" | tr -c 'A-Za-z0-9._\n-' _)-$(printf %s "$real" | sha256sum | cut -c1-8)
	WORK=$BUILD/kernels-src/$key
	TREE=$WORK/tree
	mkdir -p "$WORK"
	exec 9>"$WORK/lock"
	flock -n 9 || die "another build from $SRC is running; wait for it (lock: $WORK/lock)"

	if [ -d "$real" ]; then
		is_tree "$real" || die "SRC='$SRC' is a folder but no kernel tree: it has no Kconfig, Makefile and mm/"
		unapply || rm -rf "$TREE"
		# By content, with fresh times: make must see what changed back as changed.
		rsync -rlpc --delete --exclude=/.git --exclude='*.o' --exclude=/.config \
			--exclude=/include/config --exclude=/include/generated \
			--exclude='/arch/*/include/generated' "$real/" "$TREE/"
		return
	fi
	if [ -d "$TREE" ] && [ "$(cat "$WORK/stamp" 2>/dev/null)" = "$(stat -c '%s %Y' "$real")" ] && unapply; then
		return
	fi
	say "unpacking $SRC"
	rm -rf "$TREE" "$WORK/unpack" "$WORK"/obj-* "$WORK/stamp" "$WORK/applied.patch"
	mkdir "$WORK/unpack"
	tar -xf "$real" -C "$WORK/unpack" || die "SRC='$SRC' is neither a kernel tree nor a tar archive"
	top=$(find "$WORK/unpack" -mindepth 1 -maxdepth 1)
	is_tree "$top" || die "SRC='$SRC': the archive does not hold one folder with a kernel tree"
	mv "$top" "$TREE"
	rmdir "$WORK/unpack"
	stat -c '%s %Y' "$real" >"$WORK/stamp"
}

is_tree() { [ -f "$1/Kconfig" ] && [ -f "$1/Makefile" ] && [ -d "$1/mm" ]; }

# git apply takes a whole series or nothing. It must not see the repository around build/.
git_apply() { (cd "$TREE" && GIT_CEILING_DIRECTORIES=$WORK git apply "$@"); }

# Takes back the patches of the build before. Fails if the tree is not as that build left it.
unapply() {
	[ -s "$WORK/applied.patch" ] || return 0
	if git_apply -R "$WORK/applied.patch" 2>/dev/null; then
		rm "$WORK/applied.patch"
	elif git_apply --check "$WORK/applied.patch" 2>/dev/null; then
		rm "$WORK/applied.patch" # it was never applied
	else
		rm "$WORK/applied.patch"
		return 1
	fi
}

# Splits PATCHES into $SERIES/<place in the series>-<name>, one patch each, in order.
collect_patches() {
	local f files=()
	SERIES=$WORK/series
	rm -rf "$SERIES"
	mkdir "$SERIES"
	[ -n "${PATCHES:-}" ] || return 0
	if [ -f "$PATCHES" ]; then
		files=("$PATCHES")
	elif [ -f "$PATCHES/series" ]; then
		while read -r f _; do
			[[ -z $f || $f = '#'* ]] || files+=("$PATCHES/$f")
		done <"$PATCHES/series"
	else
		while IFS= read -r f; do files+=("$f"); done < <(find "$PATCHES" -maxdepth 1 -type f \
			\( -name '*.patch' -o -name '*.diff' -o -name '*.mbox' -o -name '*.eml' \) | sort)
	fi
	[ ${#files[@]} -gt 0 ] || die "PATCHES='$PATCHES' holds no *.patch, *.diff or mbox"
	for f in "${files[@]}"; do
		[ -f "$f" ] || die "$PATCHES/series names '$f', which does not exist"
		split_mails "$f"
	done
	[ -n "$(ls "$SERIES")" ] || die "PATCHES='$PATCHES' holds no diff"
}

# A plain diff stays as it is; mails are decoded and put into the order their subjects give.
split_mails() {
	local mails=$WORK/mails mail subject n count place
	count=$(find "$SERIES" -type f | wc -l)
	if ! head -n1 "$1" | grep -qE '^(From |From:|Return-Path:|Date:|Subject:|Message-I)'; then
		cp "$1" "$(printf '%s/%04d-%s' "$SERIES" "$count" "$(basename "$1")")"
		return
	fi
	rm -rf "$mails"
	mkdir "$mails"
	git mailsplit -b -o"$mails" "$1" >/dev/null || die "$1: not a mailbox that git understands"
	for mail in "$mails"/*; do
		git mailinfo "$mail.msg" "$mail.diff" <"$mail" >"$mail.info" 2>/dev/null ||
			die "$1: mail ${mail##*/} cannot be read"
		grep -qE '^(diff --git |--- a/)' "$mail.diff" || continue # cover letter, answer
		subject=$(sed -n 's/^Subject: //p' "$mail")
		n=$(sed -nE '1s/^.*[[ ]0*([0-9]+)\/[0-9]+\].*$/\1/p' <<<"$subject")
		place=$(printf '%04d' $((count + ${n:-10#${mail##*/}})))
		subject=$(sed -n 's/^Subject: //p' "$mail.info" | tr -c 'A-Za-z0-9._\n-' - | cut -c1-60)
		cp "$mail.diff" "$SERIES/$place-${subject:-mail}"
	done
	rm -rf "$mails"
}

# As one input: in several, git would not see that a patch builds on the one before.
apply_patches() {
	local all=("$SERIES"/*) whole=$WORK/whole.patch i
	[ -e "${all[0]}" ] || return 0
	cat "${all[@]}" >"$whole"
	if ! git_apply --check "$whole" 2>/dev/null; then
		for ((i = 1; i <= ${#all[@]}; i++)); do
			cat "${all[@]:0:i}" >"$whole"
			git_apply --check "$whole" 2>"$WORK/apply.log" || break
		done
		rm "$whole"
		blame_hunk "${all[i - 1]}"
		die "patch $i of ${#all[@]} does not apply: $(basename "${all[i - 1]}" | cut -c6-); nothing was changed"
	fi
	mv "$whole" "$WORK/applied.patch"
	git_apply "$WORK/applied.patch" 2>/dev/null
	say "applied ${#all[@]} patch(es): $(git_apply --stat "${all[@]}" | tail -n1)"
}

# Which hunk of the patch: git tells the file and the line at which the hunk starts.
blame_hunk() {
	local file line
	cat "$WORK/apply.log" >&2
	while IFS=: read -r file line; do
		awk -v file="$file" -v line="$line" '
			/^--- / { current = $2; sub(/^a\//, "", current); hunk = 0 }
			/^@@ / && current == file {
				hunk++
				split($2, start, /[-,]/)
				if (start[2] == line)
					printf "kernel: hunk %d of %s: %s\n", hunk, file, $0
			}' "$1" >&2
	done < <(sed -n 's/^error: patch failed: //p' "$WORK/apply.log")
}

kmake() {
	# Same user and host in every build: the version string keeps its length.
	local cross=()
	[ -z "$CROSS" ] || cross=("CROSS_COMPILE=$CROSS")
	nice -n 10 make -C "$TREE" O="$OBJ" ARCH="$ARCH" "${cross[@]}" KBUILD_BUILD_USER=rmapbench \
		KBUILD_BUILD_HOST=lab KBUILD_BUILD_VERSION=1 "$@"
}

configure() {
	local wanted=$OBJ/lab.config line name
	mkdir -p "$OBJ"
	cat "$FRAGMENTS/lab.config" "$FRAGMENTS/lab.$ARCH.config" ${CONFIG:+"$CONFIG"} >"$wanted.new"
	if ! cmp -s "$wanted.new" "$wanted" || [ ! -f "$OBJ/.config" ] || [ -s "$WORK/applied.patch" ] ||
		[ -f "$OBJ/patched" ]; then
		mv "$wanted.new" "$wanted"
		cp "$OBJ/.config" "$OBJ/.config.before" 2>/dev/null || true
		kmake -s KCONFIG_ALLCONFIG="$wanted" allnoconfig >"$OBJ/configure.log" 2>&1 ||
			die "configuring failed; $OBJ/configure.log: $(tail -n3 "$OBJ/configure.log")"
	fi
	rm -f "$wanted.new" "$OBJ/patched"
	[ ! -s "$WORK/applied.patch" ] || touch "$OBJ/patched"
	# The last value of an option counts.
	while read -r line; do
		name=${line%%=*}
		if [ "${line#*=}" = n ]; then
			! grep -q "^$name=" "$OBJ/.config" || say "warning: this kernel insists on $name"
		elif ! grep -qxF "$line" "$OBJ/.config"; then
			say "warning: this kernel does not take $line"
		fi
	done < <(tac "$wanted" | grep '^CONFIG_' | awk -F= '!seen[$1]++' | sort)
}

build() {
	say "building $NAME ($ARCH, $JOBS jobs); log: $OBJ/build.log"
	SECONDS=0
	if ! kmake -j"$JOBS" "${IMAGE##*/}" >"$OBJ/build.log" 2>&1; then
		grep -E 'error|Error' "$OBJ/build.log" | head -n 5 >&2
		die "the build failed; the whole log is $OBJ/build.log"
	fi
	say "built in ${SECONDS} s, $(grep -cE '^ +CC ' "$OBJ/build.log" || true) files compiled"
}

# Put in place only when whole.
deliver() {
	local to=$BUILD/kernels/$NAME before
	rm -rf "$to.new"
	mkdir -p "$to.new"
	cp "$OBJ/$IMAGE" "$to.new/vmlinuz"
	cp "$OBJ/.config" "$to.new/config"
	{
		echo "source: $SRC"
		echo "release: $(cat "$OBJ/include/config/kernel.release")"
		echo "arch: $ARCH"
		echo "patches: ${PATCHES:-none}"
		(cd "$SERIES" && find . -type f -printf '%f\n' | sort | sed 's/^/  /')
	} >"$to.new/about"
	rm -rf "$to"
	mv "$to.new" "$to"
	before=$(cat "$OBJ/last" 2>/dev/null || true)
	echo "$NAME" >"$OBJ/last"
	if [ -n "$before" ] && [ "$before" != "$NAME" ] && [ -f "$BUILD/kernels/$before/config" ]; then
		config_difference "$before"
	fi
	say "ready: $to (vmlinuz, config)"
}

config_difference() {
	local difference
	difference=$("$TREE/scripts/diffconfig" "$BUILD/kernels/$1/config" "$BUILD/kernels/$NAME/config")
	if [ -z "$difference" ]; then
		say "config of $NAME: same as of $1, compiler included"
	else
		say "config of $NAME differs from that of $1 (- only there, + only here, -> changed):"
		echo "$difference"
	fi
}

check_call
prepare_tree
collect_patches
apply_patches
OBJ=$WORK/obj-$ARCH
configure
build
deliver
