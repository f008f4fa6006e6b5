#!/bin/sh
# On a card that has one service alone: whether it does what its overlay says. usage: examine-service.sh UNIT… (those that it switches on)
# Prints a line for each: "well WHAT" or "ill WHAT: WHY". `semeur overlay test` sends it there.
set -eu

# Of every card: SSH, the status page, the metrics, its name, leases.
OWN_PORTS='tcp 22
tcp 8480
tcp 9100
udp 5353
udp 68
udp 546'

main() {
	profile=/usr/lib/semeur/profile
	check_health 'answers'
	check_ports
	for unit in "$@"; do check_security "$unit"; done
	[ ! -s "$profile/backup.list" ] || check_backup "$@"
}

say() {
	if [ -z "$2" ]; then echo "well $1"; else echo "ill $1: $2"; fi
}

check_health() {
	rm -f /run/semeur/ill
	sh /usr/lib/semeur/check-services
	say "$1" "$(tr '\t\n' ' ,' </run/semeur/ill)"
}

# What listens beyond the card itself, and no overlay says so. Some programs open UDP ports by chance as well, from where they call out: the packet
# filter shuts those.
check_ports() {
	read -r lowest highest </proc/sys/net/ipv4/ip_local_port_range
	open=$(ss -Hlntup | awk -v lowest="$lowest" -v highest="$highest" '
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
	case $1 in *.service) ;; *) return 0 ;; esac
	[ -e "/usr/lib/systemd/system/$1" ] && ! dpkg --search "/usr/lib/systemd/system/$1" >/dev/null 2>&1 || return 0
	score=$(systemd-analyze security --no-pager "$1" | awk 'END { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+\.[0-9]$/) print $i }')
	say "shuts $1 in ($score of 10)" "$(awk -v score="${score:-10}" 'BEGIN { if (score > 5) print "systemd-analyze security says more than 5.0" }')"
}

# Everything that a backup holds is taken away and put back, as on a new card.
check_backup() {
	awk -F '	' '$2 == "before" { print $3 }' "$profile/backup.list" | while read -r program; do "$program"; done
	awk -F '	' '$2 == "path" { print $3 }' "$profile/backup.list" >/run/examine.paths
	# What it writes while it runs would make the copy another than what is compared with it.
	systemctl stop "$@"
	before=$(fingerprint)
	tar --create --file /var/tmp/examine.tar --acls --xattrs --files-from /run/examine.paths
	while read -r path; do rm -rf "$path"; done </run/examine.paths
	(cd / && tar --extract --file /var/tmp/examine.tar --acls --xattrs --numeric-owner)
	restored=$(fingerprint)
	systemctl start "$@"
	rm -f /var/tmp/examine.tar
	[ "$before" = "$restored" ] && why='' || why='what came back is not what was there'
	say 'is restored from a backup' "$why"
	check_health 'answers after that'
}

fingerprint() {
	while read -r path; do
		[ ! -e "$path" ] || find "$path" -type f -exec sha256sum {} + | sort
	done </run/examine.paths | sha256sum
}

main "$@"
