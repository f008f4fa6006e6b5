# shellcheck shell=sh
# Writes files that a power cut leaves whole, old or new. Sourced by the steps.

# keep FILE MODE [OWNER]: standard input becomes the file: temporary name in its folder, sync, rename, sync of the folder.
# The name is this process's own: the heartbeat keeps files in the same folders while a step does. What a cut leaves of it, "run early" removes.
keep() {
	kept_folder=${1%/*}
	kept_part=$kept_folder/.semeur.$$.part
	[ -d "$kept_folder" ] || mkdir -p "$kept_folder"
	# On a full disk the file stays as it was, also where the caller's "if" has switched "set -e" off.
	if ! { (umask 077 && cat >"$kept_part") && chmod "$2" "$kept_part" && { [ -z "${3:-}" ] || chown "$3" "$kept_part"; } && sync "$kept_part"; }; then
		rm -f "$kept_part"
		return 1
	fi
	mv "$kept_part" "$1"
	sync "$kept_folder"
}

# forget_parts: what cuts have left of files that were never finished.
forget_parts() {
	find "${ROOT:-}/etc" "${ROOT:-}/var/lib/semeur" -xdev -name '.semeur.*.part' -type f -exec rm -f {} + 2>/dev/null || :
}
