#!/bin/sh
# Takes out of a root what differs from one build to the next, or belongs to the machine that built it. usage: scrub.sh ROOT
set -eu

main() {
	root=$1
	# PID 1 makes the machine-id; "uninitialized" would make it run presets and switch on again what is switched off.
	: >"$root/etc/machine-id"
	rm -f "$root/var/lib/dbus/machine-id"
	rm -f "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub
	# Made when the package was installed, so the same on every card: a key that everybody has.
	rm -f "$root/etc/ssl/private/ssl-cert-snakeoil.key" "$root/etc/ssl/certs/ssl-cert-snakeoil.pem"
	[ ! -d "$root/etc/ssl/certs" ] || find "$root/etc/ssl/certs" -lname ssl-cert-snakeoil.pem -delete
	# Otherwise a link into /run, which systemd-resolved fills.
	[ -L "$root/etc/resolv.conf" ] || : >"$root/etc/resolv.conf"
	echo localhost >"$root/etc/hostname"
	rm -rf "$root"/var/cache/ldconfig/aux-cache "$root"/var/cache/debconf/*-old "$root"/var/cache/debconf/tmp.ci "$root"/var/lib/dpkg/*-old "$root"/var/cache/apt/*.bin
	rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb "$root"/tmp/* "$root"/var/tmp/* "$root"/run/*
	rm -f "$root/var/lib/systemd/random-seed" "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
	rm -f "$root"/etc/passwd- "$root"/etc/group- "$root"/etc/shadow- "$root"/etc/gshadow- "$root"/etc/subuid- "$root"/etc/subgid-
	find "$root/var/log" -type f -delete
}

main "$@"
