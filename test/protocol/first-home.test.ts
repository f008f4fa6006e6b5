import { describe, expect, it } from 'vitest';
import type { ClientKeys } from '../../builder/seed/keys.ts';
import { makeOrder } from '../../builder/seed/order.ts';
import { makeVpnKey } from '../../builder/workspace/secrets.ts';
import { FIRST_RELEASE } from './first-release/schemas.ts';

/** As `build` makes it. */
function orderOf(fields: Partial<ClientKeys> = {}, settings: Readonly<Record<string, Readonly<Record<string, string>>>> = {}) {
  const vpn = makeVpnKey();
  const keys = { generation: 1, vpn, presharedKey: vpn.publicKey, token: 'token', tokenExpires: '2027-01-01T00:00:00.000Z', ...fields };
  const operator = { vpn: { prefix: 'fd5e:3e0f:1a2b::/48' }, language: 'fr' };
  const client = { client: 'durand', hostname: 'durand', language: 'fr', profile: 'maison', settings };
  const overlays = new Map([['website', { settings: { domain: { domain: true } } }]]);
  type Made = Parameters<typeof makeOrder>;
  return makeOrder(client as unknown as Made[0], operator as Made[1], keys as unknown as Made[2], overlays as unknown as Made[3]);
}

describe('home of 0.1.0, which refuses every key that it does not know', () => {
  it.each([
    ['as it is', {}, {}],
    ['with a site on the internet', {}, { website: { domain: 'durand.example.org' } }],
    ['revoked', { revoked: true as const }, {}],
  ])("takes this builder's order %s", (_, fields, settings) => {
    expect(FIRST_RELEASE.order.parse(JSON.parse(JSON.stringify(orderOf(fields, settings))))).toMatchObject({ client: 'durand' });
  });

  it('does not take a renewed one, and nothing else keeps it from it: home goes first', () => {
    const { error } = FIRST_RELEASE.order.safeParse(orderOf({ renewed: true }));
    expect(error?.issues).toEqual([expect.objectContaining({ code: 'unrecognized_keys', keys: ['renewed'] })]);
  });
});
