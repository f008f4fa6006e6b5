#!/bin/sh
# On the host, inside the namespaces: makes the toolbox with the host's own mmdebstrap, the one thing it is used for.
# usage: WORK=… POOL=… toolbox.sh OUT SUITE PACKAGES LISTS(update|pool) [SOURCES_LINE…]
set -eu

# shellcheck disable=SC2016 # mmdebstrap's own shell expands the hooks
main() {
	out=$1 suite=$2 packages=$3 lists=$4
	shift 4
	umask 022
	here=$(dirname -- "$(readlink -f -- "$0")")
	export HERE="$here"
	[ "$lists" = pool ] && skip=update || skip=
	exec mmdebstrap --mode=root ${skip:+"--skip=$skip"} --variant=minbase --format=tar --keyring=/usr/share/keyrings \
		--aptopt='Acquire::Languages "none";' --aptopt='Acquire::Retries "5";' --dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		--setup-hook='sh "$HERE/pool.sh" in "$1"' --extract-hook='sh "$HERE/pool.sh" keep "$1"' --customize-hook='sh "$HERE/pool.sh" out "$1"' \
		--include="$packages" "$suite" "$out" "$@"
}

main "$@"
