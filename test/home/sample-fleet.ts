import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeVpnKey } from '../../builder/workspace/secrets.ts';
import { type Database, openDatabase } from '../../home/store/database.ts';
import { takeOrder } from '../../home/store/orders.ts';
import type { PeerChanges } from '../../home/store/peers.ts';
import { nurseryAddress, planNetwork } from '../../protocol/addresses.ts';
import type { Order } from '../../protocol/order.ts';
import type { ClaimRequest, Heartbeat } from '../../protocol/requests.ts';

export const PREFIX = 'fd5e:3e0f:1a2b::/48';
export const NETWORK = planNetwork(PREFIX);
/** 24 November 2026, as good as any. */
export const NOW = 1_795_478_400_000;
export const DAY = 86_400_000;

/** What the operators issued to a client, and the token that is in its seed alone. */
export interface Issued {
  readonly order: Order;
  readonly token: string;
}

export function issue(client: string, fields: Partial<Order> = {}): Issued {
  const token = randomBytes(32).toString('base64url');
  const { publicKey } = makeVpnKey();
  const order: Order = {
    order: 1,
    client,
    hostname: client,
    language: 'fr',
    profile: 'maison',
    generation: 1,
    publicKey,
    presharedKey: randomBytes(32).toString('base64'),
    nurseryAddress: nurseryAddress(PREFIX, publicKey),
    tokenSha256: createHash('sha256').update(token).digest('hex'),
    tokenExpires: new Date(NOW + 90 * DAY).toISOString(),
    revoked: false,
    ...fields,
  };
  return { order, token };
}

/** A claim as a card that was flashed with this makes it, with a key of its own unless one is given. */
export function claimOf({ order, token }: Issued, fields: Partial<ClaimRequest> & { readonly serial?: string } = {}): ClaimRequest {
  const { serial = '10000000a1b2c3d4', ...rest } = fields;
  return {
    token,
    publicKey: makeVpnKey().publicKey,
    hostKey: makeHostKey(),
    generation: order.generation,
    inventory: { serial, model: 'Raspberry Pi 4 Model B Rev 1.4', mac: 'dc:a6:32:01:02:03', profile: 'maison', build: '5f3a', bootId: 'boot-1' },
    ...rest,
  };
}

export function beatOf(fields: Partial<Heartbeat> = {}): Heartbeat {
  return {
    bootId: 'boot-1',
    bootCounter: 1,
    serial: '10000000a1b2c3d4',
    uptime: 60,
    clock: Math.floor(NOW / 1000),
    temperature: 45_000,
    rootFree: 20_000_000_000,
    rootSize: 30_000_000_000,
    failedUnits: [],
    remoteAccess: 'on',
    underVoltage: false,
    certificateExpires: null,
    report: 'done',
    build: '5f3a',
    ...fields,
  };
}

/** Any 32 bytes are an ed25519 public key as far as home looks. */
export function makeHostKey(): string {
  const head = Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1');
  return `ssh-ed25519 ${Buffer.concat([head, randomBytes(32)]).toString('base64')}`;
}

export function order(database: Database, issued: Issued, now = NOW): PeerChanges {
  return database.durably(() => takeOrder(database, issued.order, now));
}

/** Gives `task` a database of its own, in a folder of its own. */
export function withDatabase<T>(task: (database: Database, folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'semeur-home-'));
  const database = openDatabase(folder);
  try {
    return task(database, folder);
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything that must be the same when something is refused. */
export function peersOf(database: Database): unknown[] {
  return database
    .sql('SELECT public_key, address, client, kind FROM peers ORDER BY public_key')
    .all()
    .map((row) => ({ ...row }));
}

/** The same claim from another board. */
export function withSerial<T extends { inventory: object }>(claim: T, serial: string): T & { inventory: { serial: string } } {
  return { ...claim, inventory: { ...claim.inventory, serial } };
}
