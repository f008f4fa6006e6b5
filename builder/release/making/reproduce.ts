import { existsSync } from 'node:fs';
import { cp, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../kit/command.ts';
import { hashFile } from '../../../kit/hash-file.ts';
import type { Session } from '../../../kit/session.ts';
import { writeSparse } from '../../disk/sparse-file.ts';
import { decodeImage } from '../../image/decode.ts';
import { withWorkFolder } from '../../sandbox/sandbox.ts';
import { findDifference, type ImageDifference } from '../comparing/image-difference.ts';
import { listFiles } from '../folder/sums.ts';
import { unpackWorkspace, WORKSPACE_TAR } from '../folder/workspace-tar.ts';

export interface Reproduction {
  /** The files that came out again byte for byte. */
  readonly same: readonly string[];
  /** Those that did not. */
  readonly different: readonly string[];
  /** Where the images differ, if they do. */
  readonly image: ImageDifference | null;
}

/** What the same lock makes the same, whenever and wherever; the rest tells of one build (boot report), of its place (list for Imager), or of other files. */
const ENDINGS = ['.img.xz', '.bmap', '.json', '.blocks.json', '.lock', '.cdx.json'];

/**
 * Makes a release again from what it carries: its workspace, its lock and its packages (or the mirror's, where it has no pool), with an empty cache.
 * @param folder a release that was verified.
 */
export async function reproduceRelease(session: Session, folder: string, profile: string): Promise<Reproduction> {
  return withWorkFolder(async (work) => {
    const workspace = join(work.path, 'workspace');
    await unpackWorkspace(folder, workspace);
    const cache = join(work.path, 'cache');
    await mkdir(join(cache, 'semeur'), { recursive: true });
    if (existsSync(join(folder, 'pool'))) await cp(join(folder, 'pool'), join(cache, 'semeur', 'pool'), { recursive: true });
    const again = join(work.path, 'again');
    await session.progress.step(`Making "${profile}" again, with an empty cache`, async (note) => {
      // A process of its own, as anybody's would be: nothing of it was in this one's memory before, and the cache is another for all that it starts.
      const argv = [...session.program, 'release', profile, '--out', again, '--unsigned', '--no-boot', '--workspace', workspace];
      await runCommand(argv, { doing: `make "${profile}" again`, signal: session.signal, onLine: note, env: { XDG_CACHE_HOME: cache } });
    });
    const wanted = (await listFiles(folder)).filter((path) => path === WORKSPACE_TAR || ENDINGS.some((ending) => path === profile + ending));
    const hashes = await Promise.all(wanted.map(async (path) => ({ path, same: (await hash(folder, path)) === (await hash(again, path)) })));
    const different = hashes.filter(({ same }) => !same).map(({ path }) => path);
    const isImage = different.includes(`${profile}.img.xz`);
    const image = isImage ? await compareImages(session, [folder, again], `${profile}.img.xz`, work.path) : undefined;
    return { same: wanted.filter((path) => !different.includes(path)), different, image: image ?? null };
  });
}

async function compareImages(session: Session, folders: readonly string[], name: string, work: string): Promise<ImageDifference | undefined> {
  return session.progress.step('Looking for what differs', async () => {
    const [first = '', second = ''] = await Promise.all(
      folders.map(async (folder, index) => {
        const raw = join(work, `${index}.img`);
        const handle = await open(raw, 'wx');
        await writeSparse(handle, decodeImage(join(folder, name), 'xz'), () => session.signal.throwIfAborted()).finally(() => handle.close());
        return raw;
      }),
    );
    const scratch = join(work, 'boot-files');
    await mkdir(scratch);
    return findDifference(first, second, scratch, session.signal);
  });
}

async function hash(folder: string, path: string): Promise<string | undefined> {
  return hashFile(join(folder, path)).catch(() => undefined);
}
