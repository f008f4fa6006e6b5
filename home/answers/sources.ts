import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { canonicalAddress, type FleetNetwork } from '../../protocol/addresses.ts';
import type { Sources } from './home.ts';

/** Behind the hub, cryptokey routing proves the source address. */
export function tunnelSources(network: FleetNetwork): Sources {
  const [operators = '', bits] = network.operators.split('/');
  const watchers = new BlockList();
  watchers.addSubnet(operators, Number(bits), 'ipv6');
  // What this machine sends to an address of its own comes from that address.
  for (const own of [network.hub, '::1']) watchers.addAddress(own, 'ipv6');
  return {
    isNursery: (remote, nurseryAddress) => remote === nurseryAddress,
    cardAddress: (remote) => (network.cardNumber(remote) === undefined ? undefined : remote),
    isWatcher: (remote) => isIPv6(remote) && watchers.check(remote, 'ipv6'),
    operatorAddress: (remote) => (network.operatorNumber(remote) === undefined ? undefined : remote),
  };
}

/**
 * Without a tunnel (tests, measurements), every address of 127.0.0.0/8 stands for one of the tunnel's: see loopbackOf(). It proves nothing.
 */
export function loopbackSources(network: FleetNetwork): Sources {
  return {
    isNursery: (remote, nurseryAddress) => remote === loopbackOf(nurseryAddress),
    cardAddress(remote) {
      if (!isIPv4(remote)) return undefined;
      const [, second = 0, third = 0, last = 0] = remote.split('.').map(Number);
      return second >= 16 && second < 32 ? network.card(((second - 16) << 16) | (third << 8) | last) : undefined;
    },
    isWatcher: (remote) => remote === '127.0.0.1',
    operatorAddress(remote) {
      const [, last] = /^127\.0\.0\.(\d+)$/.exec(remote) ?? [];
      return last === undefined ? undefined : network.operator(Number(last));
    },
  };
}

/**
 * 127.16.0.0/12 for cards (by number, below 2^20), 127.64.0.0/10 for the nursery (by the last 22 bits). Operators are in 127.0.0.0/24, by number: so
 * who chooses no address, as a browser, is the first of them. @param address a card's or the nursery's, with or without "/128".
 */
export function loopbackOf(address: string): string {
  const groups = canonicalAddress(address).split(':');
  const tail = groups.slice(groups.indexOf('') + 1);
  const [high = 0, low = 0] = ['0', '0', ...(groups.includes('') ? tail : groups)].slice(-2).map((group) => Number.parseInt(group || '0', 16));
  const second = groups[3] === 'ffff' ? 64 + (high & 0x3f) : 16 + (high & 0x0f);
  return `127.${second}.${low >> 8}.${low & 0xff}`;
}
