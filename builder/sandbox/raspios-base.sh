#!/bin/sh
# In the toolbox: makes a base of a Raspberry Pi OS image: $WORK/root.tar, its root file system, with its boot partition's files in it, and with
# what it would do at its own first boot taken over. usage: raspios-base.sh OUT IMAGE OFFSET (of the boot partition, in bytes)
set -eu

main() {
	out=$1 image=$2 offset=$3
	root=$WORK/root
	mkdir "$root"
	# Without the device nodes, as system.sh says.
	tar --extract --file "$WORK/root.tar" --directory "$root" --exclude './dev/*' --numeric-owner --xattrs --xattrs-include='*' --acls --same-permissions
	rm "$WORK/root.tar"
	mkdir -p "$root/boot/firmware"
	# It would refuse file systems whose size its geometry rules don't like.
	MTOOLS_SKIP_CHECK=1 mcopy -s -n -m -i "$image@@$offset" '::*' "$root/boot/firmware/"
	sh /semeur/take-over.sh "$root"
	sh /semeur/make-tar.sh "$root" "$out"
	rm -rf "$root"
}

main "$@"
