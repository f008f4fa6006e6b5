import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type ClientManifest, writeClientImage } from '../../builder/image/client-image.ts';
import { compressPrefix } from '../../builder/image/compress.ts';
import type { DownloadFacts } from '../../builder/image/download-plan.ts';
import { type ImageFormat, MAP_BLOCK_BYTES, type Prefix } from '../../builder/image/prefix.ts';
import { checkFreeSpace, ROOM_OR_SEED } from '../../builder/image/write-image.ts';
import { zstCompressor } from '../../builder/image/zst-compressor.ts';
import { overlaysOf } from '../../builder/profile/contents.ts';
import { ensurePlainPrefix, ensureProfile } from '../../builder/profile/publish.ts';
import { type MadeSeed, makeSeeds } from '../../builder/seed/make.ts';
import { writeOrders } from '../../builder/seed/order.ts';
import { readTokens } from '../../builder/seed/token-life.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient, findProfile } from '../../builder/workspace/find-named.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import type { Client } from '../../builder/workspace/schema.ts';
import { formatByteSize } from '../../kit/byte-size.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import { runLanes } from '../../kit/lanes.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { checkWorkspaceClock, refreshTokens } from './sound-tokens.ts';
import type { RunVerb } from './verb.ts';

interface BuildOptions {
  readonly all?: boolean;
  readonly format: ImageFormat;
  readonly seedOnly?: boolean;
  /** Nobody gives these cards away. */
  readonly forTrial?: true;
}

/** Seeds wait for the disk to keep them, each for its own files: many may wait together. Whole images keep the disk busy by themselves. */
const LANES = { seeds: 24, images: 2 };

export function addBuild(program: Command, run: RunVerb): void {
  program
    .command('build')
    .argument('[clients...]', 'names of clients, as in clients/NAME.yaml')
    .description("make clients' images (and their profiles, where they changed), in the workspace's out/")
    .option('--all', 'every client of the workspace')
    .addOption(new Option('--format <format>', 'of the images').choices(['xz', 'zst', 'img']).default('xz'))
    .option(
      '--seed-only',
      'no image: the seed, the tail that follows the cached profile, and the hashes, which is all that a composed download needs',
    )
    .addHelpText('after', examples('semeur build durand', 'semeur build --all --seed-only', 'semeur build durand --format img'))
    .action((clients: string[], options: BuildOptions) => run((session) => build(session, clients, options)));
}

/** Builds clients' images; `demo` calls it too. */
export async function build(session: Session, names: readonly string[], options: BuildOptions, now = new Date()): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const clients = chooseClients(workspace, names, options.all === true);
  const shortNames = clients.map(({ client }) => client);
  if (!options.forTrial) warnOfDoubts(session, workspace, shortNames);
  await checkWorkspaceClock(workspace, await readTokens(workspace.folder, shortNames), now);
  const prefixes = await preparePrefixes(session, workspace, clients, options.format);
  const out = join(workspace.folder, 'out');
  await mkdir(out, { recursive: true });
  if (!options.seedOnly) await checkRoom(out, clients, prefixes, options.format);
  const title = options.seedOnly ? 'Making seeds' : 'Making images';
  const manifests = await session.progress.step(`${title} of ${clients.length} ${clients.length === 1 ? 'client' : 'clients'}`, async (note) => {
    await refreshTokens(session, workspace, shortNames, now);
    const seeds = await makeSeeds(workspace, planSeeds(workspace, clients, out), session.signal, now);
    // Before the images: a card is not to call a home that never heard of it.
    const orders = await writeOrders(workspace, clients);
    for (const { client } of orders.filter((order) => order.revoked))
      session.progress.warn(`"${client}" is revoked: home refuses this image; issue it anew with "semeur reissue ${client}"`);
    let done = 0;
    return runLanes(seeds, options.seedOnly ? LANES.seeds : LANES.images, async (made) => {
      session.signal.throwIfAborted();
      const order = orders.find(({ client }) => client === made.client.client);
      const facts = describeDownload(workspace, made.client, order?.tokenSha256 ?? '');
      const manifest = await writeOne(made, facts, prefixes, out, options, session.signal);
      note(`${++done} of ${clients.length}: ${made.client.client}`);
      return manifest;
    });
  });
  return { json: { out, clients: manifests }, text: describe(out, manifests, options.seedOnly === true) };
}

function chooseClients(workspace: LoadedWorkspace, names: readonly string[], all: boolean): Client[] {
  const { clients } = workspace;
  if (all && clients.size > 0) return [...clients.values()];
  if (all) throw new Failure('Cannot build: the workspace has no client', { hint: 'Add one: semeur client new NAME', exitCode: EXIT.usage });
  if (names.length === 0) throw new Failure('Cannot build: no client was named', { hint: 'Name clients, or say --all', exitCode: EXIT.usage });
  return [...new Set(names)].map((name) => findClient(workspace, name));
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
  await checkFreeSpace(join(out, 'images'), needed, ROOM_OR_SEED);
}

function planSeeds(workspace: LoadedWorkspace, clients: readonly Client[], out: string) {
  return clients.map((client) => ({
    client,
    services: overlaysOf(workspace, findProfile(workspace, client.profile)).map(({ overlay }) => overlay),
    previous: join(out, `${client.client}.seed`),
  }));
}

async function writeOne(
  { client, seed, signer }: MadeSeed,
  facts: DownloadFacts,
  prefixes: ReadonlyMap<string, Prefix>,
  out: string,
  options: BuildOptions,
  signal: AbortSignal,
) {
  const prefix = prefixes.get(client.profile);
  if (!prefix) throw new Error(`no prefix was prepared for "${client.profile}"`);
  return writeClientImage(
    prefix,
    { client: client.client, seed, signer, facts },
    { out, format: options.format, seedOnly: options.seedOnly === true, signal },
  );
}

/** What the download page says of a client. */
function describeDownload(workspace: LoadedWorkspace, { client, name, profile }: Client, tokenSha256: string): DownloadFacts {
  const found = findProfile(workspace, profile);
  const services = overlaysOf(workspace, found).flatMap(({ front, title }) => (front === undefined ? [] : [{ path: front, ...title }]));
  return { boards: found.boards, client: { client, name, tokenSha256, services } };
}

function describe(out: string, manifests: readonly ClientManifest[], seedOnly: boolean): string[] {
  const codes = [
    `Each client's code, by which they switch your access off and on: ${join(out, 'CLIENT.code')}`,
    `Each client's name and password for their services, and the key of their backups: ${join(out, 'CLIENT.account')}; both belong on their leaflet`,
  ];
  if (seedOnly) return [`${manifests.length} seeds are in ${out}`, ...codes];
  return [...manifests.map(({ image }) => `${join(out, image.file)}  ${formatByteSize(image.bytes)}`), ...codes];
}
