# shellcheck shell=sh
# How the card is, as home hears it. Sourced by the heartbeat, after network.sh, home.sh and identity.sh.

# health: the heartbeat's JSON.
health() {
	printf '{'
	{
		echo "text bootId 36 $(boot_id)"
		echo "number bootCounter $(boot_counter)"
		echo "text serial 64 $(serial_number)"
		echo "number uptime $(uptime_seconds)"
		echo "number clock $(date +%s)"
		echo "number temperature $(cat "${ROOT:-}/sys/class/thermal/thermal_zone0/temp" 2>/dev/null)"
		echo "number rootFree $(root_bytes avail)"
		echo "number rootSize $(root_bytes size)"
		echo "word failedUnits [$(failed_units)]"
		[ ! -e "${ROOT:-}/run/semeur/ill" ] || echo "word illServices [$(ill_services)]"
		echo "text remoteAccess 3 $(remote_access)"
		echo "word underVoltage $(under_voltage)"
		echo "number certificateExpires $(certificate_end)"
		echo "text report 10 $(cat "${ROOT:-}/run/semeur/state" 2>/dev/null || echo working)"
		echo "text build 64 $(profile_fact digest-of-build)"
		steps=$(cat "${ROOT:-}/run/semeur/failed.enrol" "${ROOT:-}/run/semeur/waiting.enrol" 2>/dev/null | paste -s -d ' ' -)
		[ -z "$steps" ] || echo "text steps 200 $steps"
		backup_state
		updates_state
		direct_address
	} | members
	echo '}'
}

# What the backups left of how they went, in lines "at N", "failed yes", "restore-at N", "restore-failed no". A card that makes none has no such file.
backup_state() {
	state="${ROOT:-}/var/lib/semeur/backup-state"
	[ -s "$state" ] || return 0
	at=null failed=false restore_at=null restore_failed=false
	while read -r name value; do
		case $name in
		at) at=$(seconds_or_null "$value") ;;
		failed) [ "$value" != yes ] || failed=true ;;
		restore-at) restore_at=$(seconds_or_null "$value") ;;
		restore-failed) [ "$value" != yes ] || restore_failed=true ;;
		esac
	done <"$state"
	echo "word backup {\"at\":$at,\"failed\":$failed,\"restoreAt\":$restore_at,\"restoreFailed\":$restore_failed}"
}

# What the security updates left of how they went, in lines "at N", "failed yes", "reboot no". A card that makes none has no such file.
updates_state() {
	state="${ROOT:-}/var/lib/semeur/updates-state"
	[ -s "$state" ] || return 0
	at=null failed=false reboot=false
	while read -r name value; do
		case $name in
		at) at=$(seconds_or_null "$value") ;;
		failed) [ "$value" != yes ] || failed=true ;;
		reboot) [ "$value" != yes ] || reboot=true ;;
		esac
	done <"$state"
	echo "word updates {\"at\":$at,\"failed\":$failed,\"reboot\":$reboot}"
}

# Where the internet finds the client's site, for its DNS record. Of no other card does home need to know.
direct_address() {
	! is_direct || lasting_address | sed 's/^/text ipv6 45 /'
}

# As JSON takes it: home refuses a heartbeat with any other.
seconds_or_null() {
	case $1 in '' | *[!0-9]* | 0?* | ????????????*) echo null ;; *) echo "$1" ;; esac
}

# One more at each boot: a copy of this card, or an older state of it, can't count on from where home saw it.
boot_counter() {
	boots="${ROOT:-}/var/lib/semeur/boots"
	counted=0 last=
	! [ -s "$boots" ] || read -r counted last <"$boots"
	case $counted in '' | *[!0-9]*) counted=0 ;; esac
	if [ "$last" != "$(boot_id)" ]; then
		counted=$((counted + 1))
		echo "$counted $(boot_id)" | keep "$boots" 644 || :
	fi
	echo "$counted"
}

uptime_seconds() {
	cut -d . -f 1 "${ROOT:-}/proc/uptime"
}

# Of the root file system: root_bytes avail|size.
root_bytes() {
	df --block-size=1 --output="$1" "${ROOT:-}/" | tail -n 1 | tr -d ' '
}

failed_units() {
	separator=
	systemctl list-units --state=failed --plain --no-legend --full 2>/dev/null | head -n 20 | while read -r unit _; do
		printf '%s%s' "$separator" "$(text "$unit" 100)"
		separator=,
	done
}

# What check-services found last; "unknown" before it has looked.
ill_services_known() {
	cat "${ROOT:-}/run/semeur/ill" 2>/dev/null || echo unknown
}

# By name.
ill_services() {
	separator=
	cut -f 1 "${ROOT:-}/run/semeur/ill" 2>/dev/null | head -n 20 | while read -r name; do
		printf '%s%s' "$separator" "$(text "$name" 32)"
		separator=,
	done
}

# The client's word: "off" shuts the operators out.
remote_access() {
	if [ "$(cat "${ROOT:-}/var/lib/semeur/remote-access" 2>/dev/null)" = off ]; then echo off; else echo on; fi
}

# The Pi's own sensor tells of a weak power supply; no other board has it.
under_voltage() {
	for sensor in "${ROOT:-}/sys/class/hwmon"/*; do
		[ "$(cat "$sensor/name" 2>/dev/null)" = rpi_volt ] || continue
		case $(cat "$sensor/in0_lcrit_alarm" 2>/dev/null) in
		0) printf false && return ;;
		1) printf true && return ;;
		esac
	done
	printf null
}
