#!/bin/sh
# In the toolbox: packs a folder as a tar whose every byte the folder decides. usage: make-tar.sh FOLDER OUT
# --blocking-factor=1: it ends with two zero blocks and no more, so that another can follow it.
set -eu

main() {
	tar --create --file "$2" --directory "$1" --sort=name --format=pax --pax-option='delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f' \
		--numeric-owner --xattrs --xattrs-include='*' --acls --blocking-factor=1 --clamp-mtime --mtime="@$SOURCE_DATE_EPOCH" .
}

main "$@"
