#!/bin/sh
# On the host, inside the namespaces: makes the toolbox with the host's own mmdebstrap, the one thing it is used for.
# usage: WORK=… POOL=… toolbox.sh OUT SUITE PACKAGES mirror [SOURCES_LINE…]   the newest, by the sources' own lists, which come into the pool
#        WORK=… POOL=… toolbox.sh OUT SUITE PACKAGES pool                     of the packages that $WORK/wanted names; no mirror is asked
set -eu

# shellcheck disable=SC2016 # mmdebstrap's own shell expands the hooks
main() {
	out=$1 suite=$2 packages=$3 from=$4
	shift 4
	umask 022
	here=$(dirname -- "$(readlink -f -- "$0")")
	export HERE="$here" SUITE="$suite"
	if [ "$from" = pool ]; then
		make --skip=update --setup-hook='sh "$HERE/pool.sh" in "$1" "$SUITE"' --customize-hook='sh "$HERE/pool.sh" out "$1"' \
			--include="$packages" "$suite" "$out" "deb [trusted=yes] copy:/locked $suite main"
	else
		make --setup-hook='sh "$HERE/pool.sh" any "$1"' --extract-hook='sh "$HERE/pool.sh" keep "$1"' \
			--customize-hook='sh "$HERE/pool.sh" keep "$1"; sh "$HERE/pool.sh" lists-out "$1"; sh "$HERE/pool.sh" out "$1"' \
			--include="$packages" "$suite" "$out" "$@"
	fi
}

make() {
	exec mmdebstrap --mode=root --variant=minbase --format=tar --keyring=/usr/share/keyrings \
		--aptopt='Acquire::Languages "none";' --aptopt='Acquire::Retries "5";' --dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		"$@"
}

main "$@"
