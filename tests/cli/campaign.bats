#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rmapbench campaign on a machine in a folder: nothing is rebooted. tests/campaign/check.sh boots a
# real one.
# shellcheck disable=SC2154,SC2016

load helpers
load campaign

setup() {
	needs_root
	make_machine
}

# refused STATUS TEXT: the last call was, said so, and left nothing.
refused() {
	left_with "$1"
	warns_of "$2"
	nothing_left
	never_called 'systemctl'
}

# ----------------------------------------------------------------- beforehand

@test "campaign plan: kernels, order, cost, what is installed, and nothing is touched" {
	find "$M" -type f -exec sha256sum {} + >"$BATS_TEST_TMPDIR/before"
	campaign plan --blocks 3 --seed 5 --config "$BATS_TEST_TMPDIR/plan.ini" --out "$OUT" base=6.12.9-amd64 new=/boot/vmlinuz-6.12.9-patched
	left_with 0
	says "6 boots in 3 blocks"
	says "base = 6.12.9-amd64"
	says "image /boot/vmlinuz-6.12.9-patched, initrd /boot/initrd.img-6.12.9-patched"
	says "command line root=/dev/sda1 ro quiet panic=30"
	says "kexec_file_load(2)"
	says "at most 13 reboots"
	says "no run of it is in $OUT to tell how long one takes"
	says "/etc/systemd/system/rmapbench-campaign.service"
	says "is not changed"
	grep -v '/calls$' "$BATS_TEST_TMPDIR/before" | sha256sum --quiet -c
	nothing_left
	nothing_written
	# It can be looked at on a machine that start would refuse.
	echo bash >"$M/proc/1/comm"
	campaign plan --config "$BATS_TEST_TMPDIR/plan.ini" --out "$OUT" base=6.12.9-amd64 new=6.12.9-patched
	left_with 1
	warns_of "process 1 is 'bash', not systemd"
	says "20 boots in 10 blocks"
}

@test "campaign plan: the same seed is the same order; blocks are balanced" {
	local order
	campaign plan --blocks 8 --seed 5 --config "$BATS_TEST_TMPDIR/plan.ini" --out "$OUT" a=6.12.9-amd64 b=6.12.9-patched
	order=$(grep -E '^(order:)? +[0-9]+: ' <<<"$output")
	[ "$(wc -l <<<"$order")" = 8 ]
	[ "$(grep -c ': a b$' <<<"$order")" = 4 ]
	campaign plan --blocks 8 --seed 5 --config "$BATS_TEST_TMPDIR/plan.ini" --out "$OUT" a=6.12.9-amd64 b=6.12.9-patched
	[ "$(grep -E '^(order:)? +[0-9]+: ' <<<"$output")" = "$order" ]
}

@test "campaign plan: the cost is known from earlier runs of the same plan" {
	"$RMAPBENCH" run --config "$BATS_TEST_TMPDIR/plan.ini" --label x --out "$OUT" >/dev/null 2>&1
	campaign plan --config "$BATS_TEST_TMPDIR/plan.ini" --out "$OUT" a=6.12.9-amd64 b=6.12.9-patched
	left_with 0
	says "this plan took"
	campaign plan --config "$BATS_TEST_TMPDIR/plan.ini" --set run.processes=2 --out "$OUT" a=6.12.9-amd64 b=6.12.9-patched
	says "no run of it is in $OUT"
}

@test "campaign start: without --yes and without a terminal nothing begins" {
	campaign start --config "$BATS_TEST_TMPDIR/plan.ini" --out "$OUT" a=6.12.9-amd64 b=6.12.9-patched </dev/null
	refused 1 "--yes begins the campaign as it is shown"
}

@test "campaign start: a unit, the state, and its first step; no default is touched" {
	begin --blocks 2
	left_with 0
	says "begun"
	called "systemctl daemon-reload"
	called "systemctl start --no-block rmapbench-campaign.service"
	never_called 'kexec\|reboot'
	[ "$(readlink "$M/etc/systemd/system/multi-user.target.wants/rmapbench-campaign.service")" = /etc/systemd/system/rmapbench-campaign.service ]
	grep -qx "ExecStart=\"$(realpath "$RMAPBENCH")\" campaign step" "$M/etc/systemd/system/rmapbench-campaign.service"
	grep -qx "Restart=no" "$M/etc/systemd/system/rmapbench-campaign.service"
	[ "$(state '.phase, .seed, .reboots, .most, (.boots | length)' | tr '\n' ' ')" = "ready 3 0 9 4 " ]
	# Tried and forgotten.
	[ ! -e "$M/run/kexec-loaded" ]
	begin --blocks 2
	left_with 1
	warns_of "a campaign is there already"
	campaign status
	left_with 0
	says "4 of 4 boots are left, 0 reboots of at most 9 were made"
}

@test "campaign start: refused where it cannot or must not run, and nothing is installed" {
	echo bash >"$M/proc/1/comm"
	begin
	refused 1 "process 1 is 'bash', not systemd"
	echo systemd >"$M/proc/1/comm"
	touch "$M/run/systemd/container"
	begin
	refused 1 "this is a container"
	rm "$M/run/systemd/container"
	echo "alice    pts/0    2026-11-24 10:00" >"$M/people"
	begin
	refused 1 "alice is logged in"
	begin --force
	left_with 0
	campaign stop
	# Who begins it may stay, also behind sudo.
	SUDO_USER=alice begin
	left_with 0
}

@test "campaign start: not as root" {
	# Root's files, but not root.
	unshare --user true 2>/dev/null || skip "no user namespaces here"
	run --separate-stderr unshare --user "$RMAPBENCH" campaign --root "$M" start --yes --config "$BATS_TEST_TMPDIR/plan.ini" \
		--out "$OUT" a=6.12.9-amd64 b=6.12.9-patched
	refused 1 "run it as root"
	begin --blocks 1
	for verb in step stop; do
		run --separate-stderr unshare --user "$RMAPBENCH" campaign --root "$M" $verb
		left_with 1
		warns_of "run it as root"
	done
	[ -e "$M/var/lib/rmapbench/campaign.json" ]
	never_called kexec
}

# wrong_kernels TEXT KERNEL...: refused as a wrong call.
wrong_kernels() {
	local text=$1
	shift
	campaign start --yes --config "$BATS_TEST_TMPDIR/plan.ini" --out "$OUT" "$@"
	refused 2 "$text"
}

@test "campaign start: kernels that are not whole, not two, or the same, each with what to do" {
	wrong_kernels "1 kernel is given; a campaign takes 2 to 32" a=6.12.9-amd64
	wrong_kernels "each kernel is given as LABEL=RELEASE" a b
	wrong_kernels "no kernel of that release is installed" a=6.12.9-amd64 b=7.0
	wrong_kernels "/boot/vmlinuz-7.0: is not there" a=6.12.9-amd64 b=/boot/vmlinuz-7.0
	wrong_kernels "the label 'a' is given twice" a=6.12.9-amd64 a=6.12.9-patched
	wrong_kernels "a and b are the same kernel" a=6.12.9-amd64 b=/boot/vmlinuz-6.12.9-amd64
	wrong_kernels "a label is the name of a folder" a/b=6.12.9-amd64 c=6.12.9-patched
	cp "$M/boot/vmlinuz-6.12.9-amd64" "$M/boot/vmlinuz-copy"
	wrong_kernels "a and b are the same kernel" a=6.12.9-amd64 b=/boot/vmlinuz-copy
	wrong_kernels "is kernel 6.12.9-amd64, not copy" a=6.12.9-patched b=copy
	rm "$M/lib/modules/6.12.9-patched/modules.dep"
	wrong_kernels "its modules are not installed" a=6.12.9-amd64 b=6.12.9-patched
	rm "$M/boot/initrd.img-6.12.9-amd64"
	wrong_kernels "update-initramfs -c -k 6.12.9-amd64" a=6.12.9-amd64 b=6.12.9-patched
	# All of it at once.
	warns_of "its modules are not installed"
	echo nothing >"$M/boot/vmlinuz-6.12.9-amd64"
	wrong_kernels "no kernel" a=6.12.9-amd64 b=6.12.9-patched
}

@test "campaign start: what lives in memory does not outlive a reboot" {
	echo "2 1 0:9 / $BATS_TEST_TMPDIR rw - tmpfs tmpfs rw" >>"$M/proc/self/mountinfo"
	begin
	refused 2 "is on tmpfs, which is gone after a reboot"
}

@test "campaign start: a plan that is wrong is told before anything" {
	echo 'processes = many' >>"$BATS_TEST_TMPDIR/plan.ini"
	begin
	refused 2 "processes"
}

@test "campaign start: if the unit cannot be begun all is taken back" {
	program systemctl '[ "$1" != start ]'
	begin
	left_with 1
	warns_of "all is taken back"
	nothing_left
	program systemctl '[ "$1" != daemon-reload ]'
	begin
	left_with 1
	nothing_left
}

@test "campaign --root: a program that the machine does not have is not taken from elsewhere" {
	rm "$M/usr/bin/systemctl"
	begin
	left_with 1
	warns_of "systemctl: cannot be run"
	[ ! -e "$M/var/lib/rmapbench/campaign.json" ]
}

# -------------------------------------------------------------------- the course

# runs_through: steps and boots, as asked, until the campaign is over; at most 20.
runs_through() {
	local i
	for ((i = 0; i < 20; i++)); do
		step
		left_with 0
		[ -e "$M/var/lib/rmapbench/campaign.json" ] || return 0
		if grep -qx 'systemctl kexec' "$M/calls"; then
			comes_up_by_kexec
		else
			called 'systemctl reboot'
			comes_up_by_default
		fi
	done
	echo "not over after $i boots"
	return 1
}

@test "campaign: two kernels, two blocks, and back to the default" {
	begin --blocks 2
	runs_through
	says "is at its end, this is $ORIGIN again"
	says "2 of 2 boots measured, 0 failed"
	nothing_left
	called "systemctl daemon-reload"
	for label in base new; do
		[ "$(all_records "$label" 'select(.record == "run") | .block.index' | sort | tr -d '\n')" = 01 ]
		[ "$(all_records "$label" 'select(.record == "end")' | wc -l)" = 2 ]
		for boot in "$OUT/$label"/*; do
			[ "$(jq -r 'select(.record == "run") | .boot_id' "$boot"/*.jsonl)" = "$(basename "$boot")" ]
		done
	done
	# One schedule, each place once, every second block in reverse.
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -r 'select(.record == "run") | "\(.block.index)\(.block.position)"' | sort | tr '\n' ' ')" = "00 01 10 11 " ]
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -r 'select(.record == "run") | .block.schedule' | sort -u | wc -l)" = 1 ]
	[ "$(all_records base 'select(.record == "run") | .block.position' | sort | tr -d '\n')" = 01 ]
	[ "$(jq '.reboots' "$OUT"/campaign-*.json)" = 5 ]
	[ "$(jq -r '[.history[].outcome] | unique | .[]' "$OUT"/campaign-*.json)" = "done" ]
	run "$RMAPBENCH" compare "$OUT/base" "$OUT/new"
	says "fake/good"
}

@test "campaign: the state is on the disk before the machine goes down" {
	program systemctl "[ \"\$1\" != kexec ] || cp '$M/var/lib/rmapbench/campaign.json' '$M/seen'" '[ "$1" != is-system-running ] || echo running'
	begin --blocks 1
	step
	left_with 0
	[ "$(jq -r '.phase, .from, .reboots' "$M/seen" | tr '\n' ' ')" = "asked $(cat "$M/proc/sys/kernel/random/boot_id") 1 " ]
}

@test "campaign: a state that cannot be written stops the machine from going down" {
	begin --blocks 1
	mkdir "$M/var/lib/rmapbench/campaign.json.new"
	step
	left_with 1
	warns_of "nothing is rebooted"
	never_called 'systemctl kexec'
	rmdir "$M/var/lib/rmapbench/campaign.json.new"
	step
	left_with 0
	called 'systemctl kexec'
}

@test "campaign: a boot that did not come back is recorded, tried again, and counted by compare" {
	local label
	begin --blocks 1
	step
	label=$([ "$(loaded_kernel)" = 6.12.9-amd64 ] && echo base || echo new)
	comes_up_by_default
	step
	left_with 0
	warns_of "did not come back"
	[ "$(all_records "$label" '[.record, .outcome, .block.index, .workload]')" = '["boot_failed","did not come back",0,null]' ]
	# The same boot again, under another name.
	[ "$([ "$(loaded_kernel)" = 6.12.9-amd64 ] && echo base || echo new)" = "$label" ]
	comes_up_by_kexec
	runs_through
	[ "$(all_records "$label" 'select(.record == "end")' | wc -l)" = 1 ]
	[ "$(find "$OUT/$label" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ]
	run "$RMAPBENCH" compare "$OUT/base" "$OUT/new"
	says "did not come back"
}

@test "campaign: a boot cut off in a workload keeps what it had, and says in which" {
	local file
	make_machine good hang
	begin --blocks 1 --retries 0
	step
	comes_up_by_kexec
	"$RMAPBENCH" campaign --root "$M" step 2>/dev/null &
	until_true pgrep -f "^$FAKES/hang-child" >/dev/null
	# The step and the run that it started.
	kill -KILL $! $(pgrep -P $!)
	until_true nobody_left
	[ "$(state .phase)" = runs ]
	comes_up_by_default
	step
	left_with 0
	warns_of "cut off"
	warns_of "while fake/hang ran"
	file=$(grep -l boot_failed "$OUT"/*/*/*.jsonl)
	[ "$(jq -r 'select(.record == "boot_failed") | .outcome, .workload' "$file" | tr '\n' ' ')" = "cut off fake/hang " ]
	[ "$(head -n1 "$file" | jq -r .record)" = run ]
	[ "$(jq -r 'select(.record == "process" and .workload == "fake/good") | .pass' "$file" | sort -u | wc -l)" -ge 1 ]
	whole_lines "$file"
}

@test "campaign: half a line that a power loss left is cut off, not read" {
	local file
	begin --blocks 1 --retries 0
	step
	comes_up_by_kexec
	step
	left_with 0
	file=$(find "$OUT" -name '*.jsonl')
	# As if the power had gone in the middle of it.
	sed -i '$d' "$file"
	printf '{"record":"proc' >>"$file"
	jq '.phase = "runs" | .current = .history[0].boot | .boot_id = $b | .history = []' --arg b "$(basename "$(dirname "$file")")" \
		"$M/var/lib/rmapbench/campaign.json" >"$BATS_TEST_TMPDIR/state"
	cp "$BATS_TEST_TMPDIR/state" "$M/var/lib/rmapbench/campaign.json"
	comes_up_by_default
	step
	left_with 0
	whole_lines "$file"
	[ "$(tail -n1 "$file" | jq -r .record)" = boot_failed ]
}

@test "campaign: another kernel, other words or another way of booting is never measured under the label" {
	local words
	begin --blocks 1 --retries 9 --give-up 100
	step
	comes_up 6.12.9-strange "$(state '.kernels[0].cmdline')" 208
	step
	left_with 0
	warns_of "6.12.9-strange"
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -r .outcome)" = "other kernel" ]
	# The right kernel with other words.
	words=$(loaded_kernel)
	comes_up "$words" "root=/dev/sda1 ro quiet mitigations=off panic=30" 208
	step
	left_with 0
	warns_of "asked for the command line 'root=/dev/sda1 ro quiet panic=30'"
	# Not the same word, though it begins so.
	words=$(loaded_kernel)
	comes_up "$words" "root=/dev/sda1 ro quiet panic=300" 208
	step
	left_with 0
	warns_of "panic=300' came up"
	# The right kernel and words, but started by the boot loader.
	words=$(loaded_kernel)
	comes_up "$words" "root=/dev/sda1 ro quiet panic=30" 114
	step
	left_with 0
	warns_of "by the boot loader and not by kexec"
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -r 'select(.record == "run")')" = "" ]
	[ "$(cat "$OUT"/*/*/*.jsonl | jq -r 'select(.record == "boot_failed")' | jq -s length)" = 4 ]
}

@test "campaign: a kernel that never comes up is given up, and reboots have an end" {
	local i reboots=0
	begin --blocks 5 --retries 1 --give-up 3
	for ((i = 0; i < 50; i++)); do
		step
		[ -e "$M/var/lib/rmapbench/campaign.json" ] || break
		reboots=$((reboots + 1))
		if [ -e "$M/run/kexec-loaded" ] && [ "$(loaded_kernel)" = 6.12.9-amd64 ]; then
			comes_up_by_kexec
		else
			comes_up_by_default
		fi
	done
	says "3 failed, given up"
	nothing_left
	[ "$reboots" -le 10 ]
	[ "$(all_records new 'select(.record == "boot_failed")' | wc -l)" = 3 ]
	never_called 'systemctl kexec'
}

@test "campaign: the number of reboots is bounded whatever the state says" {
	begin --blocks 1
	jq '.reboots = .most' "$M/var/lib/rmapbench/campaign.json" >"$BATS_TEST_TMPDIR/state"
	cp "$BATS_TEST_TMPDIR/state" "$M/var/lib/rmapbench/campaign.json"
	step
	left_with 1
	warns_of "which is the most this campaign may make"
	never_called 'systemctl kexec'
	nothing_left
}

@test "campaign: a reboot that systemd refuses leaves the machine up" {
	program systemctl '[ "$1" != kexec ]'
	begin --blocks 1
	step
	left_with 1
	warns_of "the machine stays up"
	# The same boot: asked again, and not taken for lost.
	program systemctl
	step
	left_with 0
	called 'systemctl kexec'
	[ "$(state '.history | length')" = 0 ]
}

@test "campaign: a plan or program that changes under way stops it" {
	begin --blocks 1
	echo '# more' >>"$BATS_TEST_TMPDIR/plan.ini"
	step
	left_with 1
	warns_of "was changed since the campaign began"
	never_called 'systemctl kexec'
}

@test "campaign: waits while somebody else is logged in" {
	begin --blocks 1
	echo "alice pts/0" >"$M/people"
	run timeout 2 "$RMAPBENCH" campaign --root "$M" step
	[ "$status" -eq 124 ]
	says "waiting until alice has logged out"
	never_called 'systemctl kexec'
}

@test "campaign stop: at any point, and what was set for the next boot is taken back" {
	begin --blocks 2
	campaign stop
	left_with 0
	says "its next boot is its own default"
	nothing_left
	begin --blocks 2
	step
	[ -e "$M/run/kexec-loaded" ]
	campaign stop
	left_with 0
	called "systemctl stop rmapbench-campaign.service"
	nothing_left
	step
	left_with 1
	warns_of "no campaign is under way"
	campaign stop
	left_with 0
	says "no campaign is under way"
}

@test "campaign stop: a step that systemd could not end reboots nothing" {
	local pid
	program systemctl '[ "$1" != stop ]'
	begin --blocks 1 --pause 2
	"$RMAPBENCH" campaign --root "$M" step 2>"$BATS_TEST_TMPDIR/log" &
	pid=$!
	until_true grep -q "reboots into" "$BATS_TEST_TMPDIR/log"
	campaign stop
	left_with 0
	! wait $pid || return 1
	grep -q "the campaign was stopped meanwhile" "$BATS_TEST_TMPDIR/log"
	never_called 'systemctl kexec'
	nothing_left
}

@test "campaign: a broken state reboots nothing, and stop clears it" {
	begin --blocks 1
	echo '{"campaign": 1' >"$M/var/lib/rmapbench/campaign.json"
	step
	left_with 1
	warns_of "nothing will be rebooted"
	never_called 'systemctl kexec'
	campaign stop
	[ ! -e "$M/etc/systemd/system/rmapbench-campaign.service" ]
	[ -e "$M/var/lib/rmapbench/campaign.json.broken" ]
	campaign status
	says "no campaign is under way"
}

# -------------------------------------------------------------------- boot loaders

# grub_menu: as grub-mkconfig makes one.
grub_menu() {
	mkdir -p "$M/boot/grub"
	program grub-reboot
	program grub-editenv
	cat >"$M/boot/grub/grub.cfg" <<-'END'
		if [ "${next_entry}" ] ; then
		   set default="${next_entry}"
		   set next_entry=
		   save_env next_entry
		fi
		menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-x' {
			linux	/boot/vmlinuz-6.1.0-1-amd64 root=UUID=x ro  quiet
			initrd	/boot/initrd.img-6.1.0-1-amd64
		}
		submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-x' {
			menuentry 'Linux 6.12.9-patched (recovery mode)' $menuentry_id_option 'gnulinux-6.12.9-patched-recovery-x' {
				if [ x$grub_platform = xxen ]; then insmod xzio; fi
				linux	/boot/vmlinuz-6.12.9-patched root=UUID=x ro single
			}
			menuentry 'Linux 6.12.9-patched' $menuentry_id_option 'gnulinux-6.12.9-patched-advanced-x' {
				linux	/boot/vmlinuz-6.12.9-patched root=UUID=x ro  quiet
			}
			menuentry 'Linux 6.12.9-amd64' --class gnu-linux {
				linux	/boot/vmlinuz-6.12.9-amd64 root=UUID=x ro  quiet
			}
		}
	END
}

@test "campaign: where kexec is switched off, GRUB's one-shot entry" {
	grub_menu
	echo 1 >"$M/proc/sys/kernel/kexec_load_disabled"
	begin --blocks 1
	left_with 0
	warns_of "not by kexec: kexec is switched off until the next reboot"
	says "grub-reboot"
	says "boot loader's entry gnulinux-advanced-x>gnulinux-6.12.9-patched-advanced-x"
	[ "$(state '.kernels[0].entry')" = "gnulinux-advanced-x>Linux 6.12.9-amd64" ]
	step
	left_with 0
	called "systemctl reboot"
	grep -qE '^grub-reboot gnulinux-advanced-x>' "$M/calls"
	never_called 'grub-set-default\|set saved_entry'
	comes_up "$(grep -q patched "$M/calls" && echo 6.12.9-patched || echo 6.12.9-amd64)" "BOOT_IMAGE=/boot/x root=UUID=x ro quiet"
	step
	left_with 0
	[ "$(state '.history[0].outcome')" = "done" ]
	campaign stop
	called "grub-editenv - unset next_entry"
	nothing_left
}

# no_loader TEXT: neither way works, and it is said why.
no_loader() {
	begin --boot-by loader
	left_with 1
	warns_of "$1"
	nothing_left
}

@test "campaign: a boot loader that could not forget a one-shot entry, or has none, is refused" {
	no_loader "neither GRUB"
	grub_menu
	echo '3 1 0:9 / /boot rw - btrfs /dev/sda1 rw' >>"$M/proc/self/mountinfo"
	no_loader "where GRUB cannot write"
	sed -i 's,btrfs /dev/sda1,ext4 /dev/mapper/vg-boot,' "$M/proc/self/mountinfo"
	no_loader "where GRUB cannot write"
	sed -i '$d' "$M/proc/self/mountinfo"
	sed -i 's/6.12.9-amd64/6.99/' "$M/boot/grub/grub.cfg"
	no_loader "has no entry for /boot/vmlinuz-6.12.9-amd64; run update-grub"
	grub_menu
	sed -i /next_entry/d "$M/boot/grub/grub.cfg"
	no_loader "GRUB_DEFAULT=saved"
	echo blscfg >>"$M/boot/grub/grub.cfg"
	no_loader "blscfg"
	rm "$M/usr/bin/grub-reboot"
	no_loader "grub-reboot is not installed"
	begin --boot-by loader --append quiet
	left_with 1
	warns_of "--cmdline and --append are for kexec"
}

@test "campaign: systemd-boot's one-shot entry" {
	mkdir -p "$M/sys/firmware/efi/efivars"
	{
		printf '\006\000\000\000'
		printf 'systemd-boot 252' | sed 's/./&\n/g' | while IFS= read -r c; do printf '%s\0' "${c:- }"; done
	} >"$M/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
	program bootctl '[ "$1" != --json=short ] || echo '"'"'[{"id":"m-6.12.9-amd64.conf","version":"6.12.9-amd64","options":"root=x ro"},{"id":"m-6.12.9-patched.conf","version":"6.12.9-patched","options":"root=x ro"}]'"'"
	begin --blocks 1 --boot-by loader
	left_with 0
	says "bootctl set-oneshot"
	step
	left_with 0
	grep -qE '^bootctl set-oneshot m-6.12.9-(amd64|patched).conf$' "$M/calls"
	never_called 'set-default'
	called "systemctl reboot"
	campaign stop
	called "bootctl set-oneshot "
	nothing_left
}

@test "campaign: kexec that is not built, locked or taken is told" {
	rm "$M/sys/kernel/kexec_loaded"
	begin --boot-by kexec
	left_with 1
	warns_of "built without kexec"
	echo 1 >"$M/sys/kernel/kexec_loaded"
	begin --boot-by kexec
	left_with 1
	warns_of "somebody has loaded a kernel already"
	nothing_left
}

@test "campaign --root: nothing that could mean the real machine" {
	for root in "" / /. /usr/.. . nowhere /nowhere; do
		run --separate-stderr "$RMAPBENCH" campaign --root "$root" status
		left_with 2
		warns_of "--root '$root': give the whole path of a folder that is not /"
	done
}

@test "campaign: wrong calls" {
	campaign
	left_with 2
	campaign fly
	left_with 2
	warns_of "allowed are plan, start, status, stop"
	campaign plan --blocks none a=1 b=2
	left_with 2
	warns_of "--blocks none: allowed are whole numbers from 1 to 1000"
	campaign plan --boot-by magic --config "$BATS_TEST_TMPDIR/plan.ini" --out "$OUT" a=6.12.9-amd64 b=6.12.9-patched
	left_with 2
	warns_of "--boot-by magic: allowed are auto, kexec, loader"
}
