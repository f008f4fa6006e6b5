import { planNetwork } from '../../protocol/addresses.ts';
import { METRICS_PORT, PAGE_PORT, TUNNEL_PORT } from '../../protocol/ports.ts';
import type { HubOptions } from './options.ts';
import { runProgram } from './programs.ts';

export interface Firewall {
  /** Loads the rules again where they are gone or changed. */
  ensure(): Promise<void>;
  close(): Promise<void>;
}

type FirewallOptions = Pick<HubOptions, 'interface' | 'vpnPort' | 'prefix' | 'ports' | 'firewall' | 'log'>;

const TABLE = ['table', 'inet', 'semeur'];

/** Who may talk to whom, in a packet filter table of the hub's own: what else the machine filters stays as it is. */
export async function openFirewall(options: FirewallOptions): Promise<Firewall> {
  if (!options.firewall) {
    options.log('there is no packet filter (--no-firewall): it is yours to keep clients from one another');
    return { ensure: async () => undefined, close: async () => undefined };
  }
  const rules = renderFirewall(options);
  const list = () => runProgram(['nft', '--stateless', 'list', ...TABLE]).catch(() => '');
  let loaded = await load(rules).then(list);
  return {
    async ensure() {
      // Loading another set of rules often flushes all tables, ours too.
      if (loaded !== '' && (await list()) === loaded) return;
      options.log('the packet filter was not as it should be: loaded again');
      loaded = await load(rules).then(list);
    },
    async close() {
      await runProgram(['nft', 'delete', ...TABLE]).catch(() => undefined);
    },
  };
}

async function load(rules: string): Promise<void> {
  // One transaction: a table is made if there is none, then replaced.
  const input = `${TABLE.join(' ')}\ndelete ${TABLE.join(' ')}\n${rules}`;
  await runProgram(['nft', '--file', '-'], {
    doing: 'load the packet filter of the VPN',
    missing: 'As root: apt-get install nftables',
    hint: 'Run home as root; or pass --no-firewall, and keep clients from one another yourself',
    input,
  });
}

/**
 * An address says who sends, since WireGuard takes only a peer's own. Every chain lets pass what isn't the hub's, and drops what is and isn't listed.
 */
export function renderFirewall({ interface: name, vpnPort, prefix, ports }: Omit<FirewallOptions, 'firewall' | 'log'>): string {
  const { hub, hubNursery, nursery, cards, operators } = planNetwork(prefix);
  const others = [...new Set(ports)].filter((port) => port !== vpnPort);
  return `table inet semeur {
	chain source {
		type filter hook prerouting priority raw; policy accept;
		iifname { "lo", "${name}" } return
		ip6 saddr ${prefix} drop
		ip6 daddr ${prefix} drop
	}

	chain input {
		type filter hook input priority filter - 1; policy accept;
		iifname != "${name}" return
		ct state established,related accept
		ip6 saddr ${nursery} ip6 daddr ${hubNursery} tcp dport ${TUNNEL_PORT} accept
		ip6 saddr { ${cards}, ${operators} } ip6 daddr ${hub} tcp dport ${TUNNEL_PORT} accept
		ip6 saddr ${operators} ip6 daddr ${hub} tcp dport ${METRICS_PORT} accept
		ip6 saddr ${operators} ip6 daddr ${hub} tcp dport ${PAGE_PORT} accept
		drop
	}

	chain forward {
		type filter hook forward priority filter - 1; policy accept;
		iifname != "${name}" oifname != "${name}" return
		iifname "${name}" oifname "${name}" ip6 saddr ${operators} ip6 daddr ${cards} accept
		iifname "${name}" oifname "${name}" ip6 saddr ${cards} ip6 daddr ${operators} ct state established,related accept
		drop
	}
${others.length > 0 ? renderOtherPorts(others, vpnPort) : ''}}
`;
}

/**
 * Changes the port alone. "redirect" would change the address too, in the output hook to 127.0.0.1; Debian 13's wireguard-go answers from the address that
 * the kernel would send from, so its answers would be nobody's. The output hook is for what this machine itself sends to one of its addresses: a trial,
 * with card and hub on one machine.
 */
function renderOtherPorts(ports: readonly number[], vpnPort: number): string {
  const rule = `fib daddr type local udp dport { ${ports.join(', ')} } dnat to :${vpnPort}`;
  return `
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		${rule}
	}

	chain output {
		type nat hook output priority -100; policy accept;
		${rule}
	}
`;
}
