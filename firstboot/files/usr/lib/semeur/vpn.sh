# shellcheck shell=sh
# The card's WireGuard interfaces. Sourced by the steps.
# A configuration is in wg-quick(8)'s form, its endpoints in comments, in order of preference: "# Endpoint = HOST:PORT".

# vpn_values CONFIGURATION NAME: the values of that name, one a line.
vpn_values() {
	sed -n "s/^\(# *\)\{0,1\}$2 *= *//p" "$1"
}

# vpn_raise INTERFACE CONFIGURATION [METRIC]: the interface with its address and routes; no peer is tried yet.
vpn_raise() {
	# Whoever comes second at the same moment finds it there.
	ip link show dev "$1" >/dev/null 2>&1 || ip link add dev "$1" type wireguard || ip link show dev "$1" >/dev/null
	vpn_places "$2" "$1" "${3:-1024}" | ip -6 -batch -
}

# vpn_places CONFIGURATION INTERFACE METRIC: its address, then the routes through it, as ip(8) takes them.
vpn_places() {
	awk -F ' *= *' -v dev="dev $2" -v metric="$3" '
		$1 == "Address" { print "address replace " $2 " " dev " nodad\nlink set " dev " mtu 1280 up" }
		$1 == "AllowedIPs" {
			many = split($2, range, / *, */)
			for (i = 1; i <= many; i++) print "route replace " range[i] " " dev " metric " metric
		}' "$1"
}

# vpn_try INTERFACE CONFIGURATION: tries every endpoint until the hub answers; first the one that answered last time.
vpn_try() {
	best="${ROOT:-}/var/lib/semeur/endpoint"
	last=$(cat "$best" 2>/dev/null || :)
	[ -z "$last" ] || ! try_literal "$1" "$2" "$last" || return 0
	for endpoint in $(vpn_values "$2" Endpoint); do
		for literal in $(literals "$endpoint"); do
			[ "$literal" != "$last" ] || continue
			try_literal "$1" "$2" "$literal" || continue
			printf '%s\n' "$literal" | keep "$best" 644
			return 0
		done
	done
	return 1
}

# literals HOST:PORT: every address of a name. IPv6 in brackets.
literals() {
	host=${1%:*} port=${1##*:}
	case $host in
	\[*) printf '%s\n' "$1" ;;
	*[!0-9.]*) timeout 10 getent ahosts "$host" | awk -v port="$port" '!seen[$1]++ { print ($1 ~ /:/ ? "[" $1 "]" : $1) ":" port }' ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# The kernel takes the peer away and adds it anew, else the 5 s between two handshakes would count from the endpoint before.
# The keepalive is the packet that starts the handshake. No secret is an argument.
try_literal() {
	address=${3%:*}
	address=${address#\[}
	ip route get "${address%\]}" >/dev/null 2>&1 || return 1
	vpn_set "$1" "$2" "$3" || return 1
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		[ "$(last_handshake "$1")" -eq 0 ] || return 0
		sleep 0.2
	done
	return 1
}

# vpn_set INTERFACE CONFIGURATION ENDPOINT: key and peer.
vpn_set() {
	{
		# What wg(8) doesn't know is wg-quick's.
		grep -v -e '^Address *=' -e '^MTU *=' -e '^#' "$2"
		echo "Endpoint = $3"
	} | wg setconf "$1" /dev/stdin
}

# When the peer last answered, in seconds since 1970; 0: never, or there is no such interface.
last_handshake() {
	wg show "$1" latest-handshakes 2>/dev/null | awk '{ at = $2 } END { print at + 0 }'
}

# vpn_fresh INTERFACE: has the peer answered within the life of a session?
vpn_fresh() {
	[ "$(last_handshake "$1")" -gt $(($(date +%s) - 180)) ]
}

vpn_remove() {
	! ip link show dev "$1" >/dev/null 2>&1 || ip link delete dev "$1"
}
