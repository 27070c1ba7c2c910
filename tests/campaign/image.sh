#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/campaign/image.sh DIR WAY: a Debian machine with two kernels in DIR/tree, by debootstrap; kept if
# it is there. Then rmapbench as `make install` leaves it and the machine's part of the check, all
# in DIR/disk.img. What boots by default is DIR/vmlinuz with DIR/initrd.img (WAY kexec) or GRUB in
# DIR/grub.img (WAY loader).
set -eu
cd "$(dirname "$0")/../.."
dir=$1
way=$2
tree=$dir/tree

die() {
	echo "campaign image: $*" >&2
	exit 1
}

[ "$(id -u)" -eq 0 ] || die "debootstrap makes device nodes: run it as root"
for tool in debootstrap mke2fs chroot; do
	command -v $tool >/dev/null || die "$tool is missing: make deps GROUPS=campaign"
done

# The mirror, and where kernels come from, are those of this machine.
make_tree() {
	rm -rf "$tree.new"
	debootstrap --variant=minbase --include=systemd-sysv,udev,kmod,initramfs-tools,procps \
		bookworm "$tree.new" >"$dir/debootstrap.log" 2>&1 || die "debootstrap failed: $dir/debootstrap.log"
	rm -f "$tree.new/etc/apt/sources.list"
	cp -a /etc/apt/sources.list.d/debian.sources "$tree.new/etc/apt/sources.list.d/"
	cp /etc/resolv.conf "$tree.new/etc/resolv.conf"
	mount -t proc proc "$tree.new/proc"
	trap 'umount "$tree.new/proc"' EXIT
	{
		chroot "$tree.new" apt-get update -q &&
			DEBIAN_FRONTEND=noninteractive chroot "$tree.new" apt-get install -qy --no-install-recommends \
				linux-image-cloud-amd64 linux-image-6.12-cloud-amd64 libjansson4 libinih1 libhwloc15 liburing2 \
				libmd0 zlib1g libtracefs1 libtraceevent1 libarchive13 libnuma1 r-mathlib \
				grub-common grub2-common grub-pc-bin
	} >"$dir/packages.log" 2>&1 || die "installing packages failed: $dir/packages.log"
	umount "$tree.new/proc"
	trap - EXIT
	rm -rf "$tree.new"/var/cache/apt/archives/*.deb "$tree.new"/var/lib/apt/lists/*
	mv "$tree.new" "$tree"
}

release() {
	find "$tree/lib/modules/" -mindepth 1 -maxdepth 1 -name "$1.*" -printf '%f\n' | sort -V | tail -n1
}

mkdir -p "$dir"
[ -d "$tree" ] || make_tree
make --no-print-directory -s install DESTDIR="$(realpath "$tree")" PREFIX=/usr/local >"$dir/install.log" 2>&1 ||
	die "make install failed: $dir/install.log"
rm -rf "$tree/root/check" "$tree/var/lib/rmapbench" "$tree/var/results"
install -D -m 755 tests/campaign/machine.sh "$tree/root/check/machine.sh"
install -m 644 tests/campaign/plan.ini "$tree/root/check/plan.ini"
install -m 644 tests/campaign/check.service "$tree/etc/systemd/system/check.service"
ln -sf ../check.service "$tree/etc/systemd/system/multi-user.target.wants/check.service"
echo machine >"$tree/etc/hostname"
echo "/dev/vda / ext4 errors=remount-ro 0 1" >"$tree/etc/fstab"
# Nothing that a campaign has to wait for or be disturbed by.
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer dpkg-db-backup.timer; do
	ln -sf /dev/null "$tree/etc/systemd/system/$unit"
done
printf 'BASE=%s\nNEW=%s\nWAY=%s\n' "$(release 6.1)" "$(release 6.12)" "$way" >"$tree/root/check/kernels"

# GRUB on a disk of its own: boot sector, then its core, which reads the menu of the machine's disk.
# The first menu is ours; update-grub makes the one that counts.
make_grub() {
	modules=$tree/usr/lib/grub/i386-pc
	cat >"$tree/root/check/core.cfg" <<-'END'
		search --no-floppy --set=root --file /root/check/kernels
		set prefix=($root)/boot/grub
		normal ($root)/boot/grub/grub.cfg
	END
	chroot "$tree" grub-mkimage -O i386-pc -p /boot/grub -c /root/check/core.cfg -o /root/check/core.img \
		biosdisk ext2 search search_fs_file normal configfile linux loadenv test echo minicmd
	cat "$modules/boot.img" "$tree/root/check/core.img" >"$dir/grub.img"
	truncate -s 4M "$dir/grub.img"
	rm -rf "$tree/boot/grub"
	mkdir -p "$tree/boot/grub"
	cp -r "$modules" "$tree/boot/grub/"
	chroot "$tree" grub-editenv /boot/grub/grubenv create
	cat >"$tree/boot/grub/grub.cfg" <<-END
		linux /boot/vmlinuz-$(release 6.12) root=/dev/vda rw console=ttyS0
		initrd /boot/initrd.img-$(release 6.12)
		boot
	END
	# The older kernel, in the submenu behind the newer and its recovery mode.
	printf 'GRUB_DEFAULT="1>2"\nGRUB_TIMEOUT=0\nGRUB_CMDLINE_LINUX="console=ttyS0"\n' >"$tree/etc/default/grub"
}
rm -rf "$tree/boot/grub"
[ "$way" = kexec ] || make_grub

cp "$tree/boot/vmlinuz-$(release 6.1)" "$dir/vmlinuz"
cp "$tree/boot/initrd.img-$(release 6.1)" "$dir/initrd.img"
rm -f "$dir/disk.img"
mke2fs -q -t ext4 -d "$tree" "$dir/disk.img" 3G || die "mke2fs failed"
