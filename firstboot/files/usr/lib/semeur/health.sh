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
		service_states
		direct_address
	} | members
	echo '}'
}

# What services left of how they went. status.list says of each its name, the file and "NAME:KIND …", apart by tabs; home takes twenty. Of one that left
# nothing, nothing is said. A home of 0.1.0 knows "backup" and "updates", each in a place of its own, and refuses "status".
service_states() {
	list="${ROOT:-}/usr/lib/semeur/profile/status.list"
	others='' count=0
	[ -s "$list" ] || return 0
	while IFS='	' read -r service file fields; do
		count=$((count + 1))
		[ "$count" -le 20 ] || break
		[ -f "${ROOT:-}$file" ] || continue
		[ -s "${ROOT:-}$file" ] || continue
		case $service in
		backup | updates) echo "word $service $(state_of "$file" "$fields" '')" ;;
		*) others="$others${others:+,}\"$service\":$(state_of "$file" "$fields" kinds)" ;;
		esac
	done <"$list"
	[ -z "$others" ] || echo "word status {$others}"
}

# state_of FILE FIELDS [kinds]: lines "at N" and "failed yes" as a JSON object, by kind where it is said. The file may be of another user: nothing of it
# is let through but numbers that JSON has, and that a flag is there.
state_of() {
	head -c 4096 "${ROOT:-}$1" | LC_ALL=C awk -v fields="$2" -v kinds="$3" '
		function camel(name, parts, count, at, word) {
			count = split(name, parts, "-")
			word = parts[1]
			for (at = 2; at <= count; at++) word = word toupper(substr(parts[at], 1, 1)) substr(parts[at], 2)
			return word
		}
		{ number[$1] = NF == 2 ? $2 : "" }
		$2 == "yes" && NF == 2 { said[$1] = 1 }
		END {
			count = split(fields, field, " ")
			for (at = 1; at <= count; at++) {
				split(field[at], part, ":")
				name = part[1]
				if (part[2] != "moment") value = name in said ? "true" : "false"
				else value = number[name] ~ /^(0|[1-9][0-9]*)$/ && length(number[name]) < 12 ? number[name] : "null"
				kind = kinds == "" ? "" : part[2]
				members[kind] = members[kind] (members[kind] == "" ? "" : ",") "\"" camel(name) "\":" value
			}
			if (kinds == "") printf "{%s}", members[""]
			else printf "{\"moments\":{%s},\"flags\":{%s},\"troubles\":{%s}}", members["moment"], members["flag"], members["trouble"]
		}'
}

# Where the internet finds the client's site, for its DNS record. Of no other card does home need to know.
direct_address() {
	! is_direct || lasting_address | sed 's/^/text ipv6 45 /'
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

# root_bytes avail|size: what the root file system has.
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
