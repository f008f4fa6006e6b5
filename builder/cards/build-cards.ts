import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runLanes } from '../../kit/lanes.ts';
import type { Session } from '../../kit/session.ts';
import { type ClientManifest, type WriteClientOptions, writeClientImage } from '../image/client-image.ts';
import { compressPrefix } from '../image/compress.ts';
import type { DownloadFacts } from '../image/download-plan.ts';
import { type ImageFormat, MAP_BLOCK_BYTES, type Prefix } from '../image/prefix.ts';
import { checkFreeSpace, ROOM_OR_SEED } from '../image/write-image.ts';
import { zstCompressor } from '../image/zst-compressor.ts';
import { overlaysOf } from '../profile/contents.ts';
import { ensurePlainPrefix, ensureProfile } from '../profile/publish.ts';
import type { MadeSeed } from '../seed/make.ts';
import { writeOrders } from '../seed/order.ts';
import { readTokens } from '../seed/token-life.ts';
import { findProfile } from '../workspace/find-named.ts';
import type { LoadedWorkspace } from '../workspace/loaded.ts';
import type { Client } from '../workspace/schema.ts';
import { makeClientSeeds } from './client-seeds.ts';
import { checkWorkspaceClock, type Issuing, refreshTokens } from './sound-tokens.ts';

export interface BuildOptions extends Issuing {
  readonly format: ImageFormat;
  /** No image: all that a composed download needs. */
  readonly seedOnly?: boolean;
  /** Nobody gives these cards away. */
  readonly forTrial?: boolean;
}

export interface BuiltCards {
  /** The folder that all of it is in. */
  readonly out: string;
  readonly clients: readonly ClientManifest[];
}

/** Seeds wait for the disk to keep them, each for its own files: many may wait together. Whole images keep the disk busy by themselves. */
const LANES = { seeds: 24, images: 2 };

/** Builds clients' images, and their profiles where they changed, in the workspace's out/, and tells home of them. */
export async function buildCards(
  session: Session,
  workspace: LoadedWorkspace,
  clients: readonly Client[],
  options: BuildOptions,
): Promise<BuiltCards> {
  const { format, seedOnly = false, forTrial = false, now } = options;
  const names = clients.map(({ client }) => client);
  if (!forTrial) warnOfDoubts(session, workspace, names);
  await checkWorkspaceClock(workspace, await readTokens(workspace.folder, names), now);
  const prefixes = await preparePrefixes(session, workspace, clients, format);
  const out = join(workspace.folder, 'out');
  await mkdir(out, { recursive: true });
  if (!seedOnly) await checkRoom(out, clients, prefixes, format);
  const title = seedOnly ? 'Making seeds' : 'Making images';
  const manifests = await session.progress.step(`${title} of ${clients.length} ${clients.length === 1 ? 'client' : 'clients'}`, async (note) => {
    await refreshTokens(session, workspace, names, options);
    const seeds = await makeClientSeeds(workspace, clients, session.signal, now);
    // Before the images: a card is not to call a home that never heard of it.
    const orders = await writeOrders(workspace, clients);
    for (const { client } of orders.filter((order) => order.revoked))
      session.progress.warn(`"${client}" is revoked: home refuses this image; issue it anew with "semeur reissue ${client}"`);
    let done = 0;
    return runLanes(seeds, seedOnly ? LANES.seeds : LANES.images, async (made) => {
      session.signal.throwIfAborted();
      const order = orders.find(({ client }) => client === made.client.client);
      const facts = describeDownload(workspace, made.client, order?.tokenSha256 ?? '');
      const manifest = await writeOne(made, facts, prefixes, { out, format, seedOnly, signal: session.signal });
      note(`${++done} of ${clients.length}: ${made.client.client}`);
      return manifest;
    });
  });
  return { out, clients: manifests };
}

/** One line, with the first of them: a card that finds no home is a visit. */
function warnOfDoubts({ progress }: Session, { doubts }: LoadedWorkspace, clients: readonly string[]): void {
  const files = ['semeur.yaml', ...clients.map((client) => `clients/${client}.yaml`)];
  const [first, ...others] = doubts.filter(({ file }) => files.includes(file)).toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file));
  if (!first) return;
  const more = others.length > 0 ? `, and ${others.length} more` : '';
  progress.warn(`Not to be given away yet: ${first.file}:${first.line}:${first.column}: ${first.message}${more}; see "semeur check"`);
}

async function preparePrefixes(session: Session, workspace: LoadedWorkspace, clients: readonly Client[], format: ImageFormat) {
  const prefixes = new Map<string, Prefix>();
  for (const name of new Set(clients.map(({ profile }) => profile))) {
    prefixes.set(name, await preparePrefix(session, workspace, name, format));
  }
  return prefixes;
}

async function preparePrefix(session: Session, workspace: LoadedWorkspace, name: string, format: ImageFormat): Promise<Prefix> {
  if (format === 'img') return ensurePlainPrefix(session, workspace, name);
  const { prefix } = await ensureProfile(session, workspace, name);
  if (format !== 'zst') return prefix;
  // A profile that was downloaded comes without the bytes to compress.
  await ensurePlainPrefix(session, workspace, name);
  return compressPrefix(prefix, 'zst', zstCompressor, session);
}

async function checkRoom(out: string, clients: readonly Client[], prefixes: ReadonlyMap<string, Prefix>, format: ImageFormat): Promise<void> {
  const needed = clients.reduce((sum, { profile }) => {
    const prefix = prefixes.get(profile);
    return sum + (format === 'img' ? (prefix?.mappedBlocks ?? 0) * MAP_BLOCK_BYTES : (prefix?.[format]?.bytes ?? 0));
  }, 0);
  await checkFreeSpace(out, needed, ROOM_OR_SEED);
}

async function writeOne(
  { client, seed, signer }: MadeSeed,
  facts: DownloadFacts,
  prefixes: ReadonlyMap<string, Prefix>,
  options: WriteClientOptions,
): Promise<ClientManifest> {
  const prefix = prefixes.get(client.profile);
  if (!prefix) throw new Error(`no prefix was prepared for "${client.profile}"`);
  return writeClientImage(prefix, { client: client.client, seed, signer, facts }, options);
}

/** What the download page says of a client. */
function describeDownload(workspace: LoadedWorkspace, { client, name, profile }: Client, tokenSha256: string): DownloadFacts {
  const found = findProfile(workspace, profile);
  const services = overlaysOf(workspace, found).flatMap(({ front, title }) => (front === undefined ? [] : [{ path: front, ...title }]));
  return { boards: found.boards, client: { client, name, tokenSha256, services } };
}
