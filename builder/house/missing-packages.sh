#!/bin/sh
# The programs that Semeur starts, and the Debian packages that bring them: the one table, read by the launcher (before
# there is a Node.js) and by `semeur doctor`. A path in place of a program's name is a file that has to be there.
# usage: missing-packages.sh VERB                the missing packages of a verb, one line; nothing when all are there
#        missing-packages.sh --line PACKAGE…   the line for root that installs these, and leaves no server running that nobody asked for
#        missing-packages.sh --servers PACKAGE…  the units that these would start by themselves, one line
#        missing-packages.sh --table             each row as "here|missing" and the row's own columns
set -eu

# program (or file) | package | needed by | what it is for
# "fast" is `semeur test --fast`, "home" is `semeur home serve`, "send" is bringing orders to the server by hand. Debian 13's qemu-user-static only stands for qemu-user and qemu-user-binfmt: the same file comes of it.
rows() {
	cat <<-'END'
		mmdebstrap|mmdebstrap|demo test bench build|makes the toolbox and the Debian base
		/usr/lib/binfmt.d/qemu-aarch64.conf|qemu-user-static|demo test bench build|runs the Pi's programs while a profile is built
		newuidmap|uidmap|demo test fast bench build|builds without root
		/usr/share/keyrings/debian-archive-keyring.gpg|debian-archive-keyring|demo test bench build|checks Debian's signatures
		ssh-keygen|openssh-client|demo test fast bench build home|signs seeds, and cards' host keys
		openssl|openssl|demo test fast bench build|makes home's certificate
		mcopy|mtools|demo test fast bench try|reads the boot partition of an image
		qemu-system-aarch64|qemu-system-arm|demo test bench try|boots an image without a Pi
		qemu-img|qemu-utils|demo test fast bench try|keeps the image untouched while it boots
		ip|iproute2|demo test fast try home|gives a trial, or home, a network of its own
		wg|wireguard-tools|demo test fast try home|sets up the VPN of a trial, and of home
		wireguard-go|wireguard-go|demo test fast try home|is the VPN where the kernel has none
		nft|nftables|demo test fast try home|keeps the VPN's members apart
		rsync|rsync|send home|brings orders to the server
		sqlite3|sqlite3|home|backs up home's database
		curl|curl|test fast|downloads as clients do, and asks as a card does
		sfdisk|fdisk|test|makes disks that are no cards
		xz|xz-utils|demo test fast bench try build|unpacks an image
		zstd|zstd|demo test fast bench try|decodes images as clients do
		mkfs.vfat|dosfstools|test fast|makes and checks boot partitions
		e2fsck|e2fsprogs|test fast bench|checks the root partition
		bsdcat|libarchive-tools|test fast|decodes images as Raspberry Pi Imager does
		bmaptool|bmap-tools|test fast|flashes an image as clients do
		python3|python3|test fast|decodes images by its own lzma
		shellcheck|shellcheck|test fast|checks the shell programs
		busybox|busybox|test fast|runs the first-boot steps under a second shell
		/usr/lib/python3/dist-packages/caldav|python3-caldav|test|asks a card's calendar as a telephone does
		cadaver|cadaver|test|opens a card's shared folder as a computer does
		restic|restic|test fast|makes backups as a card does
		sshd|openssh-server|test fast|takes a card's backups
		prosody|prosody|test fast|is a card's chat server
		/usr/lib/python3/dist-packages/slixmpp|python3-slixmpp|test fast|chats as people do
		syncthing|syncthing|test fast|synchronises folders as a card does
		dpkg-deb|dpkg|test fast|makes packages to read
		docker-registry|docker-registry|test fast|serves container images
		umoci|umoci|test fast|unpacks container images as others do
		caddy|caddy|test fast|is a card's web server
		dnsmasq|dnsmasq-base|test fast|is a card's name server
		promtool|prometheus|test fast|tries the alert rules, and watches a home
		amtool|prometheus-alertmanager|test fast|checks how alerts are mailed
		prometheus-node-exporter|prometheus-node-exporter|test fast|shows the metrics that a card shows
		/usr/bin/chromium-headless-shell|chromium-headless-shell|test fast|opens the pages that people see
	END
}

main() {
	# An ordinary user's PATH often lacks the folders of mkfs.vfat and e2fsck.
	PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	case ${1:-} in
	--table) table ;;
	--line) shift && line "$@" ;;
	--servers) shift && servers "$@" ;;
	'' | -*) usage ;;
	*) missing "$1" ;;
	esac
}

table() {
	needed_rows | while IFS='|' read -r program rest; do
		if is_here "$program"; then state=here; else state=missing; fi
		printf '%s|%s|%s\n' "$state" "$program" "$rest"
	done
}

missing() {
	needed_rows | while IFS='|' read -r program package verbs _; do
		case " $verbs " in *" $1 "*) ;; *) continue ;; esac
		is_here "$program" || printf '%s ' "$package"
	done | sed 's/ $//'
}

# Where there is no systemd, nothing was started and nothing is to be switched off.
line() {
	[ $# -gt 0 ] || usage
	units=$(servers "$@")
	quiet=
	# Not "disable --now": it refuses both where systemd isn't running, in a container, say, whose copy may be started with it.
	[ -z "$units" ] || quiet=" && { systemctl disable $units; systemctl stop $units; } || true"
	echo "apt-get update && apt-get install --yes --no-install-recommends $*$quiet"
}

# They are here to be started by tests, with settings of their own: none becomes a server of this machine, today or at its next start.
servers() {
	units=
	for package in "$@"; do
		case $package in
		openssh-server) units="$units ssh.service ssh.socket" ;;
		caddy | docker-registry | prometheus | prometheus-alertmanager | prometheus-node-exporter | prosody) units="$units $package.service" ;;
		syncthing) units="$units syncthing-resume.service" ;;
		esac
	done
	echo "${units# }"
}

# A machine with a Pi's processor runs a Pi's programs itself.
needed_rows() {
	case $(uname -m) in
	aarch64 | arm64) rows | grep -v '|qemu-user-static|' ;;
	*) rows ;;
	esac
}

is_here() {
	case $1 in
	/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

usage() {
	echo "usage: missing-packages.sh VERB | --line PACKAGE… | --servers PACKAGE… | --table" >&2
	exit 2
}

main "$@"
