import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasAccelerator } from '../base/accelerator.ts';
import { ensureLists } from '../base/package-lists.ts';
import { formatPooled, hashKey, type PackageSet, parsePooled, readPackageSet, scriptTexts, touchPooled } from '../base/package-set.ts';
import { runInToolbox, withWorkFolder } from '../base/sandbox.ts';
import type { Stage } from '../base/stage.ts';
import { readTarAttributes, type TarAttribute } from '../base/tar-attributes.ts';
import { cacheFolder } from '../cache-folder.ts';
import type { Session } from '../session.ts';

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
  /** Of root.tar, those that mke2fs leaves out. */
  readonly attributes: readonly TarAttribute[];
}

export interface SystemOptions {
  readonly toolbox: Stage;
  readonly base: Stage;
  /** Where packages come from: lines of sources.list(5). */
  readonly sources: readonly string[];
  readonly packages: readonly string[];
  /** The .debs that a lock names. */
  readonly locked?: PackageSet | undefined;
  /** false: every program is the card's own; for tests. The default is what this machine can. */
  readonly accelerate?: boolean;
  /** Made anew though the cache has it, for `bench profile`. */
  readonly again?: boolean;
}

const SCRIPTS = ['system.sh', 'make-tar.sh', 'accelerate.sh', 'unaccelerate.sh', 'scrub.sh', 'pool.sh'];

/** What a base and a list of packages make is known beforehand: the base's package lists say which versions. */
export async function ensureSystem(session: Session, options: SystemOptions): Promise<System> {
  const { base, packages, accelerate = hasAccelerator(), again = false } = options;
  const key = hashKey(base.key, accelerate ? 'accelerated' : 'unaided', ...packages, ...(await scriptTexts(...SCRIPTS)));
  return (again ? undefined : await readSystem(key)) ?? makeSystem(session, options, key);
}

async function makeSystem(session: Session, options: SystemOptions, key: string): Promise<System> {
  const { progress, signal } = session;
  const { toolbox, base, packages, sources, locked, accelerate = hasAccelerator() } = options;
  const title = packages.length === 0 ? 'Packing the base' : `Adding ${packages.length} packages to the base: ${packages.join(', ')}`;
  if (packages.length > 0) await ensureLists(session, options, base.set.lists);
  return progress.step(title, (note) =>
    withWorkFolder(async (work) => {
      await writeFile(join(work.path, 'wanted'), formatPooled([...base.set.lists, ...(locked?.debs ?? [])]));
      await writeFile(join(work.path, 'sources'), sources.map((line) => `${line}\n`).join(''));
      if (base.layout) await writeFile(join(work.path, 'image'), '');
      const args = [`/cache/base/${base.key}.tar`, accelerate ? 'yes' : 'no', ...packages];
      const doing = packages.length === 0 ? 'pack the base' : `add packages to the base (${packages.join(', ')})`;
      await runInToolbox(toolbox.tar, work, 'system.sh', args, { doing, signal, onLine: note, sourceDateEpoch: base.epoch });
      const made = join(work.path, 'system');
      const { debs } = await readPackageSet(work.path);
      await writeFile(join(made, 'added'), formatPooled(debs));
      await writeFile(join(made, 'attributes'), JSON.stringify(await readTarAttributes(join(made, 'root.tar'))));
      await mkdir(cacheFolder('system'), { recursive: true });
      await rm(cacheFolder('system', key), { recursive: true, force: true });
      await rename(made, cacheFolder('system', key));
      const system = await readSystem(key);
      if (!system) throw new Error(`system.sh left no whole system in "${made}"`);
      return system;
    }),
  );
}

async function readSystem(key: string): Promise<System | undefined> {
  const folder = cacheFolder('system', key);
  const names = ['folders', 'passwd', 'group', 'size', 'added', 'attributes'];
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8'))).catch(() => undefined);
  if (!texts) return undefined;
  const [folders = '', passwd = '', group = '', size = '', added = '', attributes = ''] = texts;
  const [blocks = Number.NaN, inodes = Number.NaN] = size.trim().split(' ').map(Number);
  const now = new Date();
  await utimes(join(folder, 'root.tar'), now, now);
  const debs = parsePooled(added);
  await touchPooled(debs);
  return {
    key,
    folder,
    added: { lists: [], debs },
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
