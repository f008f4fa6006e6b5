import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import type { Session } from '../session.ts';
import { type Mirrors, sourceLines } from './apt-sources.ts';
import { checkMirror } from './mirror-watch.ts';
import { movedOn } from './package-lists.ts';
import { arePooled, formatPooled, hashKey, newestRelease, type PackageSet, readPackageSet, scriptTexts } from './package-set.ts';
import { runOnHost, withWorkFolder } from './sandbox.ts';
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
  /** What a lock pins; without it the newest of the cache, else of the mirror. */
  readonly locked?: PackageSet | undefined;
  /** Ask the mirror anew. */
  readonly update?: boolean;
}

/** The root of the host's architecture that holds every program that makes bytes (IMAGE.md). Made once, about 20 s. */
export async function ensureToolbox({ progress, signal }: Session, { mirrors, locked, update = false }: StageOptions): Promise<Stage> {
  const recipe = hashKey(SUITE, ...PACKAGES, process.arch, ...(await scriptTexts('toolbox.sh', 'pool.sh')));
  const found = await findMade('toolbox', recipe, { locked, update });
  if (found) return found;
  return progress.step('Making the toolbox (a small Debian with the image tools)', (note) =>
    withWorkFolder(async (work) => {
      const wanted = locked ? [...locked.lists, ...locked.debs] : [];
      await writeFile(join(work.path, 'wanted'), formatPooled(wanted));
      const tar = join(work.path, 'toolbox.tar');
      const lists = locked && (await arePooled(locked.lists)) ? 'pool' : 'update';
      if (lists === 'update') await checkMirror({ signal }, sourceLines(SUITE, mirrors), note);
      const args = [tar, SUITE, PACKAGES.join(','), lists, ...sourceLines(SUITE, mirrors, 'main')];
      await runOnHost('toolbox.sh', args, {
        doing: 'make the toolbox',
        signal,
        onLine: note,
        env: { WORK: work.path, POOL: cacheFolder('pool'), TMPDIR: work.path },
      });
      const set = await readPackageSet(work.path);
      if (locked && formatPooled(set.lists) !== formatPooled(locked.lists)) throw movedOn();
      return keepMade('toolbox', recipe, tar, { set, epoch: await newestRelease(set) }, locked);
    }),
  );
}
