# shellcheck shell=sh
# The claim: what this card says to home, once. Sourced by the steps, after keep.sh, disk.sh, seed.sh and home.sh.
# The card's own VPN key is made and on the card before home hears of it, so that a claim that is cut is made again with the same key.
key="${ROOT:-}/etc/semeur/vpn.key" request="${ROOT:-}/run/semeur/claim.json"

# write_request DIAGNOSIS: what the card says of itself, in $request; of what keeps it from the tunnel, if anything does.
write_request() {
	make_key
	diagnosis=$1
	host_key=$(cut -d ' ' -f 1,2 "${ROOT:-}/etc/ssh/ssh_host_ed25519_key.pub")
	(umask 077 && request_body >"$request.part")
	mv "$request.part" "$request"
}

request_body() {
	printf '{'
	{
		echo "text token 200 $(cat "${ROOT:-}/run/semeur/enrol/token")"
		echo "text publicKey 200 $(wg pubkey <"$key")"
		echo "text hostKey 200 $host_key"
		echo "number generation $(generation_of "${ROOT:-}/var/lib/semeur/seed/header")"
		[ -z "$diagnosis" ] || echo "text diagnosis 40 $diagnosis"
	} | members
	printf ',"inventory":{'
	{
		echo "text serial 64 $(serial_number)"
		echo "text model 100 $(model)"
		echo "text mac 17 $(mac_address)"
		echo "text profile 32 $(profile_fact profile)"
		echo "text build 64 $(profile_fact digest-of-build)"
		echo "text bootId 36 $(boot_id)"
	} | members
	echo '}}'
}

model() {
	{ tr -d '\000\n' <"${ROOT:-}/proc/device-tree/model"; } 2>/dev/null || echo unknown
}

# The first network interface that is hardware has it.
mac_address() {
	for interface in "${ROOT:-}/sys/class/net"/*; do
		[ ! -e "$interface/device" ] || {
			cat "$interface/address"
			return
		}
	done
}

# A key that a cut left half written is no key.
make_key() {
	! [ -s "$key" ] || ! wg pubkey <"$key" >/dev/null 2>&1 || return 0
	mkdir -p "${key%/*}"
	chmod 700 "${key%/*}"
	wg genkey | keep "$key" 600
}

forget_key() {
	rm -f "$key"
}
