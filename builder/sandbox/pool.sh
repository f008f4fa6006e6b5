#!/bin/sh
# Moves packages and package lists between the pool and a root, so that what was downloaded once is not downloaded again.
# usage: pool.sh in ROOT SUITE      brings in the .debs that $WORK/wanted names ("SHA256 NAME PRIORITY", "-" for the package's own), and offers them
#                                   to apt as an archive of their own: apt's source is offer_source SUITE, and it knows no other package.
#        pool.sh any ROOT           brings in every .deb of the pool, for an apt that has real sources.
#        pool.sh keep ROOT          keeps the .debs of the root's cache: mmdebstrap removes those of essential packages before its last hook.
#        pool.sh out ROOT [STATUS]  names in $WORK/debs those of the packages installed, without those that dpkg's STATUS file has (they were there before).
#        pool.sh lists-in ROOT      brings in the package lists that $WORK/wanted names ("SHA256 NAME").
#        pool.sh lists-out ROOT     keeps the root's package lists, and names them in $WORK/lists.
# $POOL/SHA256/NAME holds each file. A package list is called archive_dists_SUITE_… there, whatever the mirror: who builds on has another one, and a mirror's
# address is nobody else's business. Where two archives have a suite of the same name, the second one's are archive2's.
# APT_CONFIG, or mmdebstrap's in a hook of it, says which apt's sources they are.
set -eu

POOL=${POOL:-/cache/pool}

main() {
	root=$2 debs=$2/var/cache/apt/archives lists=$2/var/lib/apt/lists
	mkdir -p "$POOL" "$debs" "$lists"
	case $1 in
	in)
		bring_debs
		offer_debs "$3"
		;;
	any) for file in "$POOL"/*/*.deb; do
		[ ! -e "$file" ] || link "$file" "$debs/${file##*/}"
	done ;;
	keep) keep_debs ;;
	out) name_installed "${3:-/dev/null}" >"$WORK/debs" ;;
	lists-in)
		name_archives >"$WORK/archives"
		bring_lists
		;;
	lists-out)
		name_archives >"$WORK/archives"
		keep_lists >"$WORK/lists"
		;;
	esac
}

bring_debs() {
	cat "$WORK/wanted" >"$WORK/kept"
	while read -r sha256 name _; do
		link "$POOL/$sha256/$name" "$debs/$name"
	done <"$WORK/wanted"
}

# Writes the package list of an archive that has these packages and no other, as apt would have fetched it. What is in a .deb says all that apt wants to know;
# that it is the right one, its hash has said.
offer_debs() {
	archive=$lists/_locked_dists_$1
	architecture=$(APT_CONFIG=${MMDEBSTRAP_APT_CONFIG:-$APT_CONFIG} apt-config shell architecture APT::Architecture)
	architecture=${architecture#*\'} architecture=${architecture%\'*}
	printf 'Origin: Debian\nLabel: Debian\nSuite: %s\nCodename: %s\nArchitectures: %s\nComponents: main\n' "$1" "$1" "$architecture" >"${archive}_InRelease"
	while read -r sha256 name priority _; do
		dpkg-deb --field "$debs/$name" >"$WORK/control"
		[ "$priority" = - ] || { sed -i '/^Priority:/d' "$WORK/control" && printf 'Priority: %s\n' "$priority" >>"$WORK/control"; }
		printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$name" "$(stat --format %s "$debs/$name")" "$sha256" | cat "$WORK/control" -
	done <"$WORK/wanted" >"${archive}_main_binary-${architecture}_Packages"
}

bring_lists() {
	while read -r sha256 name; do
		link "$POOL/$sha256/$name" "$lists/$(rename 2 1 "$name")"
	done <"$WORK/wanted"
}

link() {
	[ -e "$2" ] || ln "$1" "$2" || cp "$1" "$2"
}

# How apt begins the names of its lists, and how the pool does: a line for each source's suite, in their order. apt itself says, for it has rules of its own for addresses.
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

# Those that it has met are named in $WORK/kept, as those are that were brought in.
keep_debs() {
	find "$debs" -maxdepth 1 -type f -name '*.deb' | while read -r file; do
		keep "$file" "${file##*/}"
	done >>"$WORK/kept"
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
	deb_names <"$root/var/lib/dpkg/status" | grep -vxF -f "$WORK/before" >"$WORK/installed" || :
	awk 'NR == FNR { sha256[$2] = $1; next } $1 in sha256 { print sha256[$1], $1 }' "$WORK/kept" "$WORK/installed"
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
