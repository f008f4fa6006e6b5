#!/bin/sh
# Lets the maintainer scripts of a foreign root run mostly native programs. Runs in the toolbox. usage: accelerate.sh ROOT
# Multiarch library paths do not clash, so native libraries and programs are bind-mounted beside and over the foreign ones.
# `uname` and `dpkg` stay foreign: they must answer for the Pi. unaccelerate.sh takes everything away again.
set -eu

# Named by shebangs or by absolute path in maintainer scripts: mounted over the foreign ones.
MOUNTED='dash bash perl sed grep cp mv rm cat'
# Found through DPkg::Path, which puts /native/bin first.
COPIED='bash sed grep mawk cp mv rm ln ls cat mkdir rmdir readlink realpath chmod chown touch stat sort uniq tr cut head tail wc test [
	dirname basename mktemp env expr tee date id find xargs gzip xz zstd tar dpkg-deb dpkg-split kmod systemd-hwdb cpio openssl ssh-keygen
	printf true false echo cmp diff seq sleep sync md5sum sha256sum du df c_rehash run-parts egrep fgrep zcat gunzip comm join paste mkfifo nproc'
KMOD_NAMES='depmod modinfo modprobe lsmod'

main() {
	root=$1
	multiarch=x86_64-linux-gnu loader=lib64
	mkdir -p "$root/usr/$loader" "$root/usr/lib/$multiarch" "$root/native/bin"
	[ -e "$root/$loader" ] || ln -s "usr/$loader" "$root/$loader"
	complete_perl "/usr/lib/$multiarch/perl"
	mount --bind "/usr/lib/$multiarch" "$root/usr/lib/$multiarch"
	mount --bind "/usr/$loader" "$root/usr/$loader"
	copy_programs "$root/native/bin"
	for name in $MOUNTED; do
		mount --bind "/usr/bin/$name" "$root/usr/bin/$name"
	done
	offer_python
	# Before packages are unpacked, debconf looks for questions to ask, with an emulated program; and nobody is here to answer.
	echo '#clear DPkg::Pre-Install-Pkgs;' >"$root/etc/apt/apt.conf.d/99semeur"
}

# Packages in Python are compiled when they are installed, and what comes of it is for any processor. Python itself may come with them: dpkg, which runs
# before it unpacks and again before it configures, calls this each time.
offer_python() {
	mkdir "$root/native/python"
	for python in /usr/bin/python3.[0-9][0-9]; do
		[ ! -f "$python" ] || cp "$python" "$root/native/python/"
	done
	cat >"$root/native/take-python" <<-'END'
		for native in /native/python/*; do
			foreign=/usr/bin/${native##*/}
			[ ! -f "$foreign" ] || cmp -s "$native" "$foreign" || mount --bind "$native" "$foreign"
		done
	END
}

# The toolbox's perl is the whole one: beside its own libraries it must find its own modules, not the foreign root's few.
complete_perl() {
	for modules in /usr/share/perl/5.*.*; do
		cp --archive --update=none "$modules/." "$1/${modules##*/}/"
	done
}

copy_programs() {
	for name in $COPIED; do
		for folder in /usr/bin /usr/sbin; do
			[ ! -e "$folder/$name" ] || { cp --archive --dereference "$folder/$name" "$1/" && break; }
		done
	done
	ln -s mawk "$1/awk"
	for name in $KMOD_NAMES; do
		ln -s kmod "$1/$name"
	done
}

main "$@"
