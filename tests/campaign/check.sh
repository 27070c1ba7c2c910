#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/campaign/check.sh [kexec|loader] [DIR]: a whole campaign in a Debian guest, by kexec or by GRUB's
# one-shot entries: two kernels, two blocks. One boot panics in a workload, one dies before it reports,
# one is reset from outside; then a second campaign is stopped in the middle of a measurement. TAP;
# about 6 minutes without KVM. Nothing is rebooted but the guest.
set -u
cd "$(dirname "$0")/../.." || exit 1
way=${1:-kexec}
dir=${2:-build/campaign}
limit=2400            # seconds
accel=${ACCEL:-tcg} # a /dev/kvm that opens may still not start a kernel
tests/campaign/image.sh "$dir" "$way" || exit 1
rm -rf "$dir/monitor" "$dir/results"
: >"$dir/console.log"

# What boots by default: a kernel that QEMU loads, or GRUB on a disk of its own.
if [ "$way" = kexec ]; then
	boot=(-kernel "$dir/vmlinuz" -initrd "$dir/initrd.img" -append "root=/dev/vda rw console=ttyS0")
else
	boot=(-drive "file=$dir/grub.img,format=raw,if=ide")
fi
qemu-system-x86_64 -accel "$accel" -m 1024 -smp 2 -nodefaults -nographic -nic none "${boot[@]}" \
	-drive "file=$dir/disk.img,format=raw,if=virtio" \
	-serial "file:$dir/console.log" -monitor "unix:$dir/monitor,server=on,wait=off" &
qemu=$!
trap 'kill $qemu 2>/dev/null' EXIT

# The base boot of the second block is reset after its first workload; it says so on the console.
reset_once() {
	local since
	since=$(grep -an "base, block 1: measuring" "$dir/console.log" | tail -n1 | cut -d: -f1)
	[ -n "$since" ] || return 1
	tail -n "+$since" "$dir/console.log" | grep -aq "null  ok" || return 1
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die; print $s "system_reset\n"; sleep 1' \
		"$dir/monitor"
}

begun=$SECONDS
was_reset=no
while kill -0 $qemu 2>/dev/null && [ $((SECONDS - begun)) -lt $limit ]; do
	[ $was_reset = yes ] || ! reset_once || was_reset=yes
	sleep 1
done
if kill -0 $qemu 2>/dev/null; then
	echo "# not over after $limit s; the end of $dir/console.log:"
	tail -n 20 "$dir/console.log"
	kill $qemu
fi
wait $qemu 2>/dev/null
trap - EXIT
echo "# $((SECONDS - begun)) s with $accel, by $way"
mkdir -p "$dir/results"
debugfs -R "rdump /var/results $dir/results" "$dir/disk.img" >"$dir/debugfs.log" 2>&1
results=$dir/results/results
# shellcheck source=/dev/null
. "$dir/tree/root/check/kernels"
state=$(find "$results" -maxdepth 1 -name 'campaign-*.json' | head -n1)
second=$(find "$results/second" -maxdepth 1 -name 'campaign-*.json' | head -n1)

failed=0
n=0
is() { # is TEXT SEEN WANTED
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n $1"
		return
	fi
	echo "not ok $n $1"
	printf '# %s\n' "seen: $2" "wanted: $3"
	failed=1
}
# Of the boots of a label, sorted, in one line.
records() { cat "$results/$1"/*/*.jsonl | jq -r "$2" | sort | tr '\n' ' '; }
lost='select(.record == "boot_failed") | "\(.outcome) in \(.workload), block \(.block.index)"'
course() { jq -r ".history[] | select(.label == \"$1\") | .outcome" "$state" | tr '\n' ' '; }

is "the campaign ended in the machine's default kernel" "$(cat "$results/over")" "$BASE"
is "neither unit nor state is left" "$(grep -c 'rmapbench-campaign\|campaign.json' "$results/left-1")" 0
is "new: panic in a workload, death before reporting, each tried again" "$(course new)" "cut off done did not come back done "
is "new: the lost boots are in their blocks" "$(records new "$lost")" "cut off in fork/vmas, block 0 did not come back in null, block 1 "
is "base: reset in a workload, tried again" "$(course base)" "done cut off done "
is "base: the lost boot is in its block" "$(records base "$lost")" "cut off in fork/vmas, block 1 "
for label in base new; do
	[ $label = base ] && release=$BASE || release=$NEW
	is "$label: every record file names the kernel that ran" \
		"$(records $label 'select(.record == "run") | .kernel.release' | tr ' ' '\n' | sort -u | tr -d '\n')" "$release"
	is "$label: both blocks were measured to their end" \
		"$(grep -l '"record":"end"' "$results/$label"/*/*.jsonl | xargs -n1 head -n1 | jq .block.index | sort | tr '\n' ' ')" "0 1 "
	is "$label: a boot's folder, its record and the kernel's own name for it agree" \
		"$(grep -l '"record":"run"' "$results/$label"/*/*.jsonl | while read -r f; do
			id=$(basename "$(dirname "$f")")
			[ "$(head -n1 "$f" | jq -r .boot_id)" = "$id" ] && grep -aq "check: boot $id of $release" "$dir/console.log" || echo "$f"
		done)" ""
done
is "every measured boot came as it was asked to" \
	"$(cat "$results"/{base,new}/*/*.jsonl | jq -r 'select(.record == "run") | .kernel.cmdline' | grep -c "$([ "$way" = kexec ] && echo 'panic=5$' || echo '^BOOT_IMAGE=')")" 6
# Seven are asked for. After a panic, a death and a reset there is none to make; nor is there at the
# end, if the last boot was of the default entry's kernel with its words.
is "reboots made" "$(jq .reboots "$state")" "$([ "$way" = kexec ] && echo 8 || echo 7)"
build/rmapbench compare "$results/base" "$results/new" >"$dir/compare.txt" 2>&1
is "compare pairs the two blocks" "$(grep -c ': 2 paired blocks' "$dir/compare.txt")" 1
is "compare counts the lost boots" "$(grep -oE '[0-9]+ failed' "$dir/compare.txt" | head -n2 | tr '\n' ' ')" "1 failed 2 failed "
is "stopped in a measurement: nothing is left" "$(grep -c 'rmapbench-campaign\|campaign.json' "$results/left-2")" 0
is "stopped in a measurement: settings are back, nothing is loaded" "$(cat "$results/settings")" "same 0"
is "stopped in a measurement: its course is kept" "$(jq -r '.phase' "$second")" runs
is "the boot loader's default and menu are as they were" "$(cat "$results/default")" same
echo "1..$n"
exit $failed
