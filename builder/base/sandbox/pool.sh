#!/bin/sh
# Moves packages and package lists between the pool and a root, so that what was downloaded once is not downloaded again.
# usage: pool.sh in ROOT            brings in what $WORK/wanted names ("SHA256 NAME"). Where that names no .deb (there is no lock yet), every .deb
#                                   of the pool is offered to apt, which takes the ones that its lists name.
#        pool.sh keep ROOT          keeps the .debs of the root's cache: mmdebstrap removes those of essential packages before its last hook.
#        pool.sh out ROOT [STATUS]  keeps them, and names what was taken in $WORK/lists and $WORK/debs: of the packages installed, without those
#                                   that dpkg's STATUS file has (they were there before).
# $POOL/SHA256/NAME holds each file. A package list is called archive_dists_SUITE_… there and in locks, whatever the mirror: who builds by a lock has
# another one, and a mirror's address is nobody else's business. Where two archives have a suite of the same name, the second one's are archive2's.
# APT_CONFIG, or mmdebstrap's in a hook of it, says which apt's sources they are.
set -eu

POOL=${POOL:-/cache/pool}

main() {
	root=$2 debs=$2/var/cache/apt/archives lists=$2/var/lib/apt/lists
	mkdir -p "$POOL" "$debs" "$lists"
	name_archives >"$WORK/archives"
	case $1 in
	in) bring_in ;;
	keep) keep_debs ;;
	out)
		keep_lists >"$WORK/lists"
		keep_debs
		name_installed "${3:-/dev/null}" >"$WORK/debs"
		;;
	esac
}

bring_in() {
	[ -e "$WORK/wanted" ] || : >"$WORK/wanted"
	while read -r sha256 name; do
		[ -e "$POOL/$sha256/$name" ] || continue
		case $name in *.deb) to=$debs/$name ;; *) to=$lists/$(rename 2 1 "$name") ;; esac
		link "$POOL/$sha256/$name" "$to"
	done <"$WORK/wanted"
	grep -q '\.deb$' "$WORK/wanted" || for file in "$POOL"/*/*.deb; do
		[ ! -e "$file" ] || link "$file" "$debs/${file##*/}"
	done
}

link() {
	[ -e "$2" ] || ln "$1" "$2" || cp "$1" "$2"
}

# Of each source's suite, in their order, how apt begins the names of its lists, and how the pool does. apt itself says: it has rules of its own for addresses.
name_archives() {
	# shellcheck disable=SC2016 # apt's own variables
	APT_CONFIG=${MMDEBSTRAP_APT_CONFIG:-$APT_CONFIG} apt-get indextargets --no-release-info --option Dir::State::Lists="$WORK/no-lists/" \
		--format '$(RELEASE) $(FILENAME)' 'Created-By: Packages' >"$WORK/targets"
	awk '{
		sub(/.*\//, "", $2)
		end = index($2, "_dists_" $1 "_")
		apt = substr($2, 1, end + length("_dists_" $1) - 1)
		if (end == 0 || apt in seen) next
		seen[apt]
		n = ++suites[$1]
		print apt, "archive" (n > 1 ? n : "") "_dists_" $1
	}' "$WORK/targets"
}

# The name of a list that begins as column $1 of the archives says, as column $2 has it.
rename() {
	awk -v from="$1" -v to="$2" -v name="$3" '
		index(name, $from "_") == 1 { name = $to substr(name, length($from) + 1); exit }
		END { print name }' "$WORK/archives"
}

# Prints "SHA256 NAME" of each file that it keeps, sorted by name.
keep_lists() {
	find "$lists" -maxdepth 1 -type f \( -name '*InRelease' -o -name '*Packages*' \) | while read -r file; do
		keep "$file" "$(rename 1 2 "${file##*/}")"
	done | LC_ALL=C sort -k 2
}

keep_debs() {
	find "$debs" -maxdepth 1 -type f -name '*.deb' | while read -r file; do
		keep "$file" "${file##*/}"
	done >/dev/null
}

# Prints "SHA256 NAME" of the file.
keep() {
	sha256=$(sha256sum <"$1")
	to=$POOL/${sha256%% *}
	printf '%s %s\n' "${sha256%% *}" "$2"
	[ ! -e "$to/$2" ] || return 0
	mkdir -p "$to.part"
	cp "$1" "$to.part/$2"
	mv -T "$to.part" "$to" 2>/dev/null || { mv "$to.part/$2" "$to/" && rmdir "$to.part"; }
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
