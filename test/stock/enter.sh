#!/bin/sh
# Enters a root as if that machine had been started: namespaces of its own, nothing of this machine's files but what is bound. Runs within them.
# usage: enter.sh ROOT UID [FROM:TO…] -- PROGRAM [ARG…]; each FROM is bound onto TO in the root, where it is there.
# $CACHE, if it is set, is Semeur's cache of this machine: /cache/semeur there, and theirs, but what they write lies in $ABOVE.
# By pivot_root: in a mere chroot the kernel makes no user namespace for anybody. All mounts end with this process.
set -eu

main() {
	root=$1 uid=$2
	shift 2
	mount --make-rprivate /
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	make_devices
	mount -t tmpfs -o mode=0755 run "$root/run"
	mount -t tmpfs -o mode=1777 tmp "$root/tmp"
	while [ "$1" != -- ]; do
		[ ! -e "${1%%:*}" ] || bind "${1%%:*}" "$root${1#*:}"
		shift
	done
	shift
	[ -z "${CACHE:-}" ] || lend_cache
	cd "$root"
	pivot_root . mnt
	umount --lazy /mnt
	cd "$HOME"
	exec setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"
}

# Debian's udev gives everybody the tun device, as it is within namespaces of theirs that it serves.
make_devices() {
	mount -t tmpfs -o mode=0755 dev "$root/dev"
	for name in null zero full random urandom tty; do bind "/dev/$name" "$root/dev/$name"; done
	mkdir "$root/dev/net" "$root/dev/pts" "$root/dev/shm"
	mknod -m 0666 "$root/dev/net/tun" c 10 200
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
	ln -s pts/ptmx "$root/dev/ptmx"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
	for name in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "/proc/self/${name#*:}" "$root/dev/${name%%:*}"; done
}

# With metacopy a change of owner copies no content. What others are at work on there (tmp/) stays theirs, and may go while this looks.
lend_cache() {
	lent=$root/cache/semeur
	mkdir -p "$lent" "$ABOVE/upper" "$ABOVE/work"
	mount -t overlay -o "lowerdir=$CACHE,upperdir=$ABOVE/upper,workdir=$ABOVE/work,metacopy=on" overlay "$lent"
	[ "$(stat --format %u "$lent")" = "$uid" ] ||
		find "$lent" -path "$lent/tmp/*" -prune -o -exec chown --no-dereference "$uid:$uid" {} + 2>/dev/null || :
	unset CACHE ABOVE
}

bind() {
	mkdir -p "${2%/*}"
	if [ -d "$1" ]; then mkdir -p "$2"; elif [ ! -e "$2" ]; then : >"$2"; fi
	mount --rbind "$1" "$2"
}

main "$@"
