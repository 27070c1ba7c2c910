#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest of tests/campaign/check.sh, at each boot: begins a campaign in the first, loses two boots
# of the new kernel, stops a second campaign in the middle of a measurement, switches off.
set -u
here=/root/check
state=/var/lib/rmapbench/campaign.json
out=/var/results
thp=/sys/kernel/mm/transparent_hugepage/enabled
# BASE, NEW, WAY
# shellcheck source=/dev/null
. $here/kernels
[ "${1-}" = early ] || echo "check: boot $(cat /proc/sys/kernel/random/boot_id) of $(uname -r) with $(cat /proc/cmdline)"

# is PHASE LABEL BLOCK: where the campaign is.
is() {
	text=$(tr -d ' \n' <$state 2>/dev/null) || return 1
	case $text in *"\"phase\":\"$1\""*) ;; *) return 1 ;; esac
	[ "$(uname -r)" = "$2" ] || return 1
	# Blocks of two boots.
	current=$(sed -n 's/^ "current": \([0-9]*\),/\1/p' $state)
	[ $((current / 2)) = "$3" ]
}

measures() {
	is runs "$1" "$2" && grep -q "$3" /var/lib/rmapbench/campaign.running 2>/dev/null
}

once() {
	[ ! -e "$here/$1" ] || return 1
	touch "$here/$1"
	sync
}

begin() {
	# --boot-by loader does not take words.
	[ "$WAY" = kexec ] && set -- --append panic=5 "$@"
	rmapbench campaign start --yes --boot-by "$WAY" --config $here/plan.ini --settle 3 --pause 3 "$@" base="$BASE" new="$NEW" ||
		{ echo "check: start failed"; poweroff; exit 1; }
}

default_of_loader() {
	[ "$WAY" = loader ] || return 0
	grep saved_entry /boot/grub/grubenv
	sha256sum /boot/grub/grub.cfg
}

# A kernel that dies before it reports. Not a panic: without panic= it would stand still.
if [ "${1-}" = early ]; then
	! is asked "$NEW" 1 || ! once died-early || echo b >/proc/sysrq-trigger
	exit 0
fi
if [ "$WAY" = loader ] && once menu; then
	update-grub
	sync
	reboot
	exit
fi
if once begun; then
	default_of_loader >$here/default
	cat $thp >$here/thp
	sleep 5
	begin --blocks 2 --seed 7 --out $out
fi
while [ -e $state ]; do
	if measures "$NEW" 0 fork/vmas && once panicked; then
		echo "check: panic now"
		echo c >/proc/sysrq-trigger
	fi
	if [ -e $here/second ] && measures "$(uname -r)" 0 fork/vmas; then
		rmapbench campaign status
		rmapbench campaign stop
		break
	fi
	sleep 0.2
done
sleep 2
echo "check: over, in $(uname -r); unit: $(systemctl is-active rmapbench-campaign.service)"
if once second; then
	ls -R /etc/systemd/system /var/lib/rmapbench >$out/left-1
	uname -r >$out/over
	begin --blocks 1 --seed 7 --out $out/second
	while [ -e $state ]; do sleep 1; done
	exit
fi
ls -R /etc/systemd/system /var/lib/rmapbench >$out/left-2
echo "$(cmp $thp $here/thp && echo same) $(cat /sys/kernel/kexec_loaded)" >$out/settings
default_of_loader | diff $here/default - && echo same >$out/default
sync
poweroff
