import { mkdir, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { BUSYBOX, type Card, DASH, type Shell } from './card.ts';
import { enrolledCard } from './enrolled-card.ts';
import { CARD_ADDRESS, findNoHub, HUB, type Hub, makeHub, OPERATOR } from './hub.ts';

let key: SeedKey;
let hub: Hub | undefined;
const noHub = await findNoHub();
beforeAll(async () => {
  key = await makeSeedKey();
});
afterEach(() => hub?.close());
afterAll(removeMade);

/** In the home's network; and somebody beyond a router that lets everything in. */
const [CARD, NEIGHBOUR, STRANGER] = ['2001:db8:0:1::2', '2001:db8:0:1::1', '2001:db8::9'];
const [CARD_IPV4, STRANGER_IPV4] = ['198.51.100.2', '203.0.113.9'];
const PORTS = ['22', '80', '9100', '5222', '7000', '443'];

/** The home's network has IPv6, and the internet beyond it. */
async function bringIpv6({ run, within }: Hub): Promise<void> {
  const onCard = (...words: string[]) => execa(within[0] ?? '', [...within.slice(1), 'ip', ...words]);
  await run('ip', 'address', 'add', `${NEIGHBOUR}/64`, 'dev', 'hub0', 'nodad');
  for (const address of [`${STRANGER}/128`, `${STRANGER_IPV4}/32`]) await run('ip', 'address', 'add', address, 'dev', 'hub0');
  await onCard('address', 'add', `${CARD}/64`, 'dev', 'card0', 'nodad');
  // Addresses of a prefix that the provider took away, and of the home's own.
  await onCard('address', 'add', '2001:db8:0:2::2/64', 'dev', 'card0', 'nodad', 'preferred_lft', '0');
  await onCard('address', 'add', 'fd77::2/64', 'dev', 'card0', 'nodad');
  await onCard('-6', 'route', 'add', 'default', 'via', NEIGHBOUR);
  await onCard('route', 'add', 'default', 'via', '198.51.100.1');
}

/** Writes the settings as a new seed does. */
async function takeSetting(card: Card, shell: Shell, direct: 'on' | 'off'): Promise<void> {
  await mkdir(card.path('var/lib/semeur/seed/settings/etc/semeur'), { recursive: true });
  await writeFile(card.path('var/lib/semeur/seed/settings/etc/semeur/visitors.conf'), `direct ${direct}\n`);
  await writeFile(card.path('usr/lib/semeur/profile/settings.list'), `0600 ${process.getuid?.()}:${process.getgid?.()} /etc/semeur/visitors.conf\n`);
  expect(await card.run(shell, 'enrol.d/80-services')).toEqual({ exitCode: 0, output: '' });
}

describe.skipIf(noHub)(
  `visitors by IPv6 (home is a stand-in, the hub wireguard-go)${noHub ? `, skipped: ${noHub}` : ''}`,
  { timeout: 300_000 },
  () => {
    it('reach what services open to them, and nothing else, where the client says so', async () => {
      const here = await makeHub();
      hub = here;
      await bringIpv6(here);
      const card = await enrolledCard(key, here);
      await writeFile(card.path('usr/lib/semeur/profile/ports.list'), 'lan\ttcp\t5222\nvpn\ttcp\t7000\nvisitors\ttcp\t443\n');
      // The status page's port stands behind 80.
      for (const port of PORTS) await here.listenOnCard(port === '80' ? '8480' : port);
      const open = (from: string, to: string) => here.reaches(from, to, PORTS);
      const all = async () => ({
        stranger: await open(STRANGER, CARD),
        strangerByIpv4: await open(STRANGER_IPV4, CARD_IPV4),
        neighbour: await open(NEIGHBOUR, CARD),
        home: await open(HUB, CARD_ADDRESS),
        operator: await open(OPERATOR, CARD_ADDRESS),
      });
      const address = async () => {
        await card.restart();
        await card.run(BUSYBOX, 'heartbeat');
        return JSON.parse((await here.requests()).at(-1)?.body ?? '').ipv6;
      };
      await takeSetting(card, DASH, 'off');
      const shut = await all();
      const home = ['22', '9100', '7000', '443'];
      expect(shut).toEqual({ stranger: [], strangerByIpv4: [], neighbour: ['80', '5222'], home, operator: ['22', '9100', '7000'] });
      expect(await address()).toBeUndefined();
      await takeSetting(card, BUSYBOX, 'on');
      const opened = { ...shut, stranger: ['443'], neighbour: ['80', '5222', '443'] };
      expect(await all()).toEqual(opened);
      expect(await address()).toBe(CARD);
      // Each boot loads it anew; and the client's switch is for operators.
      await execa(here.within[0] ?? '', [...here.within.slice(1), 'nft', 'flush', 'ruleset']);
      await card.run(DASH, '/usr/sbin/semeur-remote', 'off');
      expect(await all()).toEqual({ ...opened, home: ['9100', '443'], operator: [] });
      await card.run(DASH, '/usr/sbin/semeur-remote', 'on');
      await takeSetting(card, DASH, 'off');
      expect(await all()).toEqual(shut);
    });
  },
);
