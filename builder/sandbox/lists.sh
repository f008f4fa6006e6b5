#!/bin/sh
# In the toolbox: asks an archive what it has. $WORK/sources says which (sources.list(5)).
# usage: lists.sh fetch ARCHITECTURE                        fetches the signed package lists into the pool, and names them in $WORK/lists.
#        lists.sh choose ARCHITECTURE BASE_TAR|- PATTERN…   by the lists that $WORK/wanted names: which packages apt would add to a root ("-" for an empty one)
#                                                           so that it has these; in $WORK/debs, "SHA256 NAME" each.
# Apart from the installation, since its clock (SOURCE_DATE_EPOCH) is the date of the newest of these Release files, and it is to see what was chosen alone.
set -eu

main() {
	what=$1 architecture=$2
	shift 2
	root=$WORK/apt
	mkdir -p "$root/etc/apt/preferences.d" "$root/etc/apt/apt.conf.d" "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial" "$root/var/lib/dpkg"
	: >"$root/var/lib/dpkg/status"
	write_settings
	case $what in
	fetch)
		apt-get --quiet --error-on=any update
		sh /semeur/pool.sh lists-out "$root"
		;;
	choose)
		[ "$1" = - ] || tar --extract --file "$1" --directory "$root" --no-same-owner ./etc/apt ./var/lib/dpkg/status
		shift
		sh /semeur/pool.sh lists-in "$root"
		apt-get --quiet --yes --no-install-recommends --option Acquire::ForceHash=sha256 --print-uris install "$@" >"$WORK/uris"
		sed -n "s/^'[^']*' \([^ ]*\) [0-9]* SHA256:\([0-9a-f]*\)\$/\2 \1/p" "$WORK/uris" | LC_ALL=C sort -k 2 >"$WORK/debs"
		;;
	esac
	rm -rf "$root"
}

write_settings() {
	export APT_CONFIG="$WORK/apt.conf"
	cat >"$APT_CONFIG" <<-END
		APT::Architecture "$architecture";
		APT::Architectures { "$architecture"; };
		Dir::Etc "$root/etc/apt";
		Dir::Etc::SourceList "$WORK/sources";
		Dir::Etc::SourceParts "$WORK/none";
		Dir::State "$root/var/lib/apt";
		Dir::State::Status "$root/var/lib/dpkg/status";
		Dir::Cache "$root/var/cache/apt";
		Dir::Etc::TrustedParts "/usr/share/keyrings/";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "5";
		pkgCacheGen::ForceEssential ",";
	END
}

main "$@"
