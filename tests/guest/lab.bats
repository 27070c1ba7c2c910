#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots of real kernels. No KVM is needed, and no test looks at a time.

setup_file() {
	load helpers
	need_lab
}

setup() {
	load helpers
	OUT=$BATS_TEST_TMPDIR/results
}

teardown() {
	# A test that failed half-way leaves no guest behind.
	[ -z "${LAB_PID:-}" ] || kill -KILL "$LAB_PID" 2>/dev/null || true
}

@test "two packaged kernels, two nodes, the smoke plan: exact, and pages really move" {
	lab 6.1="$KERNELS/6.1" 6.12="$KERNELS/6.12"
	left_with 0
	says "exact: all boots of one kernel are the same to the bit (4 boots)"
	for label in 6.1 6.12; do
		[ "$(find "$OUT/$label" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ]
		[ "$(count $label 'select(.record == "end")')" = 2 ]
		[ "$(count $label 'select(.record == "run" and .mode == "exact" and .clock == "icount" and .label == "'$label'")')" = 2 ]
		# Two blocks, and each boot under the name the host gave it.
		[ "$(records $label 'select(.record == "run") | .block.index' | sort | tr -d '\n')" = 01 ]
		for boot in "$OUT/$label"/*; do
			[ "$(jq -r 'select(.record == "run") | .boot_id' "$boot"/*.jsonl)" = "$(basename "$boot")" ]
			grep -q 'Linux version 6\.' "$boot/console.log"
		done
		# Two nodes, the second without a CPU.
		[ "$(records $label 'select(.record == "run") | .topology.nodes | length' | sort -u)" = 2 ]
		# Counted in instructions: no time anywhere.
		[ "$(count $label 'select(.record == "samples" and (.kind == "latency" or .kind == "throughput"))')" = 0 ]
		# Where processes share the CPU, the forks of all are a path; each one's fork is a schedule.
		[ "$(records $label 'select(.record == "samples" and .workload == "fork/storm") | .metric' | sort -u)" = '"forks"' ]
		# Pages move by the kernel's own count.
		[ "$(count $label 'select(.record == "evidence" and .workload == "migrate/move-pages" and .counter == "vmstat:pgmigrate_success" and .held and .seen > 0)')" -ge 2 ]
		# The object model holds to the object.
		[ "$(count $label 'select(.record == "slab" and .cache == "anon_vma" and .model != null)')" -ge 4 ]
		[ "$(records $label 'select(.record == "slab" and .cache == "anon_vma" and .model != null and (.delta != .model or (.exact | not)))')" = "" ]
	done
	# The same order of magnitude is no proof; the same bits are. One field has the host's time.
	for label in 6.1 6.12; do
		sums=$(for file in "$OUT/$label"/*/*.jsonl; do
			jq -cS 'del(.start, .boot_id, .block)' "$file" | sha256sum
		done | sort -u | wc -l)
		[ "$sums" = 1 ]
	done
	run "$RMAPBENCH" compare "$OUT/6.1" "$OUT/6.12"
	left_with 0
	says identical
	# Boots that repeat to the bit leave nothing to inference.
	[ "$("$RMAPBENCH" compare --format json "$OUT/6.1" "$OUT/6.12" | jq '[.metrics[].verdict] - ["identical", "different"] | length')" = 0 ]
}

@test "a panic, a hang, garbage and a lost guest are results; the good kernel's boot goes on" {
	small_guests '[kernel panic]' 'cmdline = rmapbench.rehearse=panic' \
		'[kernel hang]' 'cmdline = rmapbench.rehearse=hang' \
		'[kernel garbage]' 'cmdline = rmapbench.rehearse=garbage' \
		'[kernel off]' 'cmdline = rmapbench.rehearse=poweroff'
	lab --config "$LAB" --only null --only fork/vmas good="$KERNELS/6.1" panic="$KERNELS/6.12" \
		hang="$KERNELS/6.12" garbage="$KERNELS/6.12" off="$KERNELS/6.12"
	left_with 1
	for label in panic hang garbage; do
		[ "$(records $label 'select(.record == "boot_failed") | [.outcome, .workload]')" = "[\"$label\",\"fork/vmas\"]" ]
		# What came before stands.
		[ "$(count $label 'select(.record == "process" and .workload == "null")')" -ge 1 ]
	done
	[ "$(records off 'select(.record == "boot_failed") | .outcome')" = '"killed"' ]
	[ "$(count good 'select(.record == "end" and .status == 0)')" = 1 ]
	tells "panic, block 0: panic while fork/vmas"
	tells "Kernel panic - not syncing: sysrq triggered crash"
	# The watchdog's NMI makes the hung processor say where it is.
	tells "hang, block 0: hang while fork/vmas"
	[[ $(records hang 'select(.record == "boot_failed") | .lines | join(" ")') == *"RIP: 0033:"* ]]
	tells "stands no record"
	run "$RMAPBENCH" compare "$OUT/good" "$OUT/hang"
	says "1 of 1 boots failed: hang while it ran fork/vmas"
}

@test "a kernel that does not boot" {
	mkdir "$BATS_TEST_TMPDIR/broken"
	cp "$KERNELS/6.1/config" "$BATS_TEST_TMPDIR/broken/config"
	# The head of a kernel, and nothing to decompress.
	head -c 65536 "$KERNELS/6.1/vmlinuz" >"$BATS_TEST_TMPDIR/broken/vmlinuz"
	truncate -s "$(stat -c %s "$KERNELS/6.1/vmlinuz")" "$BATS_TEST_TMPDIR/broken/vmlinuz"
	small_guests
	sed -i 's/boot_seconds = .*/boot_seconds = 5/' "$LAB"
	lab --config "$LAB" --only null a="$BATS_TEST_TMPDIR/broken" b="$BATS_TEST_TMPDIR/broken"
	left_with 1
	[ "$(records a 'select(.record == "boot_failed") | .outcome')" = '"no boot"' ]
	[ "$(records b 'select(.record == "boot_failed") | .outcome')" = '"no boot"' ]
}

@test "Ctrl-C ends the guests and keeps whole records; --resume finishes the schedule" {
	small_guests
	sed -i 's/blocks = 1/blocks = 2/' "$LAB"
	command=("$RMAPBENCH" lab --config "$LAB" --jobs 1 --only null --out "$OUT" a="$KERNELS/6.12" b="$KERNELS/6.12")
	"${command[@]}" 2>"$BATS_TEST_TMPDIR/stderr" &
	LAB_PID=$!
	# One boot is whole, the next one writes.
	until [ "$(cat "$OUT"/*/*/*.jsonl 2>/dev/null | jq -c 'select(.record == "run")' 2>/dev/null | wc -l)" -ge 2 ]; do
		kill -0 "$LAB_PID"
		sleep 0.2
	done
	guests=$(guests_of "$LAB_PID")
	[ -n "$guests" ]
	kill -INT "$LAB_PID"
	status=0
	wait "$LAB_PID" || status=$? # not by run: a subshell cannot wait for it
	[ "$status" -ne 0 ]
	LAB_PID=
	for pid in $guests; do [ ! -d "/proc/$pid" ]; done
	grep -q -e '--resume' "$BATS_TEST_TMPDIR/stderr"
	for file in "$OUT"/*/*/*.jsonl; do
		[ -z "$(tail -c1 "$file")" ]
		jq -es 'length > 0' "$file" >/dev/null
	done
	schedule=$(jq -r .schedule "$OUT"/lab-*.json)
	run --separate-stderr "${command[@]}" --resume
	left_with 0
	tells "resuming schedule $schedule: 1 of 4 boots are there"
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -c 'select(.record == "end")' | wc -l)" = 4 ]
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -r 'select(.record == "run") | .block.schedule' | sort -u)" = "$schedule" ]
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -r 'select(.record == "run") | "\(.block.index) \(.label)"' | sort | tr '\n' ,)" = "0 a,0 b,1 a,1 b," ]
}

@test "a killed QEMU is told apart, the other boot goes on" {
	small_guests
	"$RMAPBENCH" lab --config "$LAB" --jobs 1 --only null --out "$OUT" a="$KERNELS/6.12" b="$KERNELS/6.12" 2>"$BATS_TEST_TMPDIR/stderr" &
	LAB_PID=$!
	until [ -n "$(guests_of "$LAB_PID")" ]; do
		kill -0 "$LAB_PID"
		sleep 0.1
	done
	sleep 1
	kill -KILL "$(guests_of "$LAB_PID")"
	status=0
	wait "$LAB_PID" || status=$? # not by run: a subshell cannot wait for it
	[ "$status" -ne 0 ]
	LAB_PID=
	grep -q "QEMU was killed by signal 9" "$BATS_TEST_TMPDIR/stderr"
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -r 'select(.record == "boot_failed") | .outcome')" = killed ]
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -c 'select(.record == "end")' | wc -l)" = 1 ]
}

@test "a disk that fills up leaves whole records and no guest" {
	[ "$(id -u)" = 0 ] || skip "a small file system takes root to mount"
	small_guests
	mkdir "$OUT" "$BATS_TEST_TMPDIR/kept"
	run --separate-stderr unshare -m bash -c "
		mount -t tmpfs -o size=160k none '$OUT' || exit 77
		'$RMAPBENCH' lab --config '$LAB' --jobs 1 --only null --only fork/vmas --out '$OUT' a='$KERNELS/6.12' b='$KERNELS/6.12'
		status=\$?
		cp -r '$OUT/.' '$BATS_TEST_TMPDIR/kept'
		exit \$status"
	[ "$status" -ne 77 ] || skip "nothing can be mounted here"
	left_with 1
	tells "writing a record"
	OUT=$BATS_TEST_TMPDIR/kept
	[ "$(find "$OUT" -name '*.jsonl' | wc -l)" -ge 1 ]
	for file in "$OUT"/*/*/*.jsonl; do
		[ -z "$(tail -c1 "$file")" ]
		jq -es 'length > 0' "$file" >/dev/null
	done
}

@test "arm64 once: two nodes, pages move, the model holds" {
	for tool in qemu-system-aarch64 aarch64-linux-gnu-gcc; do
		command -v $tool >/dev/null || skip "no $tool (make deps GROUPS=arm64)"
	done
	(cd "$ROOT" && scripts/fetch-kernel.sh arm64 "$KERNELS" 6.12) >"$BATS_TEST_TMPDIR/fetch.log" 2>&1 ||
		skip "the arm64 kernel cannot be had: $(tail -n1 "$BATS_TEST_TMPDIR/fetch.log")"
	(cd "$ROOT" && make --no-print-directory guest ARCH=arm64) >"$BATS_TEST_TMPDIR/make.log" 2>&1 ||
		{ tail "$BATS_TEST_TMPDIR/make.log"; return 1; }
	small_guests
	sed -i -e 's/mode = .*/mode = exact/' -e 's/blocks = .*/blocks = 2/' "$LAB"
	lab --config "$LAB" --only fork/vmas --only migrate/move-pages a="$KERNELS/6.12-arm64" b="$KERNELS/6.12-arm64"
	left_with 0
	says "exact: all boots of one kernel are the same to the bit (4 boots)"
	[ "$(records a 'select(.record == "run") | .kernel.arch' | sort -u)" = '"aarch64"' ]
	[ "$(count a 'select(.record == "evidence" and .counter == "vmstat:pgmigrate_success" and .held and .seen > 0)')" -ge 2 ]
	[ "$(count a 'select(.record == "slab" and .cache == "anon_vma" and .model != null and .delta == .model and .exact)')" -ge 4 ]
}
