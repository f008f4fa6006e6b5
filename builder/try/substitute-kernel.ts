import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../kit/cache-folder.ts';
import type { Session } from '../../kit/session.ts';
import { hostMirrors } from '../debian/apt-sources.ts';
import { ensureDebianBase } from '../debian/debian.ts';
import { hashKey } from '../debian/package-set.ts';
import { ensureToolbox } from '../debian/toolbox.ts';
import { raspiosLiteArm64 } from '../platform/raspios-lite-arm64.ts';
import { runInToolbox, scriptTexts, withWorkFolder } from '../sandbox/sandbox.ts';
import type { BootFiles } from './boot-files.ts';

const SCRIPT = 'substitute-kernel.sh';

/** The Debian base's kernel, for cards on which Raspberry Pi's own runs no machine but a Pi. Its initramfs lays its modules over the card's. */
export async function ensureSubstituteKernel(session: Session): Promise<Required<Pick<BootFiles, 'kernel' | 'initrd' | 'modules'>>> {
  const mirrors = await hostMirrors();
  const toolbox = await ensureToolbox(session, { mirrors });
  const base = await ensureDebianBase(session, { platform: raspiosLiteArm64.trialKernel, toolbox, mirrors });
  const folder = cacheFolder('kernels', hashKey(base.key, ...(await scriptTexts(SCRIPT))));
  const files = { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd'), modules: join(folder, 'modules.ext4') };
  const now = new Date();
  if (await stat(files.modules).catch(() => undefined)) await utimes(files.modules, now, now);
  else await session.progress.step("Preparing Debian's kernel", () => makeFiles(session, toolbox.tar, base.key, folder));
  return files;
}

async function makeFiles({ signal }: Session, toolbox: string, base: string, folder: string): Promise<void> {
  await withWorkFolder(async (work) => {
    await runInToolbox(toolbox, work, SCRIPT, [`/cache/base/${base}.tar`], { doing: "prepare Debian's kernel", signal });
    await mkdir(cacheFolder('kernels'), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(join(work.path, 'kernel'), folder);
  });
}
