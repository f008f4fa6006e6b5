# shellcheck shell=sh
# Talks to home: JSON there, lines "name value" back. Sourced by the steps, after report.sh.

# home_value NAME: from enrol/home.conf, which is in /run until home has confirmed; one value a line.
home_value() {
	sed -n "s/^$1 //p" "${ROOT:-}/run/semeur/enrol/home.conf"
}

# ask URL [CURL OPTION…]: posts standard input (a file: a pipe's end would be another shell). Leaves the answer in $answer and sets $status, the HTTP status; 000: no answer.
ask() {
	url=$1
	shift
	answer="${ROOT:-}/run/semeur/answer.$$"
	rm -f "$answer"
	status=$(umask 077 && curl --silent --globoff --noproxy '*' --max-time 20 --max-filesize 16384 --header 'content-type: application/json' \
		--data-binary @- --output "$answer" --write-out '%{http_code}' "$@" "$url") || :
	[ -f "$answer" ] && [ -n "$status" ] || status=000
}

# ask_publicly PATH [CURL OPTION…]
# Home's key is known from the seed, so neither a wrong clock nor a missing certificate keeps the card from it.
ask_publicly() {
	path=$1
	shift
	pins=$(home_value pin | grep -x 'sha256//[A-Za-z0-9+/]\{43\}=' | paste -s -d ';' -)
	status=000
	[ -z "$pins" ] || ask "$(home_value url)$path" --insecure --pinnedpubkey "$pins" "$@"
}

# answered NAME: a value of the last answer.
answered() {
	sed -n "s/^$1 //p" "$answer" | head -n 1
}

# The word of an error: "error WORD Sentence."
error_word() {
	sed -n '1s/^error \([a-z-]\{1,40\}\) .*/\1/p' "$answer" 2>/dev/null
}

# members: lines "text NAME LENGTH VALUE", "number NAME VALUE" and "word NAME VALUE" (true, null, a list) as members of a JSON object. One process
# for all of them: a Pi that starts up is slow to start programs. Nothing that could end a string is let through; what is no number is null.
members() {
	LC_ALL=C awk '
		{ value = $0; sub(/^[^ ]* [^ ]* ?/, "", value) }
		$1 == "text" {
			sub(/^[0-9]* ?/, "", value)
			gsub(/[^A-Za-z0-9 .,:;_@+\/=()-]/, "", value)
			value = "\"" substr(value, 1, $3) "\""
		}
		$1 == "number" && value !~ /^-?[0-9]+$/ { value = "null" }
		$1 ~ /^(text|number|word)$/ { printf "%s\"%s\":%s", comma, $2, value; comma = "," }'
}

# text VALUE: as a JSON string. Nothing that could end it is let through.
text() {
	printf '"%s"' "$(printf %s "$1" | tr -cd 'A-Za-z0-9 .,:;_@+/=()-' | head -c "${2:-200}")"
}

serial_number() {
	{
		tr -d '\000\n' <"${ROOT:-}/proc/device-tree/serial-number" || sed -n 's/^Serial[[:space:]]*: //p' "${ROOT:-}/proc/cpuinfo"
	} 2>/dev/null | grep . || echo unknown
}

boot_id() {
	cat "${ROOT:-}/proc/sys/kernel/random/boot_id"
}
