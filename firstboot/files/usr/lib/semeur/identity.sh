# shellcheck shell=sh
# How others know this card, and how it knows the operators: SSH certificates. Sourced by the steps, after keep.sh and seed.sh.

# take_certificate LINE: home's certificate for this card's host key; anything else is left alone.
take_certificate() {
	printf '%s\n' "$1" | grep -qx 'ssh-ed25519-cert-v01@openssh.com [A-Za-z0-9+/=]\{1,\}\( .*\)\{0,1\}' || return 0
	printf '%s\n' "$1" >"${ROOT:-}/run/semeur/certificate.pub"
	[ "$(certified_key "${ROOT:-}/run/semeur/certificate.pub")" = "$(fingerprint "${ROOT:-}/etc/ssh/ssh_host_ed25519_key.pub")" ] || return 0
	keep "${ROOT:-}/etc/ssh/ssh_host_ed25519_key-cert.pub" 644 <"${ROOT:-}/run/semeur/certificate.pub"
}

# trust_operators LINE: the key that signs operators' keys, and the name that such a certificate must carry to be good here.
trust_operators() {
	printf '%s\n' "$1" | grep -qx 'ssh-ed25519 [A-Za-z0-9+/=]\{1,\}\( .*\)\{0,1\}' || return 0
	sed -n 's/^client //p' "${ROOT:-}/var/lib/semeur/seed/header" | head -n 1 | keep "${ROOT:-}/etc/ssh/semeur_principals" 644
	printf '%s\n' "$1" | keep "${ROOT:-}/etc/ssh/semeur_user_ca.pub" 644
}

fingerprint() {
	ssh-keygen -l -f "$1" 2>/dev/null | cut -d ' ' -f 2
}

certified_key() {
	ssh-keygen -L -f "$1" 2>/dev/null | sed -n 's/^ *Public key: ED25519-CERT //p'
}

# When the card's certificate ends, in seconds since 1970; nothing without one.
certificate_end() {
	until=$(ssh-keygen -L -f "${ROOT:-}/etc/ssh/ssh_host_ed25519_key-cert.pub" 2>/dev/null | sed -n 's/^ *Valid: from .* to \(.*\)T\(.*\)$/\1 \2/p')
	[ -z "$until" ] || date --date "$until" +%s
}
