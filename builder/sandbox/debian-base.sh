#!/bin/sh
# In the toolbox: makes the Debian arm64 base of the packages that $WORK/wanted names; no mirror is asked.
# usage: debian-base.sh HOW(accelerated|unaided|plain) OUT SUITE PACKAGES
# It has no sources.list: which archive cards ask is the profile's (layer), not that of the machine that builds. Nor has it the folder of half downloads:
# whose that is depends on whether there was something to download.
set -eu

# shellcheck disable=SC2016 # mmdebstrap's own shell expands the hooks
main() {
	how=$1 out=$2 suite=$3 packages=$4
	settings=settings essential=keep customize=keep path=
	case $how in
	accelerated) essential=accelerate customize=unaccelerate path=/native/bin: ;;
	plain) settings=keep ;;
	esac
	path=$path/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	mmdebstrap --mode=root --variant=minbase --architectures=arm64 --format=tar --skip=update \
		--keyring=/usr/share/keyrings \
		--aptopt='Acquire::Languages "none";' \
		--aptopt="DPkg::Path \"$path\";" \
		--dpkgopt=force-unsafe-io --dpkgopt=force-confold \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		--setup-hook="sh /semeur/pool.sh in \"\$1\" $suite" \
		--essential-hook="sh /semeur/$settings.sh \"\$1\"" \
		--essential-hook="sh /semeur/$essential.sh \"\$1\"" \
		--customize-hook="sh /semeur/$customize.sh \"\$1\"" \
		--customize-hook='sh /semeur/pool.sh out "$1"' \
		--customize-hook='sh /semeur/scrub.sh "$1"; rm -r "$1/etc/apt/sources.list" "$1/var/cache/apt/archives/partial"' \
		--include="$packages" \
		"$suite" "$out" "deb [trusted=yes] copy:/locked $suite main"
}

main "$@"
