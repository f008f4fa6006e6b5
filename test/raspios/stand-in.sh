#!/bin/sh
# In the toolbox: makes an image that is to Semeur what a Raspberry Pi OS Lite image is, from a Debian system (FACTS: layout, fstab, cmdline, first-boot
# units, cloud-init's files, features of the file systems, a kernel without virtio, a perl that is not the newest). usage: stand-in.sh SYSTEM SUITE DISK_ID
# Leaves $WORK/stand-in.img. What the real one has and this has not: docs/raspberry-pi-os.md.
set -eu

MIB=1048576 BOOT_START=8 BOOT_MIB=512
# Nothing in it is newer than its release.
DATE=2026-06-18
# Raspberry Pi OS Lite comes without them.
ABSENT='systemd-resolved libnss-myhostname libnss-resolve nftables wireguard-tools prometheus-node-exporter'

main() {
	system=$1 suite=$2 disk_id=$3
	root=$WORK/root boot=$WORK/root/boot/firmware
	mkdir "$root"
	tar --extract --file "$system/root.tar" --directory "$root" --numeric-owner --xattrs --xattrs-include='*' --acls --same-permissions
	tar --extract --file "$system/boot.tar" --directory "$boot" --no-same-owner
	remove_packages
	write_boot
	write_root
	write_units
	find "$root" -newermt "$DATE" -exec touch --no-dereference --date "$DATE" {} +
	make_disk
}

# Without its maintainer scripts' help nothing in the tree would tell that they were ever there.
remove_packages() {
	for package in $ABSENT; do
		[ ! -e "$root/var/lib/dpkg/info/$package.list" ] || chroot "$root" dpkg --purge --force-depends "$package"
	done
	rm -f "$root/etc/resolv.conf"
	: >"$root/etc/resolv.conf"
}

write_boot() {
	set -- "$boot"/vmlinuz-*
	version=${1##*/vmlinuz-}
	mv "$1" "$boot/kernel8.img"
	strip_initrd "$boot/initrd.img-$version"
	find "$root/usr/lib/modules" -name 'virtio*.ko*' -delete
	depmod --basedir "$root" "$version"
	for name in 3-b zero-2-w; do
		mv "$boot/bcm2837-rpi-$name.dtb" "$boot/bcm2710-rpi-$name.dtb"
	done
	# By name alone: nothing here starts a Pi 5, and QEMU needs no firmware.
	for name in kernel_2712.img initramfs_2712 bcm2712-rpi-5-b.dtb bootcode.bin start.elf start4.elf fixup.dat fixup4.dat; do
		[ -e "$boot/$name" ] || echo "stand-in for $name" >"$boot/$name"
	done
	cat >"$boot/config.txt" <<-'END'
		dtparam=audio=on
		camera_auto_detect=1
		display_auto_detect=1
		auto_initramfs=1
		dtoverlay=vc4-kms-v3d
		max_framebuffers=2
		disable_fw_kms_setup=1
		arm_64bit=1
		disable_overscan=1
		arm_boost=1
		[cm4]
		otg_mode=1
		[cm5]
		dtoverlay=dwc2,dr_mode=host
		[all]
	END
	common="console=serial0,115200 console=tty1 root=PARTUUID=${disk_id#0x}-02 rootfstype=ext4 fsck.repair=yes rootwait"
	if [ "$suite" = bookworm ]; then
		echo "$common quiet init=/usr/lib/raspberrypi-sys-mods/firstboot" >"$boot/cmdline.txt"
	else
		echo "$common resize" >"$boot/cmdline.txt"
		printf '#cloud-config\n# Nothing is asked for.\n' >"$boot/user-data"
		echo '# Nothing is asked for.' >"$boot/network-config"
		printf 'dsmode: local\ninstance_id: rpios-image\n' >"$boot/meta-data"
	fi
	echo "Stand-in for Raspberry Pi OS, made by Semeur's tests" >"$boot/issue.txt"
}

# Raspberry Pi's kernel has nothing for a machine that is no Pi: nor has this one.
strip_initrd() {
	unmkinitramfs "$1" "$WORK/initrd"
	find "$WORK/initrd" -name 'virtio*.ko*' -delete
	depmod --basedir "$WORK/initrd" "$version"
	(cd "$WORK/initrd" && find . | sort | cpio --quiet --create --format=newc) | zstd -q -1 >"$boot/initramfs8"
	rm -rf "$1" "$WORK/initrd"
}

write_root() {
	cat >"$root/etc/fstab" <<-END
		proc            /proc           proc    defaults          0       0
		PARTUUID=${disk_id#0x}-01  /boot/firmware  vfat    defaults          0       2
		PARTUUID=${disk_id#0x}-02  /               ext4    defaults,noatime  0       1
	END
	echo raspberrypi >"$root/etc/hostname"
	[ "$suite" = bookworm ] || echo uninitialized >"$root/etc/machine-id"
	mkdir -p "$root/etc/systemd/network" "$root/etc/sudoers.d" "$root/etc/initramfs-tools"
	ln -sf /dev/null "$root/etc/systemd/network/99-default.link"
	chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash pi
	# An open door of the kind that older images had.
	# shellcheck disable=SC2016 # the dollars are the hash's
	sed -i 's/^pi:[^:]*:/pi:$6$abcdefgh$cVb1Qs8hTqv7Z:/' "$root/etc/shadow"
	echo 'pi ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/010_pi-nopasswd"
	chmod 440 "$root/etc/sudoers.d/010_pi-nopasswd"
	# Whoever made an initramfs by these settings would make it for the machine that builds.
	sed -i 's/^MODULES=.*/MODULES=dep/' "$root/etc/initramfs-tools/initramfs.conf"
	echo update_initramfs=yes >"$root/etc/initramfs-tools/update-initramfs.conf"
	make_older dash
	make_older perl-base
	write_sources
	# What a copy may lose: an ACL, a capability, a hard link, a time finer than a second.
	cp "$root/usr/bin/cat" "$root/usr/local/bin/capable"
	chroot "$root" setcap cap_net_raw+ep /usr/local/bin/capable
	ln "$root/usr/local/bin/capable" "$root/usr/local/bin/twin"
	chroot "$root" setfacl -m u:33:r /etc/fstab
	touch --date '2020-02-02 02:02:02.123456789' "$root/etc/issue"
}

# Older than what the archive has: a package, those of the same source, and what they say of one another.
make_older() {
	status=$root/var/lib/dpkg/status
	version=$(awk -v name="$1" '/^Package: / { found = $2 == name } found && /^Version: / { print $2; exit }' "$status")
	sed "s/^Version: $version\$/&~old/; s/= $version)/= $version~old)/g" "$status" >"$WORK/status"
	cat "$WORK/status" >"$status"
}

write_sources() {
	rm -f "$root/etc/apt/sources.list"
	mkdir -p "$root/etc/apt/sources.list.d" "$root/usr/share/keyrings"
	cat >"$root/etc/apt/sources.list.d/debian.sources" <<-END
		Types: deb
		URIs: http://debian.invalid/debian/
		Suites: $suite $suite-updates
		Components: main contrib non-free non-free-firmware
		Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp
	END
	cat >"$root/etc/apt/sources.list.d/raspi.sources" <<-END
		Types: deb
		URIs: http://raspberrypi.invalid/debian/
		Suites: $suite
		Components: main
		Signed-By: /usr/share/keyrings/raspberrypi-archive-keyring.pgp
	END
	cp "$WORK/archive-key.pgp" "$root/usr/share/keyrings/raspberrypi-archive-keyring.pgp"
}

# Each says on the console that it ran: none may, on a card.
write_units() {
	for unit in rpi-resize userconfig sshswitch regenerate_ssh_host_keys; do
		cat >"$root/usr/lib/systemd/system/$unit.service" <<-END
			[Unit]
			Description=Stock first boot: $unit
			[Service]
			Type=oneshot
			ExecStart=/bin/sh -c 'echo "stock first boot: $unit" >/dev/console'
			[Install]
			WantedBy=multi-user.target
		END
		ln -s "/usr/lib/systemd/system/$unit.service" "$root/etc/systemd/system/multi-user.target.wants/$unit.service"
	done
	rm -f "$root/etc/systemd/system/multi-user.target.wants/ssh.service" "$root/etc/systemd/system/sshd.service"
}

make_disk() {
	truncate --size "${BOOT_MIB}M" "$WORK/boot.fat"
	[ "$suite" = bookworm ] && cluster=4 || cluster=1
	mkfs.vfat -n bootfs -F 32 -s "$cluster" "$WORK/boot.fat" >/dev/null
	(cd "$boot" && mcopy -s -i "$WORK/boot.fat" ./* ::)
	find "$boot" -mindepth 1 -delete
	root_mib=$(du --apparent-size --summarize --block-size=1M "$root" | awk '{ print int(($1 * 1.2 + 200 + 7) / 8) * 8 }')
	truncate --size "${root_mib}M" "$WORK/root.ext4"
	mke2fs -q -t ext4 -L rootfs -O '^64bit,^huge_file' -d "$root" "$WORK/root.ext4"
	rm -rf "$root"
	truncate --size "$((BOOT_START + BOOT_MIB + root_mib))M" "$WORK/stand-in.img"
	sfdisk --quiet --no-reread --no-tell-kernel "$WORK/stand-in.img" <<-END
		label: dos
		label-id: $disk_id
		start=$((BOOT_START * MIB / 512)), size=$((BOOT_MIB * MIB / 512)), type=c
		start=$(((BOOT_START + BOOT_MIB) * MIB / 512)), size=$((root_mib * MIB / 512)), type=83
	END
	dd if="$WORK/boot.fat" of="$WORK/stand-in.img" bs=1M seek="$BOOT_START" conv=notrunc,sparse status=none
	dd if="$WORK/root.ext4" of="$WORK/stand-in.img" bs=1M seek="$((BOOT_START + BOOT_MIB))" conv=notrunc,sparse status=none
	rm "$WORK/boot.fat" "$WORK/root.ext4"
}

main "$@"
