import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { FILES } from '../seed/seed-key.ts';
import type { Card } from './card.ts';

const ADDRESS = 'fd5e:3e0f:1a2b:1::7';
const PSK = `${'A'.repeat(43)}=`;

/** One of a DHCP server, one of a router's advertisement, whose time runs out second by second. */
const ROUTES = 'default via 192.0.2.254 dev end0\ndefault via fe80::1 dev end0 proto ra metric 1024 expires 1799sec pref medium\n';

/** How home and its hub are, in files; a card's stand-ins for ip, wg, curl and nft read and change them. */
export interface PretendHome {
  readonly seedFiles: Map<string, Buffer>;
  /** The keys that the hub answers to. */
  peers(): Promise<string[]>;
  /** The interfaces that the card has now. */
  interfaces(): Promise<string[]>;
  /** What a restart does to the card's network. */
  restart(): Promise<void>;
  /** From now on the card has a network, or has none. */
  plugIn(there: boolean): Promise<void>;
  /** What the next claim gets. */
  refuseOnce(status: string, line: string): Promise<void>;
  /** From now on no claim gets anything else. @returns how many there were since. */
  refuseAll(status: string, line: string): Promise<() => Promise<number>>;
  /** Changes the answers to claims. */
  falsify(before: string, after: string): Promise<void>;
}

/**
 * Quicker than wireguard-go and a server, for tests that need many first boots: a handshake succeeds if the hub knows the key, a confirm
 * only through an interface that has shaken hands.
 */
export async function pretendHome(card: Card): Promise<PretendHome> {
  const boot = (await execa('wg', ['genkey'])).stdout;
  const bootPublic = (await execa('wg', ['pubkey'], { input: boot })).stdout;
  const [net, home] = [card.path('net'), card.path('home')];
  await mkdir(net);
  await mkdir(home);
  await writeFile(join(home, 'peers'), `${bootPublic}\n`);
  await writeFile(join(home, 'falsify'), '');
  await writeFile(join(home, 'route'), ROUTES);
  const real = 'PATH=$(echo "$PATH" | sed "s|[^:]*fake-bin:||")';
  const programs = {
    ip: `
case $* in
*'route show') sed "s/expires [0-9]*sec/expires $(date +%s)sec/" '${home}/route' ;;
'link add dev '*) : >'${net}/'"$4" ;;
'link delete dev '*) rm -f '${net}/'"$4" '${net}/'"$4".* ;;
'link show dev '*) test -e '${net}/'"$4" ;;
esac`,
    wg: `
case $1 in
setconf)
	sed -n 's/^PrivateKey = //p' "$3" | (${real}; wg pubkey) >'${net}/'"$2.key"
	if grep -qxF "$(cat '${net}/'"$2.key")" '${home}/peers'; then date +%s; else echo 0; fi >'${net}/'"$2.shaken" ;;
show) echo "peer $(cat '${net}/'"$2.shaken")" ;;
*) ${real}; exec wg "$@" ;;
esac`,
    nft: 'cat >/dev/null',
    curl: `
body=$(cat) out= through=
while [ $# -gt 1 ]; do
	case $1 in --output) out=$2 ;; --interface) through=$2 ;; esac
	shift
done
key=$(echo "$body" | sed -n 's/.*"publicKey":"\\([^"]*\\)".*/\\1/p')
now="time $(date +%s)"
[ -z "$through" ] || [ "$(cat '${net}/'"$through.shaken")" -gt 0 ] || exit 7
case $1 in
*/v1/claim)
	if [ -s '${home}/refusals' ]; then echo asked >>'${home}/asked'; sed 1d '${home}/refusals' >"$out"; head -n 1 '${home}/refusals' | tr -d '\\n'; exit; fi
	if [ -s '${home}/refusal' ]; then sed 1d '${home}/refusal' >"$out"; head -n 1 '${home}/refusal' | tr -d '\\n'; rm '${home}/refusal'; exit; fi
	[ -s '${home}/claimed' ] || { echo "$key" >>'${home}/peers'; echo "$key" >'${home}/claimed'; }
	if [ "$(cat '${home}/claimed')" != "$key" ]; then echo 'error conflict Used.' >"$out"; printf 409; exit; fi
	printf '%s\\n' 'address ${ADDRESS}/128' 'hub-address fd5e:3e0f:1a2b::1' 'hub-key ${bootPublic}' 'preshared-key ${PSK}' 'operators fd5e:3e0f:1a2b:2::/64' "$now" | sed -f '${home}/falsify' >"$out" ;;
*/v1/heartbeat) echo "$now" >"$out" ;;
*/v1/confirm)
	grep -vxF '${bootPublic}' '${home}/peers' >'${home}/peers.new'
	mv '${home}/peers.new' '${home}/peers'
	echo "$now" >"$out" ;;
esac
printf 200`,
  };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(card.path(`fake-bin/${name}`), `#!/bin/sh\n${text.trim()}\n`);
    await chmod(card.path(`fake-bin/${name}`), 0o755);
  }
  const lines = async (command: string) => (await execa('sh', ['-c', command])).stdout.split('\n').filter((line) => line !== '');
  const vpn = `[Interface]\nPrivateKey = ${boot}\nAddress = fd5e:3e0f:1a2b:ffff::7/128\nMTU = 1280\n\n[Peer]\nPublicKey = ${bootPublic}
PresharedKey = ${PSK}\nAllowedIPs = fd5e:3e0f:1a2b:ffff::1/128\nPersistentKeepalive = 25\n# Endpoint = 192.0.2.10:443\n`;
  const conf = 'client durand\nurl https://home.example\ntunnel-url http://[fd5e:3e0f:1a2b:ffff::1]:8080\ntoken-expires 2099-01-01T00:00:00Z\n';
  return {
    seedFiles: new Map([...FILES, ['enrol/vpn.conf', Buffer.from(vpn)], ['enrol/home.conf', Buffer.from(conf)]]),
    peers: () => lines(`cat '${home}/peers'`),
    interfaces: () => lines(`cd '${net}' && ls | sed '/[.]/d'`),
    restart: async () => {
      await lines(`rm -rf '${net}' && mkdir '${net}'`);
    },
    refuseOnce: (status, line) => writeFile(join(home, 'refusal'), `${status}\n${line}\n`),
    refuseAll: async (status, line) => {
      await writeFile(join(home, 'refusals'), `${status}\n${line}\n`);
      return async () => (await lines(`cat '${home}/asked'`)).length;
    },
    falsify: (before, after) => writeFile(join(home, 'falsify'), `s|^${before}|${after}|\n`),
    plugIn: (there) => writeFile(join(home, 'route'), there ? ROUTES : ''),
  };
}
