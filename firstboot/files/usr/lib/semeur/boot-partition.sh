# shellcheck shell=sh
# The FAT partition that any laptop reads: it has no journal, so it is read-only but for the moment of a write. Sourced by the steps.

boot_writable() {
	trap 'mount -o remount,ro "${ROOT:-}/boot/firmware"' EXIT
	mount -o remount,rw "${ROOT:-}/boot/firmware"
}

boot_readonly() {
	sync "${ROOT:-}/boot/firmware"
	mount -o remount,ro "${ROOT:-}/boot/firmware"
	trap - EXIT
}
