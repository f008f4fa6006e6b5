#!/bin/sh
# Moves packages and package lists between the pool and a root, so that what was downloaded once is not downloaded again.
# usage: pool.sh in ROOT            brings in what $WORK/wanted names ("SHA256 NAME"). Where that names no .deb (there is no lock yet), every .deb
#                                   of the pool is offered to apt, which takes the ones that its lists name.
#        pool.sh keep ROOT          keeps the .debs of the root's cache: mmdebstrap removes those of essential packages before its last hook.
#        pool.sh out ROOT [STATUS]  keeps them, and names what was taken in $WORK/lists and $WORK/debs: of the packages installed, without those
#                                   that dpkg's STATUS file has (they were there before).
# $POOL/SHA256/NAME holds each file.
set -eu

POOL=${POOL:-/cache/pool}

main() {
	root=$2 debs=$2/var/cache/apt/archives lists=$2/var/lib/apt/lists
	mkdir -p "$POOL" "$debs" "$lists"
	case $1 in
	in) bring_in ;;
	keep) keep_all "$debs" '*.deb' >/dev/null ;;
	out)
		keep_all "$lists" '*InRelease' '*Packages*' >"$WORK/lists"
		keep_all "$debs" '*.deb' >/dev/null
		name_installed "${3:-/dev/null}" >"$WORK/debs"
		;;
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

# Prints "SHA256 NAME" of each file that it keeps, sorted by name.
keep_all() {
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

# Prints "SHA256 NAME" of the .deb of each package that $root has and STATUS has not.
name_installed() {
	deb_names <"$1" >"$WORK/before"
	deb_names <"$root/var/lib/dpkg/status" | grep -vxF -f "$WORK/before" | while read -r name; do
		set -- "$POOL"/*/"$name"
		[ ! -e "$1" ] || printf '%s %s\n' "$(basename "${1%/*}")" "$name"
	done
}

# The names of the .debs of dpkg's status file (standard input), as apt calls them.
deb_names() {
	awk -v RS= '/\nStatus: install ok installed\n/ {
		split("", field)
		n = split($0, line, "\n")
		for (i = 1; i <= n; i++) if (match(line[i], /^(Package|Version|Architecture): /)) field[substr(line[i], 1, RLENGTH - 2)] = substr(line[i], RLENGTH + 1)
		gsub(/:/, "%3a", field["Version"])
		print field["Package"] "_" field["Version"] "_" field["Architecture"] ".deb"
	}' | LC_ALL=C sort
}

main "$@"
