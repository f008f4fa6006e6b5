/** The network, as a client's file says it. */
export const WIFI = { ssid: "Livebox-É5F2 d'en haut", password: 'mot de passe: "beurre" & sel', country: 'FR' };

/** Two radios that hear only each other, there from the start as a Pi's own is. */
export const WITH_RADIOS = 'modules_load=mac80211_hwsim rfkill.default_state=0';

/**
 * Run on the card: makes the second radio the client's box, which hands out addresses of 10.77.0.0/24. The kernel's Wi-Fi, wpa_supplicant and the
 * card's units are the real ones; firmware and air are not.
 */
export const MAKE_BOX = `
set -eu
systemctl stop semeur-wifi@wlan1
cat >/run/box.conf <<'END'
network={
	ssid="${WIFI.ssid}"
	mode=2
	frequency=2437
	key_mgmt=WPA-PSK
	proto=RSN
	pairwise=CCMP
	psk="${WIFI.password}"
}
END
mkdir -p /run/systemd/network
cat >/run/systemd/network/10-box.network <<'END'
[Match]
Name=wlan1
[Network]
Address=10.77.0.1/24
DHCPServer=yes
[DHCPServer]
EmitRouter=no
EmitDNS=no
END
networkctl reload
# The card's own filter lets nobody ask it for an address.
nft insert rule inet semeur input iifname wlan1 accept
wpa_supplicant -B -i wlan1 -c /run/box.conf >/dev/null
`;
