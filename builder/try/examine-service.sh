#!/bin/sh
# On a card that has one service alone: whether it does what its overlay says. usage: examine-service.sh [UNIT…] (those that it switches on)
# Prints a line for each: "well WHAT" or "ill WHAT: WHY". `semeur overlay test` sends it there; what programs say meanwhile comes between.
set -eu

# Every card listens there: SSH, the status page, the metrics, its name, leases.
OWN_PORTS='tcp 22
tcp 8480
tcp 9100
udp 5353
udp 68
udp 546'

main() {
	profile="${ROOT:-}/usr/lib/semeur/profile"
	trap 'tell_end $?' EXIT
	check_health 'answers'
	check_ports
	for unit in "$@"; do check_security "$unit"; done
	[ ! -s "$profile/backup.list" ] || check_backup "$@"
}

say() {
	if [ -z "$2" ]; then echo "well $1"; else echo "ill $1: $2"; fi
}

# A program that isn't there, or fails, is a finding too, and those before it stay.
tell_end() {
	[ "$1" = 0 ] || say 'lets itself be examined' "exit code $1"
	exit 0
}

# The card itself waits for half a minute; emulated, a server in Python takes two to start.
check_health() {
	ill="${ROOT:-}/run/semeur/ill"
	for _ in 1 2 3 4 5 6 7 8; do
		rm -f "$ill"
		sh "${ROOT:-}/usr/lib/semeur/check-services"
		[ -s "$ill" ] || break
	done
	say "$1" "$(tr '\t' ' ' <"$ill" | paste -s -d ',' -)"
}

# What listens beyond the card itself, and no overlay says so. Some programs open UDP ports by chance as well, from where they call out: the packet
# filter shuts those.
check_ports() {
	# By cat, since such a file gives nothing to whoever reads on after the first byte, as dash does.
	range=$(cat /proc/sys/net/ipv4/ip_local_port_range)
	open=$(ss -Hlntup | awk -v lowest="${range%%[!0-9]*}" -v highest="${range##*[!0-9]}" '
		$5 !~ /^(127\.|\[::1\]|\[::ffff:127\.)/ {
			sub(/.*:/, "", $5)
			if ($1 != "udp" || $5 + 0 < lowest || $5 + 0 > highest) print $1, $5
		}' | sort -u)
	stated=$(cut -f 2,3 "$profile/ports.list" | tr '\t' ' ')
	extra=$(echo "$open" | grep -vxF -e "$OWN_PORTS" -e "${stated:-none}" | paste -s -d ',' -) || :
	say 'listens only where its overlay says' "$extra"
}

# From 0, shut in, to 10; what Debian's own units score is Debian's affair.
check_security() {
	file=/usr/lib/systemd/system/$1
	case $1 in *.service) ;; *) return 0 ;; esac
	if [ ! -e "${ROOT:-}$file" ] || dpkg --search "$file" >/dev/null 2>&1; then return 0; fi
	score=$(systemd-analyze security --no-pager "$1" | awk 'END { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+\.[0-9]$/) print $i }')
	say "shuts $1 in ($score of 10)" "$(awk -v score="${score:-10}" 'BEGIN { if (score > 5) print "systemd-analyze security says more than 5.0" }')"
}

# Everything that a backup holds is taken away and put back, as on a new card.
check_backup() {
	paths="${ROOT:-}/run/semeur/examined-paths" archive="${ROOT:-}/var/tmp/examined.tar"
	listed before | while read -r program; do "${ROOT:-}$program"; done
	# What it writes while it runs would make the copy another than what is compared with it.
	[ $# = 0 ] || systemctl stop "$@"
	cd "${ROOT:-}/"
	# What it has not made yet is no fault.
	listed path | sed 's|^/||' | while read -r path; do [ ! -e "$path" ] || echo "$path"; done >"$paths"
	before=$(fingerprint)
	tar --create --file "$archive" --acls --xattrs --files-from "$paths"
	while read -r path; do rm -rf "$path"; done <"$paths"
	tar --extract --file "$archive" --acls --xattrs --numeric-owner
	restored=$(fingerprint)
	rm -f "$archive"
	[ $# = 0 ] || systemctl start "$@"
	[ "$before" = "$restored" ] && why='' || why='what came back is not what was there'
	say "is restored from a backup ($(wc -l <"$paths") of $(listed path | wc -l) paths are there)" "$why"
	check_health 'answers after that'
}

# listed before|path: of all that the service wants to be kept; one a line.
listed() {
	awk -F '	' -v kind="$1" '$2 == kind { print $3 }' "$profile/backup.list"
}

# Names, kinds, rights and owners, and what is in the files.
fingerprint() {
	while read -r path; do
		find "$path" -printf '%p %y %m %U %G %l\n'
		find "$path" -type f -exec sha256sum {} +
	done <"$paths" | sort | sha256sum
}

main "$@"
