import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../kit/cache-folder.ts';
import type { Session } from '../../kit/session.ts';
import { checkMirror } from '../fetch/mirror-watch.ts';
import { runOnHost, scriptTexts, withWorkFolder } from '../sandbox/sandbox.ts';
import { type Mirrors, sourceLines } from './apt-sources.ts';
import { ensureDebs } from './ensure-debs.ts';
import { locateDebs } from './locate-debs.ts';
import type { MorePlaces } from './package-places.ts';
import { formatDebs, hashKey, type PackageSet, type Pinned, parseDebName, readPooled } from './package-set.ts';
import { findMade, keepMade, type Stage } from './stage.ts';

const SUITE = 'trixie';

/** Debian trixie has the first mke2fs that honours SOURCE_DATE_EPOCH (1.47.2) and one xz for everybody. */
const PACKAGES = [
  ...['apt', 'arch-test', 'debian-archive-keyring', 'dpkg', 'mmdebstrap'],
  ...['dosfstools', 'e2fsprogs', 'fdisk', 'libarchive13t64', 'mtools', 'xz-utils'],
  // The accelerator's natives.
  ...['cpio', 'gzip', 'initramfs-tools-core', 'kmod', 'openssh-client', 'openssl', 'perl', 'python3-minimal', 'systemd', 'udev', 'zstd'],
];

export interface StageOptions {
  readonly mirrors: Mirrors | undefined;
  /** Where else packages may be had. */
  readonly more?: MorePlaces | undefined;
  /** What a lock pins; without it the newest of the cache, else of the mirror. */
  readonly locked?: Pinned | undefined;
  /** Ask the mirror anew. */
  readonly update?: boolean;
}

/** Nothing in an image has a time of the toolbox's. */
const EPOCH = 0;

/** The root of the host's architecture that holds every program that makes bytes. Made once, about 20 s. */
export async function ensureToolbox(session: Session, { mirrors, more, locked, update = false }: StageOptions): Promise<Stage> {
  const recipe = hashKey(SUITE, ...PACKAGES, process.arch, ...(await scriptTexts('toolbox.sh', 'pool.sh')));
  const pinned = locked && { set: locked.set, epoch: EPOCH };
  const found = await findMade('toolbox', recipe, { locked: pinned, update });
  if (found) return found;
  const sources = sourceLines(SUITE, mirrors, 'main');
  if (locked) await ensureDebs(session, locked.set.debs, { ...more, sources }, locked);
  return session.progress.step('Making the toolbox (a small Debian with the image tools)', (note) =>
    withWorkFolder(async (work) => {
      await writeFile(join(work.path, 'wanted'), formatDebs(locked?.set.debs ?? []));
      const tar = join(work.path, 'toolbox.tar');
      if (!locked) await checkMirror(session, sources, note);
      // By its name each, whatever this host's mmdebstrap would choose of them.
      const packages = locked ? locked.set.debs.map(({ name }) => parseDebName(name).name) : PACKAGES;
      const args = [tar, SUITE, packages.join(','), ...(locked ? ['pool'] : ['mirror', ...sources])];
      const env = { WORK: work.path, POOL: cacheFolder('pool'), TMPDIR: work.path };
      await runOnHost('toolbox.sh', args, { doing: 'make the toolbox', signal: session.signal, onLine: note, env });
      const lists = locked ? [] : await readPooled(work.path, 'lists');
      const debs = locked ? locked.set.debs : await locateDebs(lists, await readPooled(work.path, 'debs'));
      return keepMade('toolbox', recipe, tar, { set: { debs }, epoch: EPOCH, lists }, pinned);
    }),
  );
}

/** Whether a lock's toolbox is for this machine's processor. */
export function fitsHost({ debs }: PackageSet): boolean {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return debs.every(({ name }) => ['all', architecture].includes(parseDebName(name).architecture));
}
