# shellcheck shell=sh
# A Pi forgets the time when it is switched off. Sourced by the steps, after keep.sh.

# clock_floor BUILD_TIME: what the time can't be behind. 300 s are between two saves, and one may come 60 s late.
clock_floor() {
	saved=$(grep -x '[0-9]\{1,12\}' "${ROOT:-}/var/lib/semeur/clock" 2>/dev/null || echo 0)
	[ "$saved" -eq 0 ] || saved=$((saved + 300 + 60))
	if [ "$saved" -gt "$1" ]; then echo "$saved"; else echo "$1"; fi
}

# save_clock: for the next start; WireGuard's hub refuses a card whose clock is behind what it last saw.
save_clock() {
	date +%s | keep "${ROOT:-}/var/lib/semeur/clock" 644
}

# follow_home SECONDS: takes home's time when no time server has answered, forwards or back.
follow_home() {
	case $1 in '' | *[!0-9]* | ?????????????*) return 0 ;; esac
	off=$(($1 - $(date +%s)))
	[ "$off" -gt 5 ] || [ "$off" -lt -5 ] || return 0
	[ "$(timedatectl show --property NTPSynchronized --value 2>/dev/null)" != yes ] || return 0
	set_clock "$1"
	save_clock
	# Else systemd would go forward to it again at the next start.
	kept="${ROOT:-}/var/lib/systemd/timesync/clock"
	[ ! -e "$kept" ] || touch "$kept"
}

set_clock() {
	date --set "@$1" >/dev/null
}
