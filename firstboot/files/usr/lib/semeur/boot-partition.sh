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

# Seeds that were dropped there, one path a line, whatever name the browser gave them.
dropped_seeds() {
	for dropped in "${ROOT:-}/boot/firmware"/*; do
		case ${dropped##*/} in
		[Ss][Ee][Mm][Ee][Uu][Rr]*.[Ss][Ee][Ee][Dd] | [Ss][Ee][Mm][Ee][Uu][Rr]*.[Ss][Ee][Ee][Dd].[Tt][Xx][Tt]) printf '%s\n' "$dropped" ;;
		esac
	done
}
