#!/bin/sh
# Moves packages and package lists between the pool and a root, so that what was downloaded once is not downloaded again.
# usage: pool.sh in|out ROOT. $POOL/SHA256/NAME holds each file; $WORK/wanted lists the "SHA256 NAME" to bring in. Where it names no .deb
# (there is no lock yet), every .deb of the pool is offered to apt, which takes the ones that its lists name.
set -eu

POOL=${POOL:-/cache/pool}

main() {
	debs=$2/var/cache/apt/archives lists=$2/var/lib/apt/lists
	mkdir -p "$POOL" "$debs" "$lists"
	case $1 in
	in) bring_in ;;
	out) take_out "$lists" '*InRelease' '*Packages*' >"$WORK/lists" && take_out "$debs" '*.deb' >"$WORK/debs" ;;
	esac
}

bring_in() {
	[ -e "$WORK/wanted" ] || : >"$WORK/wanted"
	while read -r sha256 name; do
		[ -e "$POOL/$sha256/$name" ] || continue
		case $name in *.deb) link "$POOL/$sha256/$name" "$debs" ;; *) link "$POOL/$sha256/$name" "$lists" ;; esac
	done <"$WORK/wanted"
	grep -q '\.deb$' "$WORK/wanted" || for file in "$POOL"/*/*.deb; do
		[ ! -e "$file" ] || link "$file" "$debs"
	done
}

link() {
	[ -e "$2/${1##*/}" ] || ln "$1" "$2/" || cp "$1" "$2/"
}

# Prints "SHA256 NAME" of each file, sorted by name.
take_out() {
	from=$1
	shift
	for pattern in "$@"; do
		find "$from" -maxdepth 1 -type f -name "$pattern"
	done | LC_ALL=C sort | while read -r file; do
		sha256=$(sha256sum <"$file")
		sha256=${sha256%% *}
		printf '%s %s\n' "$sha256" "${file##*/}"
		[ -e "$POOL/$sha256/${file##*/}" ] || keep "$file" "$POOL/$sha256"
	done
}

keep() {
	mkdir -p "$2.part"
	cp "$1" "$2.part/"
	mv -T "$2.part" "$2" 2>/dev/null || { mv "$2.part/${1##*/}" "$2/" && rmdir "$2.part"; }
}

main "$@"
