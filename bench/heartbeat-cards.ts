import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { makeVpnKey } from '../builder/workspace/secrets.ts';
import { confirmCard, findCard } from '../home/store/cards.ts';
import { takeClaim } from '../home/store/claims.ts';
import { type Database, openDatabase } from '../home/store/database.ts';
import { keepHeartbeat } from '../home/store/heartbeats.ts';
import { takeOrder } from '../home/store/orders.ts';
import { planNetwork } from '../protocol/addresses.ts';
import type { Order } from '../protocol/order.ts';
import type { ClaimRequest, Heartbeat } from '../protocol/requests.ts';

const NETWORK = planNetwork('fd5e:3e0f:1a2b::/48');
const DAY = 86_400_000;

/** Makes a home's state with so many cards that claimed and confirmed, number 1 and up. */
export function registerCards(state: string, count: number): void {
  const database = openDatabase(state);
  database.durably(() => {
    // One transaction for all: ten thousand by themselves would take longer than what is measured.
    const within: Database = { ...database, durably: (task) => task(), quickly: (task) => task() };
    for (let number = 1; number <= count; number++) registerCard(within, number);
  });
  database.close();
}

/** @returns how many heartbeats a second SQLite keeps if each is a transaction on the disk. */
export function timePlainHeartbeats(state: string, count: number): number {
  registerCards(state, 1);
  const database = openDatabase(state);
  const card = findCard(database, NETWORK.card(1));
  if (!card) throw new Error('no card was registered');
  const start = performance.now();
  for (let uptime = 1; uptime <= count; uptime++) database.durably(() => keepHeartbeat(database, card, makeHeartbeat(uptime), Date.now()));
  const seconds = (performance.now() - start) / 1000;
  database.close();
  rmSync(state, { recursive: true, force: true });
  return count / seconds;
}

export function makeHeartbeat(uptime: number): Heartbeat {
  return {
    ...{ bootId: '3f0c2a86-6a5e-4d43-9a2f-0c6f5a1d7e90', bootCounter: 7, serial: '10000000a1b2c3d4', uptime, clock: Math.floor(Date.now() / 1000) },
    ...{ temperature: 48_312, rootFree: 21_474_836_480, rootSize: 31_268_536_320, failedUnits: [], remoteAccess: 'on', underVoltage: false },
    ...{ certificateExpires: Math.floor((Date.now() + 80 * DAY) / 1000), report: 'done', build: '9f86d081884c7d65' },
  };
}

function registerCard(database: Database, number: number): void {
  const now = Date.now();
  const client = `client-${number}`;
  const token = randomBytes(32).toString('base64url');
  const groups = number.toString(16).padStart(16, '1').match(/.{4}/g);
  const order: Order = {
    ...{ order: 1, client, hostname: client, language: 'fr', profile: 'maison', generation: 1, publicKey: makeVpnKey().publicKey },
    ...{ presharedKey: randomBytes(32).toString('base64'), nurseryAddress: `fd5e:3e0f:1a2b:ffff:${groups?.join(':')}/128` },
    ...{ tokenSha256: createHash('sha256').update(token).digest('hex'), tokenExpires: new Date(now + DAY).toISOString(), revoked: false },
  };
  takeOrder(database, order, now);
  const inventory = { serial: '10000000a1b2c3d4', model: 'Raspberry Pi 4', mac: '', profile: 'maison', build: '9f86', bootId: 'boot' };
  const request: ClaimRequest = { token, publicKey: makeVpnKey().publicKey, hostKey: 'ssh-ed25519 AAAA', generation: 1, inventory };
  const { address } = takeClaim(database, NETWORK, request, { way: 'public' }, now);
  const card = findCard(database, address);
  if (card) confirmCard(database, card, now);
}
