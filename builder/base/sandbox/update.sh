#!/bin/sh
# In the toolbox: fetches the signed package lists of a suite into the pool, and names them in $WORK/lists.
# Apart from the installation, since its clock (SOURCE_DATE_EPOCH) is the date of the newest of these Release files.
# usage: update.sh ARCHITECTURE SOURCES_LINE…
set -eu

main() {
	architecture=$1
	shift
	root=$WORK/apt
	mkdir -p "$root/etc/apt/preferences.d" "$root/etc/apt/apt.conf.d" "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial" "$root/var/lib/dpkg"
	: >"$root/var/lib/dpkg/status"
	printf '%s\n' "$@" >"$root/etc/apt/sources.list"
	export APT_CONFIG="$WORK/apt.conf"
	cat >"$APT_CONFIG" <<-END
		APT::Architecture "$architecture";
		APT::Architectures { "$architecture"; };
		Dir::Etc "$root/etc/apt";
		Dir::State "$root/var/lib/apt";
		Dir::State::Status "$root/var/lib/dpkg/status";
		Dir::Cache "$root/var/cache/apt";
		Dir::Etc::TrustedParts "/usr/share/keyrings/";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "5";
	END
	apt-get --quiet --error-on=any update
	sh /semeur/pool.sh out "$root"
	rm -rf "$root"
}

main "$@"
