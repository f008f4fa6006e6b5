import { BlockList, isIP, isIPv6 } from 'node:net';

/** RFC 6761 and RFC 2606, with RFC 6762 and RFC 8375: names that no registry ever gives to anybody, or that end at one's own door. */
const NAMES = ['example', 'invalid', 'test', 'localhost', 'local', 'home.arpa', 'example.com', 'example.net', 'example.org'];

/** RFC 5737, RFC 3849 and RFC 9637: addresses for papers. */
const PAPER = new BlockList();
for (const network of ['192.0.2.0', '198.51.100.0', '203.0.113.0']) PAPER.addSubnet(network, 24, 'ipv4');
PAPER.addSubnet('2001:db8::', 32, 'ipv6');
PAPER.addSubnet('3fff::', 20, 'ipv6');

/** @param host a name, or an address without brackets. @returns what is wrong with it for the internet; undefined where nothing is. */
export function describeReserved(host: string): string | undefined {
  if (isIP(host) !== 0) return PAPER.check(host, isIPv6(host) ? 'ipv6' : 'ipv4') ? "is an address for examples, which is nobody's" : undefined;
  const name = host.toLowerCase().replace(/\.$/, '');
  const isReserved = NAMES.some((reserved) => name === reserved || name.endsWith(`.${reserved}`));
  return isReserved ? 'is a name for examples or for one network alone: nobody can have it on the internet' : undefined;
}
