import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Failure } from '../kit/failure.ts';
import { hintOf, reasonOf } from '../kit/machine-trouble.ts';
import { planNetwork } from '../protocol/addresses.ts';
import { METRICS_PORT, PAGE_PORT, SITE_PORT, TUNNEL_PORT } from '../protocol/ports.ts';
import { publicVpnKey } from '../protocol/vpn-key.ts';
import { createCounts } from './answers/counts.ts';
import { createHeartbeatQueue } from './answers/heartbeat-queue.ts';
import { applyPeerChanges, type Home, type Log, type PeerKeeper } from './answers/home.ts';
import { openHostCa } from './answers/host-ca.ts';
import { loopbackOf, loopbackSources, tunnelSources } from './answers/sources.ts';
import type { DownloadOptions } from './download/desk.ts';
import { createDownloadListener } from './download/listener.ts';
import { watchUsedPlans } from './download/used-plans.ts';
import type { Tls } from './limits/server.ts';
import { createMetricsListener } from './metrics/listener.ts';
import { keepHeapSmall } from './run/heap.ts';
import { createListeners } from './run/listeners.ts';
import { openLog, sayReady } from './run/log.ts';
import { createOrderReader, watchOrders } from './run/orders.ts';
import { createSitesListener, type SitesListener } from './sites/listener.ts';
import { createCardFinder } from './store/cards.ts';
import { openDatabase } from './store/database.ts';
import { keepFacts } from './store/facts.ts';
import { holdFolder } from './store/hold-folder.ts';
import { listOperatorPeers } from './store/operators.ts';
import { countPeers, listPeers, type Peer, rememberKey } from './store/peers.ts';

export interface ServeOptions {
  readonly stateFolder: string;
  readonly ordersFolder: string;
  /** "fd5e:3e0f:1a2b::/48" */
  readonly prefix: string;
  /** WireGuard's, base64. */
  readonly hubPrivateKey: string;
  readonly tls: Tls;
  /** "address:port" of the listener on the internet. */
  readonly listen: string;
  /** Told to whoever manages this home without the workspace. */
  readonly endpoints: readonly string[];
  readonly downloadsUrl: string | undefined;
  readonly vpn: VpnOptions | undefined;
  /** Without it, nothing can be downloaded. */
  readonly downloads: (DownloadOptions & { readonly listen: string }) | undefined;
  /** "address:port" where visitors of clients' sites come; without it, home passes nobody on. */
  readonly sites: string | undefined;
  readonly signal: AbortSignal;
}

export interface VpnOptions {
  readonly interface: string;
  readonly port: number;
  /** The ports of the endpoints that cards try. */
  readonly ports: readonly number[];
  readonly firewall: boolean;
  /** A card without a handshake for so long is made able to come back, whatever its clock has said (default: 300). */
  readonly rescueSeconds?: number | undefined;
}

/** Connections that wait to be accepted. Node's own 511 are too few when a fleet calls at once: the next is dropped, and tries again a second later. */
const BACKLOG = 4096;

/** The server: runs until `signal`. Orders and database first, then the hub with all its peers, then the listeners. */
export async function serveHome(options: ServeOptions): Promise<void> {
  const { stateFolder, prefix, signal, vpn } = options;
  keepHeapSmall();
  const log = openLog();
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  const letGo = holdFolder(stateFolder);
  await removeLeftovers(stateFolder);
  const database = openDatabase(stateFolder);
  const closing: (() => unknown)[] = [() => database.close(), letGo];
  try {
    const network = planNetwork(prefix);
    const hubKey = publicVpnKey(options.hubPrivateKey);
    database.durably(() => rememberKey(database, hubKey));
    await keepFacts(stateFolder, { prefix, endpoints: options.endpoints, hubKey, downloads: options.downloadsUrl });
    const hostCa = await openHostCa(stateFolder);
    const orders = createOrderReader(options.ordersFolder, database, log);
    await orders.read(Date.now());
    const hub = vpn ? await openHub(options, vpn, log, () => [...listPeers(database), ...listOperatorPeers(database, network)]) : NO_HUB;
    closing.unshift(() => hub.close());
    const heartbeats = createHeartbeatQueue(database);
    closing.unshift(() => heartbeats.flush());
    const sources = vpn ? tunnelSources(network) : loopbackSources(network);
    const home: Home = {
      folder: stateFolder,
      database,
      findCard: createCardFinder(database),
      network,
      hub,
      hubKey,
      hostCa,
      heartbeats,
      sources,
      counts: createCounts(),
      log,
    };
    const metrics = createMetricsListener(home);
    const { nursery, tunnel, open, page } = createListeners(home, options.tls);
    for (const server of [nursery, tunnel, open, page, metrics]) closing.unshift(() => server.close());
    const places = vpn ? tunnelPlaces(network.hubNursery, network.hub) : LOOPBACK;
    const listening = {
      public: await listen(open, splitListen(options.listen), PLACES.public),
      nursery: await listen(nursery, places.nursery, PLACES.nursery),
      tunnel: await listen(tunnel, places.tunnel, PLACES.tunnel),
      page: await listen(page, places.page, PLACES.page),
      metrics: await listen(metrics, places.metrics, PLACES.metrics),
    };
    const { downloads } = options;
    const offered = downloads && createDownloadListener(home, downloads);
    if (offered) closing.unshift(() => offered.close());
    const offering = offered && { downloads: await listen(offered, splitListen(downloads.listen), PLACES.downloads) };
    const passing = options.sites && { sites: await openSites(home, options.sites, vpn !== undefined, closing) };
    if (downloads) await watchUsedPlans(downloads.plans, home, signal);
    watchOrders(orders, (changes) => applyPeerChanges(home, changes), log, signal);
    if (!vpn) log.warn({}, 'there is no tunnel: source addresses of 127.0.0.0/8 stand for those of the tunnel, and prove nothing');
    sayReady({ ...listening, ...offering, ...passing, vpn: hub.kind, peers: countPeers(database) });
    await ended(signal);
  } finally {
    // One that fails keeps none of the others from it.
    for (const close of closing) await Promise.try(close).catch((error: unknown) => log.error({ err: error }, 'cannot close'));
  }
}

const NO_HUB: PeerKeeper = { kind: 'none', setPeer: async () => {}, removePeer: async () => {}, close: async () => {} };

const ANY_PORT = { host: '127.0.0.1', port: 0 };
const LOOPBACK = { nursery: ANY_PORT, tunnel: ANY_PORT, page: ANY_PORT, metrics: ANY_PORT };

function tunnelPlaces(nursery: string, hub: string) {
  return {
    nursery: { host: nursery, port: TUNNEL_PORT },
    tunnel: { host: hub, port: TUNNEL_PORT },
    page: { host: hub, port: PAGE_PORT },
    metrics: { host: hub, port: METRICS_PORT },
  };
}

async function openSites(home: Home, place: string, isTunnelled: boolean, closing: (() => unknown)[]): Promise<string> {
  const { hub } = home.network;
  const wayTo = (address: string) => (isTunnelled ? { host: address, localAddress: hub } : { host: loopbackOf(address) });
  const sites = createSitesListener(home, (address) => ({ ...wayTo(address), port: SITE_PORT }));
  closing.unshift(() => sites.close());
  return listen(sites, splitListen(place), PLACES.sites);
}

/** Loaded only where there is a tunnel: tests and measurements without one run anywhere. */
async function openHub({ prefix, hubPrivateKey, signal }: ServeOptions, vpn: VpnOptions, log: Log, peers: () => Peer[]): Promise<PeerKeeper> {
  const network = planNetwork(prefix);
  const { openHub: open, planTimes } = await import('./hub/hub.ts');
  return open(
    {
      interface: vpn.interface,
      privateKey: hubPrivateKey,
      vpnPort: vpn.port,
      addresses: [`${network.hub}/128`, `${network.hubNursery}/128`],
      prefix,
      ports: vpn.ports,
      firewall: vpn.firewall,
      log: (message, facts = {}) => log.info(facts, message),
      peers,
      signal,
    },
    planTimes(vpn.rescueSeconds),
  );
}

/** Folders of signatures that a cut left. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith('sign-')) await rm(join(folder, name), { recursive: true, force: true });
}

interface Place {
  readonly host: string;
  readonly port: number;
}

interface Purpose {
  readonly what: string;
  /** What names another place. */
  readonly flag?: string;
}

const PLACES = {
  public: { what: 'cards on the internet', flag: '--listen, or "home: listen:" in semeur.yaml' },
  nursery: { what: 'new cards in the VPN' },
  tunnel: { what: 'cards in the VPN' },
  page: { what: 'the fleet page' },
  metrics: { what: 'metrics' },
  downloads: { what: 'downloads', flag: '--downloads' },
  sites: { what: "visitors of clients' sites", flag: '--sites' },
} as const;

async function listen(server: Pick<FastifyInstance, 'listen'> | SitesListener, place: Place, { what, flag }: Purpose): Promise<string> {
  try {
    return (await server.listen({ ...place, backlog: BACKLOG })).replace(/^https?:\/\//, '');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const other = flag === undefined ? '; its place is fixed' : `, or name another place with ${flag}`;
    const hint =
      code === 'EADDRINUSE'
        ? `See what it is, another home or a web server perhaps, and end it (ss -ltnp 'sport = :${place.port}')${other}`
        : `${hintOf(cause, place.host)}${code === 'EACCES' ? '; ports below 1024 are for root' : ''}${other}`;
    throw new Failure(`Cannot listen on "${place.host}", port ${place.port}, for ${what}: ${reasonOf(cause)}`, { hint, cause });
  }
}

function splitListen(listen: string): Place {
  const at = listen.lastIndexOf(':');
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) };
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
}
