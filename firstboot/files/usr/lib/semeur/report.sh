# shellcheck shell=sh
# Tells people what the card does, in French and in English, the client's language first: on the console, in the journal (standard output) and,
# by write-report, in semeur-report.txt. Sourced by the steps.

# The client's language, French until a seed has said it.
language() {
	sed -n 's/^language //p' "${ROOT:-}/var/lib/semeur/seed/seed.conf" 2>/dev/null | grep . || echo fr
}

# say LINE…: to the console, the screen and the journal. An empty line first, since a login prompt may stand there already.
say() {
	printf 'semeur: %s\n' "$@"
	for place in console $(screen); do
		{
			echo
			printf 'semeur: %s\n' "$@"
		} 2>/dev/null >>"${ROOT:-}/dev/$place" || :
	done
}

# The first screen, where it isn't the console that the kernel names last: that one is /dev/console.
screen() {
	case $(cat "${ROOT:-}/sys/class/tty/console/active" 2>/dev/null) in *tty[01]) return ;; esac
	[ ! -e "${ROOT:-}/dev/tty1" ] || echo tty1
}

# tell FRENCH ENGLISH: said now, and kept for the report; once, however often a step is tried.
tell() {
	mkdir -p "${ROOT:-}/run/semeur"
	! grep -qxF -e "$1" "${ROOT:-}/run/semeur/told.fr" 2>/dev/null || return 0
	printf '%s\n' "$1" >>"${ROOT:-}/run/semeur/told.fr"
	printf '%s\n' "$2" >>"${ROOT:-}/run/semeur/told.en"
	if [ "$(language)" = en ]; then say "$2" "$1"; else say "$1" "$2"; fi
}

# fail FRENCH ENGLISH: tells why the step can't be done, and leaves it. Exit code 3: whoever ran the step needn't explain it again.
fail() {
	tell "$1" "$2"
	exit 3
}

# later FRENCH ENGLISH: tells what the step waits for, and leaves it. Exit code 75, as sysexits.h has it: try again.
later() {
	tell "$1" "$2"
	exit 75
}
