#!/bin/sh
# Takes out of Raspberry Pi OS what it would do at its own first boot, since Semeur's does it. usage: take-over.sh ROOT
# Its units are masked by overlays/raspios; docs/raspberry-pi-os.md has the reason for each.
set -eu

# Files of the boot partition that would make a user, open SSH, or run a program, for whoever puts them there.
ORDERS='user-data network-config meta-data ssh ssh.txt userconf userconf.txt custom.toml firstrun.sh rpi-preseed.toml wpa_supplicant.conf'

main() {
	root=$1
	take_over_cmdline
	for name in $ORDERS; do
		find "$root/boot/firmware" -maxdepth 1 -type f -iname "$name" -delete
	done
	lock_passwords
	[ ! -d "$root/etc/cloud" ] || : >"$root/etc/cloud/cloud-init.disabled"
}

# It grows the card, asks for a user, or hides what the kernel says.
take_over_cmdline() {
	file=$root/boot/firmware/cmdline.txt
	[ -f "$file" ] || return 0
	tr -s '[:space:]' '\n' <"$file" | grep -vxE 'resize|quiet|init=/usr/lib/raspberrypi-sys-mods/firstboot|ds=.*|systemd\.run.*|systemd\.unit=.*' >"$file.part"
	paste -s -d ' ' "$file.part" >"$file"
	rm "$file.part"
}

# Nobody logs in by a password that everybody knows, nor becomes root without one.
lock_passwords() {
	awk 'BEGIN { FS = OFS = ":" } $2 !~ /^[!*]/ { $2 = "!" } { print }' "$root/etc/shadow" >"$root/etc/shadow.part"
	cmp -s "$root/etc/shadow.part" "$root/etc/shadow" || cat "$root/etc/shadow.part" >"$root/etc/shadow"
	rm -f "$root/etc/shadow.part" "$root"/etc/sudoers.d/010_*-nopasswd
}

main "$@"
