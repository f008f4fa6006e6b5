# shellcheck shell=sh
# Where backups go, and what became of them. Sourced by the programs beside it, after keep.sh.

CONF="${ROOT:-}/etc/semeur/backup.conf"
STATE="${ROOT:-}/var/lib/semeur/backup-state"
LIST="${ROOT:-}/usr/lib/semeur/profile/backup.list"

# open_repository: sets restic's variables. Exit code 2: the client wants none.
open_repository() {
	to=$(sed -n 's/^to //p' "$CONF")
	case $to in
	'') return 2 ;;
	usb)
		disk="${ROOT:-}/mnt/semeur"
		# The automount waits for the disk, and fails where there is none.
		is_disk "$disk" || refuse 'no disk with a partition called SEMEUR is plugged in'
		RESTIC_REPOSITORY=$disk/semeur-backup
		;;
	sftp:*) RESTIC_REPOSITORY=$to ;;
	*) refuse 'backup.conf names no place that is known' ;;
	esac
	RESTIC_PASSWORD=$(sed -n 's/^key //p' "$CONF") RESTIC_CACHE_DIR=${ROOT:-}/var/cache/semeur-backup
	export RESTIC_REPOSITORY RESTIC_PASSWORD RESTIC_CACHE_DIR
	mkdir -p "${STATE%/*}"
}

is_disk() {
	ls "$1" >/dev/null 2>&1 && { [ -n "${ROOT:-}" ] || mountpoint --quiet "$1"; }
}

refuse() {
	echo "$1" >&2
	exit 1
}

run_restic() {
	restic --quiet -o "sftp.command=$(ssh_command)" "$@"
}

# By the card's own SSH key, which the server has to know: "hostKey" of "semeur fleet show". All of the command, since Debian 12's restic can't be told
# its options alone. A server that falls silent is noticed after a minute and a half.
ssh_command() {
	key="${ROOT:-}/etc/ssh/ssh_host_ed25519_key" hosts="${ROOT:-}/var/lib/semeur/backup-hosts"
	echo "ssh -i $key -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=$hosts" \
		"-o ServerAliveInterval=30 -s -- $(server) sftp"
}

# The address in the form that ssh takes: restic's other one has room for a port.
server() {
	case $RESTIC_REPOSITORY in
	sftp://*) echo "${RESTIC_REPOSITORY#sftp:}" | sed 's|^\(//[^/]*\).*|ssh:\1|' ;;
	*) echo "${RESTIC_REPOSITORY#sftp:}" | cut -d : -f 1 ;;
	esac
}

# listed path|before|unit: of every service; one a line.
listed() {
	awk -F '	' -v kind="$1" '$2 == kind { print $3 }' "$LIST"
}

# note NAME VALUE…: what the next heartbeat tells home (docs/protocol.md), replaced as a whole.
note() {
	{
		names=
		while [ $# -ge 2 ]; do
			echo "$1 $2"
			names="$names $1 "
			shift 2
		done
		if [ -s "$STATE" ]; then
			while read -r name value; do
				case $names in *" $name "*) ;; *) echo "$name $value" ;; esac
			done <"$STATE"
		fi
	} | keep "$STATE" 644
}
