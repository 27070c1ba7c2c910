# SPDX-License-Identifier: GPL-2.0-or-later
# A machine in a folder: what `rmapbench campaign --root` sees of one. Nothing here can reboot
# anything: with a root every program is looked for below it, and these only write down their calls.
# shellcheck shell=bash disable=SC2154,SC2034,SC2016
# (output, stderr and status come from bats; not every test uses every name)

ORIGIN=6.1.0-1-amd64

# uname -v of a release, as its image has it.
version_of() {
	echo "#1 SMP Test $1 (2026-01-01)"
}

# image RELEASE [FILE]: what kernel_open() takes for a bzImage of that release.
image() {
	local file=${2:-$M/boot/vmlinuz-$1}
	truncate -s 8192 "$file"
	put "$file" 510 '\125\252'
	put "$file" 514 'HdrS\017\002'
	put "$file" 526 '\000\020'
	put "$file" 566 '\001'
	put "$file" 4608 "$1 (me@here) $(version_of "$1")"
}

# put FILE OFFSET TEXT
put() {
	# shellcheck disable=SC2059 # the text is a format
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# install_kernel RELEASE: image, initrd, modules.
install_kernel() {
	image "$1"
	echo initrd >"$M/boot/initrd.img-$1"
	mkdir -p "$M/lib/modules/$1"
	touch "$M/lib/modules/$1/modules.dep"
}

# comes_up RELEASE CMDLINE [LOADER]: the machine is up, in a new boot; loader 208 is kexec.
comes_up() {
	cat /proc/sys/kernel/random/uuid >"$M/proc/sys/kernel/random/boot_id"
	echo "$1" >"$M/proc/sys/kernel/osrelease"
	version_of "$1" >"$M/proc/sys/kernel/version"
	echo "$2" >"$M/proc/cmdline"
	echo "${3:-114}" >"$M/proc/sys/kernel/bootloader_type"
	echo 0 >"$M/proc/sys/kernel/panic"
	echo 0 >"$M/sys/kernel/kexec_loaded"
	rm -f "$M/run/kexec-loaded"
	: >"$M/calls"
}

# By its boot loader, as it always did.
comes_up_by_default() {
	comes_up $ORIGIN "BOOT_IMAGE=/boot/vmlinuz-$ORIGIN root=/dev/sda1 ro quiet"
}

# As it was asked to: the kernel that is loaded, with its words.
comes_up_by_kexec() {
	local image initrd words
	read -r image initrd words <"$M/run/kexec-loaded"
	comes_up "${image##*/vmlinuz-}" "$words" 208
}

# program NAME [LINE...]: a fake in the machine that writes down how it was called, then does the lines.
program() {
	local name=$1
	shift
	{
		echo '#!/bin/sh'
		echo "echo \"$name \$*\" >>\"$M/calls\""
		printf '%s\n' "$@"
	} >"$M/usr/bin/$name"
	chmod +x "$M/usr/bin/$name"
}

# A Debian machine with GRUB-less boot, three kernels, kexec that works and nobody but us.
make_machine() {
	M=$BATS_TEST_TMPDIR/machine
	OUT=$BATS_TEST_TMPDIR/results
	mkdir -p "$M"/{boot,lib/modules,usr/bin,run/systemd/system,etc/systemd/system,var/lib,dev} \
		"$M"/proc/{1,self,sys/kernel/random} "$M"/sys/kernel/security
	echo systemd >"$M/proc/1/comm"
	echo '1 1 8:1 / / rw - ext4 /dev/sda1 rw' >"$M/proc/self/mountinfo"
	echo 0 >"$M/proc/sys/kernel/kexec_load_disabled"
	echo '[none] integrity confidentiality' >"$M/sys/kernel/security/lockdown"
	touch "$M/dev/watchdog0"
	program systemctl '[ "$1" != is-system-running ] || echo running'
	program who "cat '$M/people'"
	: >"$M/people"
	for release in $ORIGIN 6.12.9-amd64 6.12.9-patched; do
		install_kernel "$release"
	done
	comes_up_by_default
	use_fakes "${@:-good}"
	printf '%s\n' '[run]' 'processes = 1' 'count_repeats = 0' 'seconds = 60' "${@/#/[fake/}" | sed '/^\[fake/s/$/]/' >"$BATS_TEST_TMPDIR/plan.ini"
	[ $# -gt 0 ] || echo '[fake/good]' >>"$BATS_TEST_TMPDIR/plan.ini"
}

# campaign ARGUMENT...: stdout and stderr apart; waits for nothing.
campaign() {
	run --separate-stderr "$RMAPBENCH" campaign --root "${M:?}" "$@"
}

# begin ARGUMENT...: a campaign of two kernels, plan and folder of this test.
begin() {
	campaign start --yes --config "$BATS_TEST_TMPDIR/plan.ini" --out "$OUT" --settle 0 --pause 0 --seed 3 \
		"$@" base=6.12.9-amd64 new=6.12.9-patched
}

step() {
	campaign step
}

# called TEXT: a fake was called so since the machine came up.
called() {
	grep -qxF -- "$1" "$M/calls" || {
		echo "no call '$1' in:"
		cat "$M/calls"
		return 1
	}
}

never_called() {
	if grep -q -- "$1" "$M/calls"; then
		cat "$M/calls"
		return 1
	fi
}

# state FILTER: of the campaign under way.
state() {
	jq -r "$1" "$M/var/lib/rmapbench/campaign.json"
}

# No unit, no state, nothing set for the next boot.
nothing_left() {
	local left
	left=$(find "$M/etc/systemd" "$M/var/lib/rmapbench" "$M/run/kexec-loaded" \( -type f -o -type l \) 2>/dev/null || true)
	if [ -n "$left" ]; then
		echo "left: $left"
		return 1
	fi
}

# all_records LABEL FILTER: of all its boots.
all_records() {
	cat "$OUT/$1"/*/*.jsonl 2>/dev/null | jq -c "$2"
}

# loaded LABEL-OR-RELEASE: is that kernel loaded for kexec?
loaded_kernel() {
	sed 's/ .*//; s,.*/vmlinuz-,,' "$M/run/kexec-loaded"
}
