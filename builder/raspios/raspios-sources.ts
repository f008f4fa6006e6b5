import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { Failure } from '../../kit/failure.ts';
import { type Mirrors, parseSources, sourceLines } from '../debian/apt-sources.ts';
import { withRoot } from '../disk/disk-layout.ts';
import { type Ext4, findFile } from '../disk/ext4.ts';
import { type OsImage, osImageFolder } from './os-image-cache.ts';

/** Debian's part of an image's own apt, and Raspberry Pi's; the first form is trixie's, the second bookworm's. */
const DEBIAN = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'];
const RASPBERRY_PI = ['/etc/apt/sources.list.d/raspi.sources', '/etc/apt/sources.list.d/raspi.list'];
const KEYS = ['/usr/share/keyrings/raspberrypi-archive-keyring.pgp', '/usr/share/keyrings/raspberrypi-archive-keyring.gpg'];

export interface SourceChoice {
  /** Debian's, where another one is to be asked than the image says. */
  readonly mirrors: Mirrors | undefined;
  /** Raspberry Pi's, likewise. */
  readonly archive: string | undefined;
}

/** Where the packages come from that are added to an image: Debian's archive and Raspberry Pi's, which the image has the key of. */
export async function raspiosSources(image: OsImage, { mirrors, archive }: SourceChoice): Promise<string[]> {
  const { debian, raspberryPi, key } = await withRoot(image.raw, async (root) => ({
    debian: mirrors ?? findMirrors(await readText(root, DEBIAN)),
    raspberryPi: archive ?? parseSources(await readText(root, RASPBERRY_PI))[0]?.uri,
    key: await readFirst(root, KEYS),
  }));
  if (raspberryPi === undefined || key === undefined) throw nowhere();
  // Where the toolbox sees it: apt takes a key by its path.
  await writeFileAtomically(osImageFolder(image.image.sha256, 'archive-key.pgp'), key);
  const signed = `[signed-by=/cache/os-image/${image.image.sha256}/archive-key.pgp]`;
  return [...sourceLines(image.suite, debian), `deb ${signed} ${raspberryPi} ${image.suite} main`];
}

function findMirrors(text: string): Mirrors {
  const sources = parseSources(text);
  const archive = sources.find(({ suite }) => /^[a-z]+$/.test(suite))?.uri;
  if (archive === undefined) throw nowhere();
  return { archive, security: sources.find(({ suite }) => suite.endsWith('-security'))?.uri };
}

async function readText(ext4: Ext4, paths: readonly string[]): Promise<string> {
  return (await readFirst(ext4, paths))?.toString('utf8') ?? '';
}

async function readFirst(ext4: Ext4, paths: readonly string[]): Promise<Buffer | undefined> {
  for (const path of paths) {
    const inode = await findFile(ext4, path);
    if (inode?.kind === 'file') return Buffer.concat(await Array.fromAsync(ext4.content(inode)));
  }
  return undefined;
}

function nowhere(): Failure {
  return new Failure("Cannot tell where the image's packages come from: its apt names no archive of Debian's, or of Raspberry Pi's with its key", {
    hint: 'Is it a Raspberry Pi OS image? "mirror:" and "raspios: archive:" in semeur.yaml name archives',
  });
}
