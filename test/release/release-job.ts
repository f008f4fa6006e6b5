import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { withRoot } from '../../builder/disk/disk-layout.ts';
import { findFile } from '../../builder/disk/ext4.ts';
import { writeSparse } from '../../builder/disk/sparse-file.ts';
import { decodeImage } from '../../builder/image/decode.ts';
import { readDpkgStatus } from '../../builder/release/software/dpkg-status.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { CHECKOUT } from '../card/cards.ts';

/** A job's command as CI runs it: no terminal, no home to write to, nothing in the environment but where programs and the cache are. */
export async function runInJob(...args: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'] ?? '', XDG_CACHE_HOME: join(cacheFolder(), '..'), HOME: '/proc/self/fdinfo' };
  const argv = ['--disable-warning=ExperimentalWarning', join(CHECKOUT, 'cli/main.ts'), ...args];
  const { exitCode = -1, stdout, stderr } = await execa(process.execPath, argv, { env, extendEnv: false, stdin: 'ignore', reject: false });
  return { exitCode, stdout, stderr };
}

/** "NAME VERSION" of each package that the image's own database has, read from its root file system. */
export async function readPackagesOfImage(image: string, folder: string): Promise<string[]> {
  const [raw, status] = [join(folder, 'raw.img'), join(folder, 'status')];
  const handle = await open(raw, 'wx');
  await writeSparse(handle, decodeImage(image, 'xz'), () => undefined).finally(() => handle.close());
  await withRoot(raw, async (root) => {
    const inode = await findFile(root, '/var/lib/dpkg/status');
    if (!inode) throw new Error('the image has no database of packages');
    await writeFile(status, Buffer.concat(await Array.fromAsync(root.content(inode))));
  });
  return (await readDpkgStatus(status)).map(({ name, version }) => `${name} ${version}`).sort();
}

/** The same, of a release's list of software. */
export async function readPackagesOfSbom(file: string): Promise<string[]> {
  const { components } = JSON.parse(await readFile(file, 'utf8')) as { components: { name: string; version: string; purl?: string }[] };
  return components.flatMap(({ name, version, purl }) => (purl?.startsWith('pkg:deb/') ? [`${name} ${version}`] : [])).sort();
}
