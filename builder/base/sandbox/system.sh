#!/bin/sh
# In the toolbox: puts packages on a base and packs the result. usage: system.sh BASE_TAR ACCELERATE(yes|no) [PACKAGE…]
# Leaves in $WORK/system: root.tar (all but the boot partition's files), boot.tar (those), folders (of the root), passwd, group, status
# (dpkg's) and size (4 KiB blocks and inodes that root.tar takes). What the pool holds is not downloaded again.
set -eu

main() {
	base=$1 accelerate=$2
	shift 2
	root=$WORK/root
	mkdir "$root"
	# Without the device nodes: an ordinary user may make none, a Pi makes its own, and the tree is to be the same whoever builds it.
	tar --extract --file "$base" --directory "$root" --exclude './dev/*' --numeric-owner --xattrs --xattrs-include='*' --acls --same-permissions
	[ $# -eq 0 ] || add_packages "$root" "$accelerate" "$@"
	sh /semeur/scrub.sh "$root"
	pack "$root"
	rm -rf "$root"
}

add_packages() {
	root=$1 accelerate=$2
	shift 2
	mount --rbind /dev "$root/dev"
	mount -t proc proc "$root/proc"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	write_apt_settings "$root" "$accelerate"
	cp "$root/var/lib/dpkg/status" "$WORK/status.before"
	sh /semeur/pool.sh in "$root"
	[ "$accelerate" = no ] || sh /semeur/accelerate.sh "$root"
	APT_CONFIG=$WORK/apt.conf apt-get --quiet --yes --no-install-recommends install "$@"
	[ "$accelerate" = no ] || sh /semeur/unaccelerate.sh "$root"
	sh /semeur/pool.sh out "$root" "$WORK/status.before"
	umount "$root/proc"
	# At once with what lies under it: an ordinary user may not take that away piece by piece.
	umount --lazy "$root/dev"
	rm "$root/usr/sbin/policy-rc.d"
}

# The toolbox's native apt works on the foreign root; dpkg and the maintainer scripts run inside it.
write_apt_settings() {
	path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	[ "$2" = no ] || path=/native/bin:$path
	cat >"$WORK/apt.conf" <<-END
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; };
		Dir::Etc "$1/etc/apt";
		Dir::State "$1/var/lib/apt";
		Dir::State::Status "$1/var/lib/dpkg/status";
		Dir::Cache "$1/var/cache/apt";
		Dir::Log "$1/var/log/apt";
		Dir::Etc::TrustedParts "/usr/share/keyrings/";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "5";
		DPkg::Chroot-Directory "$1";
		DPkg::Path "$path";
		DPkg::Options { "--force-unsafe-io"; "--force-confold"; "--path-exclude=/usr/share/doc/*"; "--path-include=/usr/share/doc/*/copyright";
			"--path-exclude=/usr/share/man/*"; "--path-exclude=/usr/share/locale/*"; "--path-exclude=/usr/share/info/*"; };
	END
}

pack() {
	out=$WORK/system
	mkdir "$out"
	cp "$1/etc/passwd" "$1/etc/group" "$1/var/lib/dpkg/status" "$out/"
	make_tar "$1/boot/firmware" "$out/boot.tar"
	find "$1/boot/firmware" -mindepth 1 -delete
	(cd "$1" && find . -mindepth 1 -type d -printf '/%P\n' | sort) >"$out/folders"
	find "$1" -printf '%i %s %y\n' | sort -u | awk '{ n++; if ($3 == "f" || $3 == "d") b += int(($2 + 4095) / 4096) } END { print b, n }' >"$out/size"
	make_tar "$1" "$out/root.tar"
}

# --blocking-factor=1: the archive ends with two zero blocks and no more, so that another can follow it.
make_tar() {
	tar --create --file "$2" --directory "$1" --sort=name --format=pax --pax-option='delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f' \
		--numeric-owner --xattrs --xattrs-include='*' --acls --blocking-factor=1 --clamp-mtime --mtime="@$SOURCE_DATE_EPOCH" .
}

main "$@"
