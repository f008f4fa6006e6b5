#!/bin/sh
# In the toolbox: packs a folder as a tar whose every byte the folder decides. usage: make-tar.sh FOLDER OUT [ORDER]
# ORDER is a file that names all that is to be packed, a line each; else it is everything, sorted by name.
# --blocking-factor=1: it ends with two zero blocks and no more, so that another can follow it.
set -eu

main() {
	folder=$1 out=$2
	if [ $# -gt 2 ]; then set -- --no-recursion --verbatim-files-from --files-from "$3"; else set -- --sort=name .; fi
	tar --create --file "$out" --directory "$folder" --format=pax --pax-option='delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f' \
		--numeric-owner --xattrs --xattrs-include='*' --acls --blocking-factor=1 --clamp-mtime --mtime="@$SOURCE_DATE_EPOCH" "$@"
}

main "$@"
