import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Session } from '../../kit/session.ts';
import { fetchLists } from '../debian/package-lists.ts';
import { hashKey, newestRelease } from '../debian/package-set.ts';
import { findMade, keepMade, type Stage } from '../debian/stage.ts';
import type { StageOptions } from '../debian/toolbox.ts';
import { readLayout, withRoot } from '../disk/disk-layout.ts';
import { packExt4 } from '../disk/ext4-tar.ts';
import type { Architecture } from '../platform/architecture.ts';
import { runInToolbox, scriptTexts, withWorkFolder } from '../sandbox/sandbox.ts';
import type { OsImage } from './os-image.ts';

const SCRIPTS = ['raspios-base.sh', 'take-over.sh', 'make-tar.sh'];

export interface RaspiosBaseOptions extends Pick<StageOptions, 'locked' | 'update'> {
  readonly architecture: Architecture;
  readonly toolbox: Stage;
  readonly image: OsImage;
  /** Where packages are added from: lines of sources.list(5). */
  readonly sources: readonly string[];
}

/** A base as a tar: the image's own tree, with what it would do at its first boot taken over. */
export async function ensureRaspiosBase(session: Session, options: RaspiosBaseOptions): Promise<Stage> {
  const { image, locked, update = false } = options;
  const recipe = hashKey('raspios', image.image.sha256, ...(await scriptTexts(...SCRIPTS)));
  return (await findMade('base', recipe, { locked, update })) ?? makeBase(session, options, recipe);
}

async function makeBase(session: Session, options: RaspiosBaseOptions, recipe: string): Promise<Stage> {
  const { toolbox, image, locked } = options;
  const lists = locked ? (locked.set.lists ?? []) : (await fetchLists(session, options)).lists;
  const epoch = locked?.epoch ?? (await newestRelease(lists));
  const layout = await readLayout(image.raw);
  return session.progress.step('Taking the Raspberry Pi OS image apart', (note) =>
    withWorkFolder(async (work) => {
      const { signal } = session;
      await withRoot(image.raw, (root) => pipeline(packExt4(root), createWriteStream(join(work.path, 'root.tar')), { signal }));
      const args = [`${work.inside}/base.tar`, `/cache/os-image/${image.image.sha256}/raw.img`, String(layout.boot.start)];
      await runInToolbox(toolbox.tar, work, 'raspios-base.sh', args, {
        doing: 'take the Raspberry Pi OS image apart',
        signal,
        onLine: note,
        sourceDateEpoch: epoch,
      });
      return keepMade('base', recipe, join(work.path, 'base.tar'), { set: { debs: [], lists }, epoch, lists, layout }, locked);
    }),
  );
}
