#!/bin/sh
# The first process in a trial's network: loopback up with the addresses that are given, a /run/wireguard that it may write. Says its process id
# on stderr once all that is there, then stays: the namespaces live as long as it does.
# usage: network.sh [ADDRESS/LENGTH…]
set -eu

main() {
	PATH=$PATH:/usr/sbin:/sbin
	open_run
	ip link set dev lo up
	for address in "$@"; do ip address add "$address" dev lo; done
	echo "network: ready $$" >&2
	exec sleep infinity
}

# wireguard-go and wg meet in /run/wireguard, which only root can make. So /run is one of our own, with the folders of the machine's in it.
open_run() {
	run=$(mktemp -d)
	mount --no-mtab -t tmpfs -o mode=0755 semeur "$run"
	for folder in /run/*/; do
		name=$(basename "$folder")
		if [ -L "/run/$name" ] || [ "$name" = wireguard ]; then continue; fi
		mkdir "$run/$name"
		mount --no-mtab --rbind "/run/$name" "$run/$name"
	done
	mkdir "$run/wireguard"
	mount --no-mtab --move "$run" /run
	rmdir "$run"
}

main "$@"
