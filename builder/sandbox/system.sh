#!/bin/sh
# In the toolbox: puts packages on a base and packs the result. usage: system.sh BASE_TAR ACCELERATE(yes|no) [PACKAGE…]
# They, and what they need, are those that $WORK/wanted names: apt sees no others, and no mirror is asked.
# The base of an image (there is $WORK/image) has an initramfs for every Pi, and settings that would make the next one for this machine: it stays as it is.
# Leaves in $WORK/system: root.tar (all but the boot partition's files), boot.tar (those), folders (of the root), passwd, group, status
# (dpkg's) and size (4 KiB blocks and inodes that root.tar takes).
set -eu

main() {
	base=$1 accelerate=$2
	shift 2
	root=$WORK/root
	mkdir "$root"
	# Without the device nodes: an ordinary user may make none, a Pi makes its own, and the tree is to be the same whoever builds it.
	tar --extract --file "$base" --directory "$root" --exclude './dev/*' --numeric-owner --xattrs --xattrs-include='*' --acls --same-permissions
	list_tree "$root" >"$WORK/tree.base"
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
	write_apt_settings "$root" no
	cp "$root/var/lib/dpkg/status" "$WORK/status.before"
	echo 'deb [trusted=yes] copy:/locked locked main' >"$WORK/sources"
	sh /semeur/pool.sh in "$root" locked
	[ ! -e "$WORK/image" ] || hold_initramfs "$root"
	[ "$accelerate" = no ] || upgrade_mounted "$@"
	[ "$accelerate" = no ] || sh /semeur/accelerate.sh "$root"
	write_apt_settings "$root" "$accelerate"
	install_packages "$@" >&2
	[ "$accelerate" = no ] || sh /semeur/unaccelerate.sh "$root"
	[ ! -e "$WORK/image" ] || release_initramfs "$root"
	sh /semeur/pool.sh out "$root" "$WORK/status.before"
	[ -e "$WORK/image" ] || rm -rf "$root/var/cache/apt/archives/partial"
	umount "$root/proc"
	# At once with what lies under it: an ordinary user may not take that away piece by piece.
	umount --lazy "$root/dev"
	rm "$root/usr/sbin/policy-rc.d"
}

# apt's settings are in the environment. Without TMPDIR: maintainer scripts would look for that folder within the root, where there is none.
install_packages() {
	env --unset=TMPDIR apt-get --quiet --yes --no-install-recommends install "$@"
}

# A program that accelerate.sh mounts over can't be replaced: where a newer one is needed, it comes before.
upgrade_mounted() {
	old=$(install_packages --simulate "$@" | awk '$1 == "Inst" && $3 ~ /^\[/ && $2 ~ /^(bash|coreutils|dash|grep|perl-base|python3\.[0-9]+-minimal|sed)$/ { print $2 }')
	# shellcheck disable=SC2086 # a list of names
	[ -z "$old" ] || install_packages --only-upgrade $old >&2
}

hold_initramfs() {
	cp --archive "$1/etc/initramfs-tools/update-initramfs.conf" "$WORK/"
	echo update_initramfs=no >"$1/etc/initramfs-tools/update-initramfs.conf"
}

release_initramfs() {
	cp --archive "$WORK/update-initramfs.conf" "$1/etc/initramfs-tools/"
}

# The toolbox's native apt works on the foreign root; dpkg and the maintainer scripts run inside it.
write_apt_settings() {
	path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin hooks=''
	[ "$2" = no ] || path=/native/bin:$path hooks='"--pre-invoke=sh /native/take-python";'
	export APT_CONFIG="$WORK/apt.conf"
	cat >"$APT_CONFIG" <<-END
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; };
		Dir::Etc "$1/etc/apt";
		Dir::Etc::SourceList "$WORK/sources";
		Dir::Etc::SourceParts "$WORK/none";
		Dir::State "$1/var/lib/apt";
		Dir::State::Status "$1/var/lib/dpkg/status";
		Dir::Cache "$1/var/cache/apt";
		Dir::Log "$1/var/log/apt";
		Dir::Etc::TrustedParts "/usr/share/keyrings/";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		DPkg::Chroot-Directory "$1";
		DPkg::Path "$path";
		DPkg::Options { "--force-unsafe-io"; "--force-confold"; "--path-exclude=/usr/share/doc/*"; "--path-include=/usr/share/doc/*/copyright";
			"--path-exclude=/usr/share/man/*"; "--path-exclude=/usr/share/locale/*"; "--path-exclude=/usr/share/info/*"; $hooks };
	END
}

pack() {
	out=$WORK/system
	mkdir "$out"
	cp "$1/etc/passwd" "$1/etc/group" "$1/var/lib/dpkg/status" "$out/"
	sh /semeur/make-tar.sh "$1/boot/firmware" "$out/boot.tar"
	find "$1/boot/firmware" -mindepth 1 -delete
	(cd "$1" && find . -mindepth 1 -type d -printf '/%P\n' | sort) >"$out/folders"
	find "$1" -printf '%i %s %y\n' | sort -u | awk '{ n++; if ($3 == "f" || $3 == "d") b += int(($2 + 4095) / 4096) } END { print b, n }' >"$out/size"
	list_in_order "$1" >"$WORK/order"
	sh /semeur/make-tar.sh "$1" "$out/root.tar" "$WORK/order"
}

# What the base has comes first, and all its folders before its files: with one package more it keeps its places on the card, and the blocks of an earlier
# release hold it already. What packages brought or changed comes after it.
list_in_order() {
	list_tree "$1" | LC_ALL=C comm -12 "$WORK/tree.base" - >"$WORK/kept"
	{
		echo .
		sed -n 's/^folder //p' "$WORK/kept"
		sed -n 's/^file [^ ]* [^ ]* [^ ]* //p' "$WORK/kept" | LC_ALL=C sort
	} >"$WORK/first"
	cat "$WORK/first"
	(cd "$1" && find . -mindepth 1) | LC_ALL=C sort | awk 'NR == FNR { first[$0]; next } !($0 in first)' "$WORK/first" -
}

# A file that was written again has another inode or another time.
list_tree() {
	(cd "$1" && find . -mindepth 1 \( -type d -printf 'folder %p\n' \) -o -printf 'file %i %T@ %C@ %p\n') | LC_ALL=C sort
}

main "$@"
