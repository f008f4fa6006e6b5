#!/bin/sh
# In the toolbox: takes Debian's changelogs out of packages of the pool. $WORK/wanted names them ("SHA256 NAME").
# Leaves in $WORK/changelogs/SHA256, of each package that has any, its usr/share/doc/PACKAGE: the changelogs there, or the whole as the link that it is.
set -eu

POOL=${POOL:-/cache/pool}

main() {
	while read -r sha256 name; do
		take "$POOL/$sha256/$name" "$WORK/changelogs/$sha256"
	done <"$WORK/wanted"
	rm -f "$WORK/files.tar" "$WORK/members" "$WORK/changelogs.list"
}

take() {
	package=${1##*/}
	doc=./usr/share/doc/${package%%_*}
	dpkg-deb --fsys-tarfile "$1" >"$WORK/files.tar"
	tar --list --file "$WORK/files.tar" >"$WORK/members"
	grep -Fx -e "$doc" -e "$doc/changelog.gz" -e "$doc/changelog.Debian.gz" "$WORK/members" >"$WORK/changelogs.list" || return 0
	mkdir -p "$2"
	tar --extract --file "$WORK/files.tar" --directory "$2" --no-same-owner --files-from "$WORK/changelogs.list"
}

main "$@"
