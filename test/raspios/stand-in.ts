import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostMirrors, sourceLines } from '../../builder/debian/apt-sources.ts';
import { ensureDebianBase } from '../../builder/debian/debian.ts';
import { hashKey } from '../../builder/debian/package-set.ts';
import { ensureToolbox } from '../../builder/debian/toolbox.ts';
import { debianArm64 } from '../../builder/platform/debian-arm64.ts';
import { ensureSystem } from '../../builder/profile/system.ts';
import type { RaspiosSuite } from '../../builder/raspios/os-list.ts';
import { runInToolbox, scriptTexts, withWorkFolder } from '../../builder/sandbox/sandbox.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { runCommand } from '../../kit/command.ts';
import type { Session } from '../../kit/session.ts';

const SCRIPT = join(import.meta.dirname, 'stand-in.sh');
const PACKAGES = ['acl', 'avahi-daemon', 'cloud-init', 'initramfs-tools', 'iputils-ping', 'libcap2-bin', 'network-manager', 'parted', 'sudo'];

/** An image in place of Raspberry Pi OS Lite's, which can't be reached from where tests run. */
export interface StandIn {
  /** The disk, and the same as .img.xz. */
  readonly raw: string;
  readonly packed: string;
  readonly image: { readonly bytes: number; readonly sha256: string };
  readonly download: { readonly bytes: number; readonly sha256: string };
}

export interface StandInOptions {
  readonly suite: RaspiosSuite;
  /** The lines for Raspberry Pi's package archive. */
  readonly key: Buffer;
}

/** An archive of its own stands in for Raspberry Pi's: what the image's apt names is nowhere. Made once, and kept in the cache: two minutes or so, with the Debian base at hand. */
export async function makeStandIn(session: Session, { suite, key }: StandInOptions): Promise<StandIn> {
  const mirrors = await hostMirrors();
  const toolbox = await ensureToolbox(session, { mirrors });
  const base = await ensureDebianBase(session, { platform: debianArm64, toolbox, mirrors, suite });
  const system = await ensureSystem(session, {
    architecture: debianArm64.architecture,
    toolbox,
    base,
    sources: sourceLines(suite, mirrors),
    packages: PACKAGES,
  });
  const text = await readFile(SCRIPT, 'utf8');
  const name = hashKey(system.key, suite, key.toString('base64'), text, ...(await scriptTexts('enter.sh')));
  const folder = cacheFolder('stand-ins', name);
  const [raw, packed] = [join(folder, 'stand-in.img'), join(folder, 'stand-in.img.xz')];
  if (!(await stat(packed).catch(() => undefined))) {
    await session.progress.step(`Making the stand-in for Raspberry Pi OS ${suite}`, (note) =>
      withWorkFolder(async (work) => {
        await copyFile(SCRIPT, join(work.path, 'stand-in.sh'));
        await writeFile(join(work.path, 'archive-key.pgp'), key);
        const args = [`/cache/system/${system.key}`, suite, `0x${name.slice(0, 8)}`];
        await runInToolbox(toolbox.tar, work, `..${work.inside}/stand-in.sh`, args, { signal: session.signal, onLine: note });
        await mkdir(folder, { recursive: true });
        await rename(join(work.path, 'stand-in.img'), raw);
        await runCommand(['sh', '-c', 'xz --compress --stdout -0 --threads=0 "$0" >"$1.part" && mv "$1.part" "$1"', raw, packed]);
      }),
    );
  }
  return { raw, packed, image: await measure(raw), download: await measure(packed) };
}

async function measure(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return { bytes: (await stat(file)).size, sha256: hash.digest('hex') };
}
