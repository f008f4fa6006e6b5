# shellcheck shell=sh
# How the card is, in one word that programs and people see: working, done or needs-help. Sourced by the steps.

# set_state WORD: for the status page and the heartbeat, and on the green light: heartbeat, steady, or slow blinking.
set_state() {
	file="${ROOT:-}/run/semeur/state"
	[ "$(cat "$file" 2>/dev/null)" != "$1" ] || return 0
	echo "$1" >"$file.$$"
	mv "$file.$$" "$file"
	case $1 in
	working) light heartbeat ;;
	needs-help) light timer 1000 ;;
	*) light default-on ;;
	esac
}

# light TRIGGER [MILLISECONDS]: not every card has one.
light() {
	led="${ROOT:-}/sys/class/leds/ACT"
	[ -e "$led/trigger" ] || return 0
	modprobe --quiet "ledtrig-$1" || :
	echo "$1" 2>/dev/null >"$led/trigger" || return 0
	[ -z "${2:-}" ] || {
		echo "$2" >"$led/delay_on"
		echo "$2" >"$led/delay_off"
	} 2>/dev/null || :
}
