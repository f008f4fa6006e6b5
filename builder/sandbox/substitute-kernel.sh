#!/bin/sh
# In the toolbox: takes a kernel out of a base, for cards that have another. usage: substitute-kernel.sh BASE_TAR
# Leaves in $WORK/kernel: vmlinuz, modules.ext4, and an initrd that mounts these over the card's modules, which are of another version.
set -eu

LABEL=semeur-modules

main() {
	root=$WORK/root kernel=$WORK/kernel
	mkdir "$root" "$kernel"
	tar --extract --file "$1" --directory "$root" --wildcards './boot/vmlinuz-*' './boot/initrd.img-*' './usr/lib/modules/*'
	mv "$root"/boot/vmlinuz-* "$kernel/vmlinuz"
	make_initrd "$root"/boot/initrd.img-*
	mke2fs -q -t ext4 -L "$LABEL" -d "$root/usr/lib/modules" "$kernel/modules.ext4" 512M
	rm -rf "$root"
}

make_initrd() {
	tree=$WORK/initrd
	unmkinitramfs "$1" "$tree"
	folder=$tree/scripts/local-bottom
	mkdir -p "$folder"
	cat >"$folder/$LABEL" <<-END
		#!/bin/sh
		set -eu
		[ "\${1:-}" != prereqs ] || exit 0
		for try in 1 2 3 4 5 6 7 8 9; do
			[ ! -b /dev/disk/by-label/$LABEL ] || exec mount -t ext4 -o ro /dev/disk/by-label/$LABEL "\$rootmnt/usr/lib/modules"
			sleep 1
		done
	END
	chmod 755 "$folder/$LABEL"
	echo "/scripts/local-bottom/$LABEL \"\$@\"" >>"$folder/ORDER"
	(cd "$tree" && find . | sort | cpio --quiet --create --format=newc) | zstd -q -1 >"$kernel/initrd"
	rm -rf "$tree"
}

main "$@"
