#!/bin/sh
# Prints the Debian packages that are missing for a verb, one line; nothing when all are there.
# Each line of the table: program (or file) | package | verbs | what it is for. `semeur doctor` prints the same table.
set -eu

table() {
	cat <<-'END'
		mmdebstrap|mmdebstrap|demo test bench build|makes the toolbox and the Debian base
		/usr/libexec/qemu-binfmt/aarch64-binfmt-P|qemu-user-static|demo test bench build|runs the Pi's programs while a profile is built
		newuidmap|uidmap|demo test bench build|builds without root
		/usr/share/keyrings/debian-archive-keyring.gpg|debian-archive-keyring|demo test bench build|checks Debian's signatures
		mcopy|mtools|demo test bench try|reads the boot partition of an image
		qemu-system-aarch64|qemu-system-arm|demo test bench try|boots an image without a Pi
		qemu-img|qemu-utils|demo test bench try|keeps the image untouched while it boots
		ssh-keygen|openssh-client|demo test bench build|signs seeds
		xz|xz-utils|demo test bench try|unpacks an image
		zstd|zstd|test bench|decodes images as clients do
		fsck.vfat|dosfstools|test|checks the boot partition
		/usr/sbin/e2fsck|e2fsprogs|test bench|checks the root partition
		bsdcat|libarchive-tools|test|decodes images as Raspberry Pi Imager does
		bmaptool|bmap-tools|test|flashes an image as clients do
		shellcheck|shellcheck|test|checks the shell programs
		busybox|busybox|test|runs the first-boot steps under a second shell
	END
}

main() {
	case ${1:-} in
	--table) table ;;
	*) missing "${1:-test}" ;;
	esac
}

missing() {
	table | while IFS='|' read -r program package verbs _; do
		case " $verbs " in *" $1 "*) ;; *) continue ;; esac
		case $program in
		/*) [ -e "$program" ] ;;
		*) command -v "$program" >/dev/null 2>&1 ;;
		esac || printf '%s ' "$package"
	done | sed 's/ $//'
}

main "$@"
