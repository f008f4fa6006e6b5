import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Session } from '../session.ts';
import { type DiskLayout, readLayout } from './disk-layout.ts';
import { openExt4 } from './ext4.ts';
import { packExt4 } from './ext4-tar.ts';
import type { OsImage } from './os-image.ts';
import { ensureLists, fetchLists } from './package-lists.ts';
import { hashKey, newestRelease, scriptTexts } from './package-set.ts';
import { runInToolbox, type WorkFolder, withWorkFolder } from './sandbox.ts';
import { findLatest, findStage, keepStage, rememberLatest, type Stage } from './stage.ts';
import { lockedKey, type StageOptions } from './toolbox.ts';

const SCRIPTS = ['raspios-base.sh', 'take-over.sh', 'make-tar.sh', 'update.sh'];

export interface RaspiosBaseOptions extends Pick<StageOptions, 'locked' | 'update'> {
  readonly toolbox: Stage;
  readonly image: OsImage;
  /** Where packages are added from: lines of sources.list(5). */
  readonly sources: readonly string[];
}

/** The `raspios-lite-arm64` base as a tar: the image's own tree, with what it would do at its first boot taken over. */
export async function ensureRaspiosBase(session: Session, options: RaspiosBaseOptions): Promise<Stage> {
  const { image, locked, update = false } = options;
  const recipe = hashKey('raspios', image.image.sha256, ...(await scriptTexts(...SCRIPTS)));
  const found = locked ? await findStage('base', lockedKey(recipe, locked)) : update ? undefined : await findLatest('base', recipe);
  return found ?? makeBase(session, options, recipe);
}

async function makeBase(session: Session, options: RaspiosBaseOptions, recipe: string): Promise<Stage> {
  const { toolbox, image, locked } = options;
  if (locked) await ensureLists(session, options, locked.lists);
  const set = locked ?? (await fetchLists(session, options));
  const epoch = await newestRelease(set);
  const layout = await readLayout(image.raw);
  return session.progress.step('Taking the Raspberry Pi OS image apart', (note) =>
    withWorkFolder(async (work) => {
      await unpackRoot(session, image.raw, layout, work);
      const args = [`${work.inside}/base.tar`, `/cache/os-image/${image.image.sha256}/raw.img`, String(layout.boot.start)];
      await runInToolbox(toolbox.tar, work, 'raspios-base.sh', args, { signal: session.signal, onLine: note, sourceDateEpoch: epoch });
      const stage = await keepStage('base', lockedKey(recipe, set), join(work.path, 'base.tar'), { set, epoch, layout });
      if (!locked) await rememberLatest('base', recipe, stage);
      return stage;
    }),
  );
}

async function unpackRoot({ signal }: Session, raw: string, { root }: DiskLayout, work: WorkFolder): Promise<void> {
  const handle = await open(raw);
  try {
    await pipeline(packExt4(await openExt4(handle, root.start)), createWriteStream(join(work.path, 'root.tar'), { highWaterMark: 1024 * 1024 }), {
      signal,
    });
  } finally {
    await handle.close();
  }
}
