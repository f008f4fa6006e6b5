import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import type { Session } from '../../kit/session.ts';
import { ensureDebs } from '../debian/ensure-debs.ts';
import { chooseDebs, ensureLists } from '../debian/package-lists.ts';
import type { MorePlaces } from '../debian/package-places.ts';
import {
  type Deb,
  formatDebs,
  formatOffered,
  hashKey,
  type PackageSet,
  parseDebName,
  parseDebs,
  readInstalled,
  touchPooled,
} from '../debian/package-set.ts';
import type { Stage } from '../debian/stage.ts';
import { readTarAttributes, type TarAttribute } from '../disk/tar-attributes.ts';
import type { Architecture } from '../platform/architecture.ts';
import { hasAccelerator } from '../sandbox/accelerator.ts';
import { runInToolbox, scriptTexts, withWorkFolder } from '../sandbox/sandbox.ts';

/** A base with a profile's packages on it, packed by system.sh. */
export interface System {
  readonly key: string;
  /** In the cache: root.tar, boot.tar, status (dpkg's) and what is read below. */
  readonly folder: string;
  readonly added: PackageSet;
  /** Folders that root.tar has, as absolute paths. */
  readonly folders: ReadonlySet<string>;
  readonly users: ReadonlyMap<string, number>;
  readonly groups: ReadonlyMap<string, number>;
  /** 4 KiB blocks and inodes that root.tar takes. */
  readonly blocks: number;
  readonly inodes: number;
  /** The attributes in root.tar that mke2fs leaves out. */
  readonly attributes: readonly TarAttribute[];
}

export interface SystemOptions {
  readonly architecture: Architecture;
  readonly toolbox: Stage;
  readonly base: Stage;
  /** Where packages come from: lines of sources.list(5). */
  readonly sources: readonly string[];
  /** Where else they may be had. */
  readonly more?: MorePlaces | undefined;
  readonly packages: readonly string[];
  /** What a lock names. It counts where it has all of the packages. */
  readonly locked?: PackageSet | undefined;
  /** false: every program is the card's own; for tests. The default is what this machine can. */
  readonly accelerate?: boolean;
  /** Made anew though the cache has it, for `bench profile`. */
  readonly again?: boolean;
}

const SCRIPTS = ['system.sh', 'make-tar.sh', 'accelerate.sh', 'unaccelerate.sh', 'scrub.sh', 'pool.sh'];

/** A base with packages on it: those that the lock names; without one the newest of the cache, else by the lists that the base was made by. */
export async function ensureSystem(session: Session, options: SystemOptions): Promise<System> {
  const { base, packages, accelerate = hasAccelerator(options.architecture), again = false } = options;
  const locked = options.locked && holdsPackages(options.locked, base, packages) ? options.locked : undefined;
  const recipe = hashKey(base.key, accelerate ? 'accelerated' : 'unaided', ...packages, ...(await scriptTexts(...SCRIPTS)));
  const latest = cacheFolder('system', `${recipe}.latest`);
  const key = locked ? systemKey(recipe, locked.debs) : await readFile(latest, 'utf8').catch(() => undefined);
  const found = again || key === undefined ? undefined : await readSystem(key.trim(), packages);
  if (found) return found;
  const made = await makeSystem(session, options, recipe, locked?.debs ?? (await chooseNewest(session, options)));
  if (!locked) await writeFileAtomically(latest, `${made.key}\n`);
  return made;
}

/** Whether what a lock names was chosen for these packages, or for more. A lock of version 1 doesn't say: names tell, but not those that an image has. */
export function holdsPackages(locked: PackageSet, base: Pick<Stage, 'set' | 'layout'>, packages: readonly string[]): boolean {
  const named = () => [...base.set.debs, ...locked.debs].map(({ name }) => parseDebName(name).name);
  const known = new Set(locked.packages ?? (base.layout === undefined ? named() : packages));
  return packages.every((name) => known.has(name));
}

function systemKey(recipe: string, debs: readonly Deb[]): string {
  return hashKey(recipe, formatOffered(debs));
}

async function chooseNewest(session: Session, options: SystemOptions): Promise<Deb[]> {
  const { base, packages } = options;
  if (packages.length === 0) return [];
  const lists = await ensureLists(session, options, base.lists);
  return chooseDebs(session, options, { lists, base: `/cache/base/${base.key}.tar`, packages });
}

async function makeSystem(session: Session, options: SystemOptions, recipe: string, debs: readonly Deb[]): Promise<System> {
  const { progress, signal } = session;
  const { toolbox, base, packages, sources, more, accelerate = hasAccelerator(options.architecture) } = options;
  await ensureDebs(session, debs, { ...more, sources }, { epoch: base.epoch });
  const title = packages.length === 0 ? 'Packing the base' : `Adding ${packages.length} packages to the base: ${packages.join(', ')}`;
  return progress.step(title, (note) =>
    withWorkFolder(async (work) => {
      await writeFile(join(work.path, 'wanted'), formatDebs(debs));
      if (base.layout) await writeFile(join(work.path, 'image'), '');
      const args = [`/cache/base/${base.key}.tar`, accelerate ? 'yes' : 'no', ...packages];
      const doing = packages.length === 0 ? 'pack the base' : `add packages to the base (${packages.join(', ')})`;
      await runInToolbox(toolbox.tar, work, 'system.sh', args, { doing, signal, onLine: note, sourceDateEpoch: base.epoch });
      const made = join(work.path, 'system');
      const installed = packages.length === 0 ? [] : await readInstalled(work.path, debs);
      const key = systemKey(recipe, installed);
      await writeFile(join(made, 'added'), formatDebs(installed));
      await writeFile(join(made, 'attributes'), JSON.stringify(await readTarAttributes(join(made, 'root.tar'))));
      await mkdir(cacheFolder('system'), { recursive: true });
      await rm(cacheFolder('system', key), { recursive: true, force: true });
      await rename(made, cacheFolder('system', key));
      const system = await readSystem(key, packages);
      if (!system) throw new Error(`system.sh left no whole system in "${made}"`);
      return system;
    }),
  );
}

async function readSystem(key: string, packages: readonly string[]): Promise<System | undefined> {
  const folder = cacheFolder('system', key);
  const names = ['folders', 'passwd', 'group', 'size', 'added', 'attributes'];
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8'))).catch(() => undefined);
  if (!texts) return undefined;
  const [folders = '', passwd = '', group = '', size = '', added = '', attributes = ''] = texts;
  const [blocks = Number.NaN, inodes = Number.NaN] = size.trim().split(' ').map(Number);
  const now = new Date();
  await utimes(join(folder, 'root.tar'), now, now);
  const debs = parseDebs(added);
  await touchPooled(debs);
  return {
    key,
    folder,
    added: { packages, debs },
    folders: new Set(folders.split('\n')),
    users: parseIds(passwd),
    groups: parseIds(group),
    blocks,
    inodes,
    attributes: JSON.parse(attributes) as TarAttribute[],
  };
}

/** passwd(5) and group(5) both begin with name:password:id. */
function parseIds(text: string): Map<string, number> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [name, , id] = line.split(':');
      return name && id ? [[name, Number(id)] as const] : [];
    }),
  );
}
