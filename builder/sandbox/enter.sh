#!/bin/sh
# Runs inside the namespaces that sandbox.ts made: unpacks the toolbox, mounts what its programs need, runs one script in it.
# usage: enter.sh CACHE WORK TOOLBOX_TAR SCRIPT [ARG…]; CACHE is seen as /cache in the toolbox, the scripts as /semeur.
# Nothing is unmounted here: the mount namespace ends with this process, however it ends.
set -eu

# shellcheck disable=SC2016 # expanded by the toolbox's shell
main() {
	cache=$1 work=$2 toolbox_tar=$3 script=$4
	shift 4
	umask 022
	here=$(dirname -- "$(readlink -f -- "$0")")
	box=$work/toolbox
	mount --make-rprivate /
	mount -t proc proc /proc
	register_binfmt
	mkdir -p "$box"
	# A mount point of its own: programs in the toolbox may then change how mounts propagate.
	mount --bind "$box" "$box"
	tar --extract --file "$toolbox_tar" --directory "$box" --numeric-owner --exclude './dev/*'
	mkdir -p "$box/cache" "$box/semeur" "$box/proc" "$box/sys" "$box/dev"
	mount --rbind /dev "$box/dev"
	mount --rbind /sys "$box/sys"
	mount -t proc proc "$box/proc"
	# Seen by foreign programs through the kernel, whatever their root is.
	mount --bind "$cache" "$box/cache"
	mount --bind "$here" "$box/semeur"
	cp --dereference /etc/resolv.conf /etc/hosts "$box/etc/" 2>/dev/null || :
	exec env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR="/cache/tmp/${work##*/}" LC_ALL=C TZ=UTC DEBIAN_FRONTEND=noninteractive \
		WORK="/cache/tmp/${work##*/}" ${SOURCE_DATE_EPOCH:+SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH"} ${http_proxy:+http_proxy="$http_proxy"} \
		chroot "$box" sh -c 'cd "$WORK"; exec sh "$@"' sh "/semeur/$script" "$@"
}

# The host's registration if it has one that survives a chroot (flag F), else one of our own (kernels >= 6.7 give a namespace its own table).
register_binfmt() {
	table=/proc/sys/fs/binfmt_misc
	[ "$(uname -m)" = aarch64 ] && return 0
	[ -e "$table/register" ] || mount -t binfmt_misc binfmt_misc "$table" ||
		fail "the kernel lets no binfmt_misc be mounted here" "as root: systemctl restart systemd-binfmt"
	grep -qs '^flags:.*F' "$table/qemu-aarch64" && return 0
	cat /usr/lib/binfmt.d/qemu-aarch64.conf >"$table/register" ||
		fail "cannot register qemu-aarch64" "as root: apt-get install --yes qemu-user-static binfmt-support"
}

fail() {
	echo "$1" >&2
	echo "hint: $2" >&2
	exit 3
}

main "$@"
