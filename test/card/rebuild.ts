import { createReadStream } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arePooled, poolPath } from '../../builder/debian/package-set.ts';
import { type ProfileLock, readLock } from '../../builder/profile/lock.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { runCommand } from '../../kit/command.ts';
import { CARDS, CHECKOUT } from './cards.ts';
import { runAsOrdinaryUser } from './ordinary-user.ts';

export const AS_ROOT = process.getuid?.() === 0;
/** Nobody listens there: whoever asks another mirror than one of this machine fails. */
const NO_NETWORK = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9', no_proxy: '127.0.0.1' };

/** A folder with a workspace in it, whose profile has a package whose program has a file capability (mtr-packet). */
export async function makeRebuildFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-rebuild-'));
  const workspace = join(folder, 'workspace');
  await cp(join(CHECKOUT, 'examples'), workspace, { recursive: true });
  const profile = join(workspace, 'profiles', 'maison.yaml');
  await writeFile(profile, `${(await readFile(profile, 'utf8')).replace(/^packages:.*\n/m, '')}packages: [libcap2-bin, mtr-tiny]\n`);
  await cp(join(CARDS, 'profiles', 'maison.lock'), join(workspace, 'profiles', 'maison.lock')).catch(() => undefined);
  return folder;
}

/** Builds the profile with this machine's cache. @returns the prefix's digest. */
export async function buildFirst(folder: string): Promise<string> {
  const workspace = join(folder, 'workspace');
  const made = await makePrefix(workspace);
  return (await hasWholePool(workspace)) ? made : (await runCommand([...makePrefixCommand(workspace), 'update'])).toString('utf8');
}

/**
 * Builds it again in another folder, from a cache that has no package, as an ordinary user where this is root's test.
 * @param stages what the cache has: of each, the tar that was used last.
 */
export async function buildAgain(folder: string, stages: readonly ('toolbox' | 'base')[]): Promise<string> {
  const again = join(folder, 'again');
  const cache = join(folder, 'cache');
  await mkdir(join(cache, 'semeur'), { recursive: true });
  await cp(join(folder, 'workspace'), again, { recursive: true });
  for (const stage of stages) await copyStage(stage, join(cache, 'semeur', stage));
  await using archives = await startLaterArchives(await readLock(again, 'maison'));
  await appendFile(join(again, 'semeur.yaml'), `mirror: ${archives.url}/debian\nsnapshot: ${archives.url}/archive/debian/{time}\n`);
  const env = { ...NO_NETWORK, XDG_CACHE_HOME: cache };
  // Awaited here: the archives are gone when this ends.
  return await (AS_ROOT ? runAsOrdinaryUser(folder, [again, cache], makePrefixCommand(again), { ...env, HOME: again }) : makePrefix(again, env));
}

/**
 * A mirror of a later day: it has no package list at all, and of the lock's packages every third has gone, to a snapshot archive.
 */
export async function startLaterArchives(lock: ProfileLock | undefined): Promise<{ url: string; [Symbol.asyncDispose](): Promise<void> }> {
  if (!lock) throw new Error('there is no lock');
  const time = new Date((lock.epoch + 12 * 3600) * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
  const files = new Map<string, string>();
  for (const [at, deb] of [lock.toolbox, lock.base, lock.added].flatMap(({ debs }) => debs).entries()) {
    const archive = deb.archive === 'security' ? 'debian-security' : 'debian';
    files.set(`${at % 3 === 0 ? `/archive/${archive}/${time}` : `/${archive}`}/${deb.path}`, poolPath(deb));
  }
  const server = createServer((request, response) => {
    const file = files.get(decodeURIComponent(request.url ?? ''));
    if (file === undefined) response.writeHead(404).end();
    else createReadStream(file).pipe(response.writeHead(200));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function copyStage(stage: string, to: string): Promise<void> {
  await mkdir(to);
  const names = await readdir(cacheFolder(stage));
  const tars = names.filter((name) => name.endsWith('.tar'));
  const used = await Promise.all(tars.map(async (name) => ({ name, at: (await stat(cacheFolder(stage, name))).mtimeMs })));
  const newest = used.sort((a, b) => b.at - a.at)[0]?.name;
  for (const name of names.filter((one) => !one.endsWith('.tar') || one === newest)) await cp(cacheFolder(stage, name), join(to, name));
}

export const makePrefixCommand = (where: string) => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  join(CHECKOUT, 'test/card/make-prefix.ts'),
  where,
  'maison',
];

export async function makePrefix(where: string, env: Record<string, string> = {}): Promise<string> {
  return (await runCommand(makePrefixCommand(where), { env })).toString('utf8');
}

/** An older cache may have been pruned: then what the lock names is not all there. An older lock doesn't say where packages lie. */
async function hasWholePool(workspace: string): Promise<boolean> {
  const lock = await readLock(workspace, 'maison');
  return lock?.lock === 2 && arePooled([lock?.toolbox, lock?.base, lock?.added].flatMap((set) => set?.debs ?? []));
}
