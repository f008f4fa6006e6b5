import { createHash } from 'node:crypto';

/** The last 16-bit group of an operator's /48 that is no final network: where bootstrap keys live. */
const NURSERY = 'ffff';

/** @param prefix an IPv6 /48 as "fd5e:3e0f:1a2b::/48". @returns the client's address until its claim, from its bootstrap key. */
export function nurseryAddress(prefix: string, publicKey: string): string {
  const hex = createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
  return `${network(prefix)}:${NURSERY}:${hex.match(/.{4}/g)?.join(':')}/128`;
}

/** The hub's address that bootstrap keys may talk to. */
export function hubNurseryAddress(prefix: string): string {
  return `${network(prefix)}:${NURSERY}::1`;
}

function network(prefix: string): string {
  const groups = prefix.replace(/::\/48$/, '').split(':');
  return [...groups, '0', '0'].slice(0, 3).join(':');
}
