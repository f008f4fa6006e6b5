import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeVpnKey } from '../../builder/workspace/secrets.ts';
import { type Counts, createCounts } from '../../home/answers/counts.ts';
import { createHeartbeatQueue } from '../../home/answers/heartbeat-queue.ts';
import { applyPeerChanges, type Home } from '../../home/answers/home.ts';
import { type HostCa, openHostCa } from '../../home/answers/host-ca.ts';
import { loopbackOf, loopbackSources } from '../../home/answers/sources.ts';
import { createMetricsListener } from '../../home/metrics/listener.ts';
import { createListeners, type Limits } from '../../home/run/listeners.ts';
import { createCardFinder } from '../../home/store/cards.ts';
import { type Database, openDatabase } from '../../home/store/database.ts';
import { takeOrder } from '../../home/store/orders.ts';
import { listPeers, type Peer, rememberKey } from '../../home/store/peers.ts';
import { runCommand } from '../../kit/command.ts';
import type { FleetNetwork } from '../../protocol/addresses.ts';
import type { Order } from '../../protocol/order.ts';
import { type Answer as BareAnswer, readLines, send } from './requests-to-home.ts';
import { beatOf, claimOf, type Issued, issue as issueAt, NETWORK } from './sample-fleet.ts';

export interface Answer extends BareAnswer {
  /** The lines "name value". */
  readonly values: Readonly<Record<string, string>>;
}

/** Remembers what it was told, in place of a WireGuard interface. */
export interface StandInHub {
  readonly kind: 'stand-in';
  readonly peers: Map<string, Peer>;
  /** What it throws instead, if set. */
  broken: Error | undefined;
  setPeer(peer: Peer): Promise<void>;
  removePeer(publicKey: string): Promise<void>;
  close(): Promise<void>;
}

export interface OpenHome {
  readonly folder: string;
  readonly database: Database;
  readonly network: FleetNetwork;
  readonly hub: StandInHub;
  readonly hostCa: HostCa;
  readonly hubKey: string;
  readonly counts: Counts;
  /** All that was logged, as text. */
  readonly logged: string[];
  take(order: Order): Promise<void>;
  /** Over real HTTP on loopback, from this address of the tunnel. */
  nursery(path: string, body: unknown, from: string): Promise<Answer>;
  tunnel(path: string, body: unknown, from: string): Promise<Answer>;
  open(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Asks the listener for Prometheus. @param from 127.0.0.1 is home's own machine; any other address is no watcher's. */
  metrics(path: string, from?: string): Promise<BareAnswer>;
  readonly ports: { readonly nursery: number; readonly tunnel: number; readonly open: number; readonly page: number };
  close(): Promise<void>;
}

const FREE = { burst: 1e9, perSecond: 1e9, most: 1000 };
/** For tests that ask more than a card does. */
export const NO_LIMITS: Limits = { tunnel: FREE, internet: FREE, together: FREE, page: FREE };

const opened: OpenHome[] = [];
const folders: string[] = [];

/** A home with a real database and real listeners; only the hub is a stand-in. @param folder of one that was closed, to start it again. */
export async function openHome(folder?: string, limits?: Limits): Promise<OpenHome> {
  const state = folder ?? (await mkdtemp(join(tmpdir(), 'semeur-home-')));
  if (folder === undefined) folders.push(state);
  const database = openDatabase(state);
  const network = NETWORK;
  const hub = makeHub(listPeers(database));
  const logged: string[] = [];
  const note = (facts: object, message: string) =>
    void logged.push(JSON.stringify({ message, ...facts, err: String((facts as { err?: unknown }).err ?? '') }));
  const log = { info: note, warn: note, error: note };
  const hostCa = await openHostCa(state);
  const hubKey = HUB_KEY;
  database.durably(() => rememberKey(database, hubKey));
  const heartbeats = createHeartbeatQueue(database);
  const sources = loopbackSources(network);
  const counts = createCounts();
  const findCard = createCardFinder(database);
  const home: Home = { folder: state, database, findCard, network, hub, hubKey, hostCa, heartbeats, sources, counts, log };
  const listeners = createListeners(home, TLS, limits);
  const servers = [listeners.nursery, listeners.tunnel, listeners.open, listeners.page, createMetricsListener(home)];
  const ports = [];
  for (const server of servers) {
    await server.listen({ host: '127.0.0.1', port: 0 });
    ports.push((server.server.address() as AddressInfo).port);
  }
  const [nurseryPort = 0, tunnelPort = 0, openPort = 0, pagePort = 0, metricsPort = 0] = ports;
  const result: OpenHome = {
    ...{ folder: state, database, network, hub, hostCa, hubKey, counts, logged },
    async take(order) {
      await applyPeerChanges(
        home,
        database.durably(() => takeOrder(database, order, Date.now())),
      );
    },
    nursery: async (path, body, from) => withValues(await send(`127.0.0.1:${nurseryPort}`, path, body, { from: loopbackOf(from) })),
    tunnel: async (path, body, from) => withValues(await send(`127.0.0.1:${tunnelPort}`, path, body, { from: loopbackOf(from) })),
    open: async (path, body, headers = {}) => withValues(await send(`127.0.0.1:${openPort}`, path, body, { secure: true, headers })),
    metrics: (path, from = '127.0.0.1') => send(`127.0.0.1:${metricsPort}`, path, undefined, { from }),
    ports: { nursery: nurseryPort, tunnel: tunnelPort, open: openPort, page: pagePort },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
      heartbeats.flush();
      database.close();
    },
  };
  opened.push(result);
  return result;
}

/** For afterEach(). */
export async function closeHomes(): Promise<void> {
  for (const home of opened.splice(0)) await home.close().catch(() => undefined);
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

function makeHub(peers: readonly Peer[]): StandInHub {
  const hub: StandInHub = {
    kind: 'stand-in',
    peers: new Map(peers.map((peer) => [peer.publicKey, peer])),
    broken: undefined,
    async setPeer(peer) {
      if (hub.broken) throw hub.broken;
      hub.peers.set(peer.publicKey, peer);
    },
    async removePeer(publicKey) {
      if (hub.broken) throw hub.broken;
      hub.peers.delete(publicKey);
    },
    async close() {},
  };
  return hub;
}

/** An order as it is issued today. */
export function issue(client = 'durand', fields: Partial<Order> = {}): Issued & { readonly nursery: string } {
  const issued = issueAt(client, { tokenExpires: new Date(Date.now() + 86_400_000).toISOString(), ...fields });
  return { ...issued, nursery: issued.order.nurseryAddress };
}

/** A heartbeat as it is sent today: nothing is to be renewed. */
export function heartbeatOf(fields: Parameters<typeof beatOf>[0] = {}) {
  return beatOf({ certificateExpires: Math.floor(Date.now() / 1000) + 80 * 86_400, ...fields });
}

/** Claims in the nursery, and confirms. @returns the card's final address. */
export async function enrol(home: OpenHome, issued: ReturnType<typeof issue>, claim = claimOf(issued)): Promise<string> {
  const { status, values } = await home.nursery('/v1/claim', claim, issued.nursery);
  const address = values['address']?.replace('/128', '') ?? '';
  const confirmed = await home.tunnel('/v1/confirm', {}, address);
  if (status !== 200 || confirmed.status !== 200) throw new Error(`not enrolled: ${status}, ${confirmed.text}`);
  return address;
}

export function stateOf(home: OpenHome, client = 'durand'): unknown {
  return home.database.sql('SELECT state FROM clients WHERE client = ?').get(client)?.['state'];
}

export function alarmsOf(home: OpenHome): { kind: string; client: string; facts: unknown; times: number }[] {
  const rows = home.database.sql('SELECT kind, client, facts, times FROM alarms ORDER BY id').all();
  return rows.map((row) => ({ ...row, facts: JSON.parse(String(row['facts'])) })) as ReturnType<typeof alarmsOf>;
}

const HUB_KEY = makeVpnKey().publicKey;

/** Made once for these tests: nothing else knows it. */
export const TLS = await makeTls();

async function makeTls() {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-tls-'));
  try {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFile(join(folder, 'key'), key, { mode: 0o600 });
    const cert = await runCommand(['openssl', 'req', '-x509', '-new', '-key', join(folder, 'key'), '-days', '2', '-subj', '/CN=test']);
    return { key, cert: cert.toString('utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function withValues(answer: BareAnswer): Answer {
  return { ...answer, values: readLines(answer) };
}
