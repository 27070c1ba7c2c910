# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the tests that boot kernels.
# shellcheck shell=bash disable=SC2154,SC2034
# (output, stderr and status come from bats; not every test uses every name)

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$ROOT/build}
RMAPBENCH=$BUILD/rmapbench
KERNELS=$BUILD/kernels

bats_require_minimum_version 1.5.0

# need_lab: QEMU, the guest's programs and two packaged kernels, or a skip that says what is missing.
need_lab() {
	command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64"
	[ "$(uname -m)" = x86_64 ] || skip "these tests boot x86_64 kernels"
	(cd "$ROOT" && make --no-print-directory guest) >"$BATS_FILE_TMPDIR/make.log" 2>&1 ||
		{ cat "$BATS_FILE_TMPDIR/make.log"; return 1; }
	(cd "$ROOT" && scripts/fetch-kernel.sh x86_64 "$KERNELS" 6.1 6.12) >"$BATS_FILE_TMPDIR/fetch.log" 2>&1 ||
		skip "the packaged kernels cannot be had: $(tail -n1 "$BATS_FILE_TMPDIR/fetch.log")"
}

# lab ARGUMENT...: results go to $OUT.
lab() {
	run --separate-stderr "$RMAPBENCH" lab --out "$OUT" "$@"
}

left_with() {
	if [ "$status" -ne "$1" ]; then
		printf 'status %s, not %s\nstdout:\n%s\nstderr:\n%s\n' "$status" "$1" "$output" "$stderr"
		return 1
	fi
}

# tells TEXT: stderr of the last `lab` has it.
tells() {
	if [[ $stderr != *"$1"* ]]; then
		printf 'no "%s" on stderr:\n%s\n' "$1" "$stderr"
		return 1
	fi
}

# says TEXT: its stdout has it.
says() {
	if [[ $output != *"$1"* ]]; then
		printf 'no "%s" on stdout:\n%s\n' "$1" "$output"
		return 1
	fi
}

# records LABEL FILTER: what a jq filter gives of all records of all boots of a label, compact.
records() {
	cat "$OUT/$1"/*/*.jsonl | jq -c "$2"
}

# count LABEL FILTER: how many.
count() {
	records "$1" "$2" | wc -l
}

# small_guests [LINE...]: a lab file with little memory, one seed, so that the same guests run each time, and further lines.
small_guests() {
	LAB=$BATS_TEST_TMPDIR/lab.ini
	printf '%s\n' '[lab]' 'mode = layout' 'blocks = 1' 'seed = 1' 'seconds = 300' 'boot_seconds = 60' \
		'[node 0]' 'cpus = 1' 'memory = 384M' '[node 1]' 'memory = 384M' "$@" >"$LAB"
}

# The QEMUs that a process started.
guests_of() {
	pgrep -P "$1" -f qemu-system || true
}
