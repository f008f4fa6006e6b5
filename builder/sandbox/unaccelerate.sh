#!/bin/sh
# Takes away what accelerate.sh mounted, so that the tree is read as if it had never been there. usage: unaccelerate.sh ROOT
set -eu

main() {
	root=$1
	for name in dash bash perl sed grep cp mv rm cat; do
		umount "$root/usr/bin/$name"
	done
	for python in "$root"/usr/bin/python3.[0-9][0-9]; do
		! mountpoint --quiet "$python" || umount "$python"
	done
	umount "$root/usr/lib/x86_64-linux-gnu" "$root/usr/lib64"
	rm -rf "$root/native" "$root/etc/apt/apt.conf.d/99semeur"
	rmdir "$root/usr/lib/x86_64-linux-gnu" "$root/usr/lib64"
	rm -f "$root/lib64"
}

main "$@"
