#!/bin/sh
# The status page, as a CGI of "busybox httpd": shows /run/semeur/status, and hands the switch's form on to /usr/lib/semeur/switch.
# Runs without rights. Only names of this card are answered to, so that no other site can speak through a browser in this home.
set -eu

main() {
	for part in page.sh page-words.sh; do
		# shellcheck source=/dev/null
		. "${ROOT:-}/usr/lib/semeur/$part"
	done
	web="${ROOT:-}/run/semeur-web" said=''
	load_facts || refuse '503 Service Unavailable'
	is_own_host "${HTTP_HOST:-}" || refuse '421 Misdirected Request'
	case ${REQUEST_METHOD:-GET} in
	GET | HEAD)
		# Words that the form's answer may say, and nothing else.
		case ${QUERY_STRING:-} in said=on | said=off | said=wrong-code | said=too-often | said=no-code | said=failed) said=${QUERY_STRING#said=} ;; esac
		head_lines '200 OK'
		[ "${REQUEST_METHOD:-GET}" = HEAD ] || page
		;;
	POST) take_form ;;
	*) refuse '405 Method Not Allowed' ;;
	esac
}

# The card's name, with or without .local, as avahi changes it when it is taken; or an address.
is_own_host() {
	printf '%s\n' "$1" | grep -qixE "(${host:?}(-[0-9]+)?(\.local\.?)?|[0-9.]{7,15}|\[[0-9a-f:.]{2,45}\])(:[0-9]{1,5})?" || return 1
	# The services' links need it without its port.
	asked=${1%]*}
	if [ "$asked" = "$1" ]; then asked=${1%:*}; else asked="$asked]"; fi
}

head_lines() {
	printf 'Status: %s\r\n' "$1"
	printf '%s\r\n' 'Content-Type: text/html; charset=utf-8' 'Cache-Control: no-store' 'Connection: close' 'X-Content-Type-Options: nosniff' \
		'Referrer-Policy: same-origin' \
		"Content-Security-Policy: default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	[ $# -lt 2 ] || printf '%s\r\n' "$2"
	printf '\r\n'
}

refuse() {
	head_lines "$1"
	echo "$1"
	exit 0
}

# Good for this hour and the next, for whoever has read the page.
form_token() {
	[ -s "$web/secret" ] || (umask 077 && head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$web/secret.$$" && mv "$web/secret.$$" "$web/secret")
	# A file without an end of line is no failure.
	read -r secret <"$web/secret" || :
	digest=$(printf '%s %s' "$secret" "$(($(date +%s) / 3600 - $1))" | sha256sum)
	printf '%.32s' "$digest"
}

take_form() {
	[ "${HTTP_ORIGIN:-}" = "http://${HTTP_HOST:-}" ] || refuse '403 Forbidden'
	case ${CONTENT_LENGTH:-} in '' | *[!0-9]* | ????*) refuse '413 Content Too Large' ;; esac
	form=$(head -c "$CONTENT_LENGTH" | tr '&' '\n')
	given=$(field token)
	[ "$given" = "$(form_token 0)" ] || [ "$given" = "$(form_token 1)" ] || refuse '403 Forbidden'
	want=$(field want)
	case $want in on | off) ;; *) refuse '400 Bad Request' ;; esac
	id=$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n')
	# One at a time: the request of another is not overwritten.
	(umask 077 && set -C && printf 'id %s\nwant %s\ncode %s\n' "$id" "$want" "$(field code)" >"$web/request") 2>/dev/null || refuse '503 Service Unavailable'
	wait_for_answer
	head_lines '303 See Other' "Location: /?said=${said:-failed}"
}

# What a code is made of; everything else is how people write it.
field() {
	printf '%s\n' "$form" | sed -n "s/^$1=//p" | head -n 1 | sed 's/%[0-9A-Fa-f][0-9A-Fa-f]//g' | tr -cd 'A-Za-z0-9' | head -c 64
}

wait_for_answer() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
		said=$(sed -n "s/^$id \([a-z-]*\)$/\1/p" "${ROOT:-}/run/semeur/switch-answer" 2>/dev/null || :)
		[ -z "$said" ] || return 0
		sleep 0.2
	done
	rm -f "$web/request"
}

main "$@"
