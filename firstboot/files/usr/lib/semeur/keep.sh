# shellcheck shell=sh
# Writes files that a power cut leaves whole, old or new. Sourced by the steps.

# keep FILE MODE [OWNER]: standard input becomes the file: temporary name in its folder, sync, rename, sync of the folder.
keep() {
	kept_folder=$(dirname "$1")
	mkdir -p "$kept_folder"
	cat >"$kept_folder/.semeur.part"
	chmod "$2" "$kept_folder/.semeur.part"
	[ -z "${3:-}" ] || chown "$3" "$kept_folder/.semeur.part"
	sync "$kept_folder/.semeur.part"
	mv "$kept_folder/.semeur.part" "$1"
	sync "$kept_folder"
}
