# shellcheck shell=sh
# What the card knows of the network around it, and how it waits for it. Sourced by the steps.

# The routes that lead out of the card; nothing without a network. Without the seconds that a router's word has left: they are no change.
routes_out() {
	{
		ip -4 route show
		ip -6 route show
	} 2>/dev/null | grep -v -e '^fe80' -e '^ff00' -e '^multicast' -e ' dev lo ' -e ' dev semeur' | sed 's/ expires -\{0,1\}[0-9]*sec//'
}

has_network() {
	[ -n "$(routes_out)" ]
}

# Networks that the card reaches without a router: the home's own, a prefix a line.
networks_here() {
	routes_out | awk '$1 ~ "/" && !/ via / { print $1 }' | sort -u
}

# Has the client opened what visitors may reach to the whole internet, by IPv6 and without home between?
is_direct() {
	grep -qx 'direct on' "${ROOT:-}/etc/semeur/visitors.conf" 2>/dev/null
}

# The first of the card's addresses on the internet that lasts, for a DNS record; nothing where the router gives none.
lasting_address() {
	ip -6 -o addr show scope global 2>/dev/null | awk '
		$4 ~ /^[23][0-9a-f][0-9a-f][0-9a-f]:/ && !/ (temporary|deprecated|tentative|dadfailed)/ { sub("/.*", "", $4); print $4; exit }'
}

# wait_for_network: at a start, the cable's own is there some seconds after the steps are; and the resolver, which makes /etc/resolv.conf, with it.
wait_for_network() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		if has_network && { [ ! -L "${ROOT:-}/etc/resolv.conf" ] || [ -e "${ROOT:-}/etc/resolv.conf" ]; }; then return 0; fi
		sleep 0.5
	done
	has_network
}

# back_off TRIES: 5 s, twice as long each time, 5 min at most, less up to a half by chance; shorter when the network changes,
# and for as long as there is none.
# Returns 1 when the network changed: what failed before may work now.
back_off() {
	seconds=300
	[ "$1" -ge 6 ] || seconds=$((5 << $1))
	seconds=$((seconds - $(random_below $((seconds / 2 + 1)))))
	before=$(routes_out)
	while [ "$seconds" -gt 0 ]; do
		sleep 2
		now=$(routes_out)
		[ "$now" = "$before" ] || return 1
		[ -z "$now" ] || seconds=$((seconds - 2))
	done
}

random_below() {
	number=$(od -An -tu2 -N2 /dev/urandom | tr -d ' ')
	echo $((number % $1))
}
