import { createHash } from 'node:crypto';

/** The last 16-bit group of an operator's /48 that is no final network: where the keys of seeds live. */
const NURSERY = 'ffff';

/** The addresses of an operator's fleet, all in one /48 (docs/protocol.md). */
export interface FleetNetwork {
  /** The hub's, for cards that have a key of their own. */
  readonly hub: string;
  /** The hub's, for the keys of seeds. */
  readonly hubNursery: string;
  /** All seeds', "…/64". */
  readonly nursery: string;
  /** All cards', "…/80": the number in it that tells cards from operators is the fifth of an address's eight groups. */
  readonly cards: string;
  /** "…/80" */
  readonly operators: string;
  /** The address of the card with this number, from 1. */
  card(number: number): string;
  /** The other way; undefined when it is no card's. */
  cardNumber(address: string): number | undefined;
  /** The address of the operator with this number, from 1. */
  operator(number: number): string;
  operatorNumber(address: string): number | undefined;
}

/** @param prefix "fd5e:3e0f:1a2b::/48" */
export function planNetwork(prefix: string): FleetNetwork {
  const groups = groupsOf(prefix);
  const [cards, operators] = [numberAddresses(`${groups}:0:1`), numberAddresses(`${groups}:0:2`)];
  return {
    hub: canonicalAddress(`${groups}::1`),
    hubNursery: canonicalAddress(hubNurseryAddress(prefix)),
    nursery: `${groups}:${NURSERY}::/64`,
    cards: `${canonicalAddress(`${groups}:0:1::`)}/80`,
    operators: `${canonicalAddress(`${groups}:0:2::`)}/80`,
    card: cards.address,
    cardNumber: cards.number,
    operator: operators.address,
    operatorNumber: operators.number,
  };
}

/** @returns the address of a client's seed until its claim, from the seed's public key: "…/128". */
export function nurseryAddress(prefix: string, publicKey: string): string {
  const hex = createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
  return `${groupsOf(prefix)}:${NURSERY}:${hex.match(/.{4}/g)?.join(':')}/128`;
}

/** The hub's address that the keys of seeds may talk to. */
export function hubNurseryAddress(prefix: string): string {
  return `${groupsOf(prefix)}:${NURSERY}::1`;
}

/** The three groups of a /48, even where it was written shorter. */
function groupsOf(prefix: string): string {
  const groups = prefix.replace(/::\/48$/, '').split(':');
  return [...groups, '0', '0'].slice(0, 3).join(':');
}

/** @param groups the first five of eight. */
function numberAddresses(groups: string) {
  const address = (number: number) => canonicalAddress(`${groups}:0:${Math.floor(number / 65536).toString(16)}:${(number % 65536).toString(16)}`);
  return {
    address,
    number(text: string) {
      const [low = '', high = ''] = text.split(':').reverse();
      return [`0x${low}`, `0x${high || '0'}${low.padStart(4, '0')}`].map(Number).find((number) => number > 0 && address(number) === text);
    },
  };
}

/** The one way of writing an IPv6 address (RFC 5952), as the system writes it: addresses are compared as texts. A "/128" at its end is dropped. */
export function canonicalAddress(address: string): string {
  const bare = address.replace(/\/128$/, '');
  return new URL(`http://[${bare}]`).hostname.slice(1, -1);
}
