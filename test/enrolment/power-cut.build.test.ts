import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootAfterCut, planCuts, type Recording, recordFirstBoot, replayCut } from '../../bench/power-cut-states.ts';
import { findCheckout } from '../../builder/house/checkout.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { IS_FULL } from '../is-full.ts';
import { findWhatIsLeft } from './cut-disk.ts';
import { buildCardImage, type CardImage } from './images.ts';

const session = createQuietSession();
let image: CardImage;
let workspace: LoadedWorkspace;
let folder: string;
let recording: Recording;
beforeAll(async () => {
  image = await buildCardImage();
  workspace = await loadWorkspace(image.workspace);
  folder = await mkdtemp(join(tmpdir(), 'semeur-cut-'));
  recording = await recordFirstBoot(session, workspace, image.raw, folder);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** How many requests there had been at a mark. */
const at = (name: string) => recording.marks.find((mark) => mark.name === name)?.count ?? 0;

const CUTS = [
  ['before it claims', () => Math.floor(at('claimed') * 0.7)],
  ['between claim and confirm', () => Math.floor((at('claimed') + at('confirmed')) / 2)],
  ['while it wipes and grows', () => Math.floor((at('confirmed') + at('card ready')) / 2)],
] as const;
/** Each boot is a minute: one of them in turn, by the commit, and all of them with `--full` (bench power-cut has forty). */
const TURN = await turnOf(CUTS);

describe('a card whose power is cut in its first boot', () => {
  it('has been recorded from its first write to its last', () => {
    // A first boot writes about 500 times; how often depends on how slow the machine is.
    expect(recording.requests.length).toBeGreaterThan(100);
    expect(recording.requests.some(({ kind }) => kind === 'flush')).toBe(true);
    expect(at('claimed')).toBeGreaterThan(0);
    expect(at('confirmed')).toBeGreaterThan(at('claimed'));
    const cuts = planCuts(recording, 40);
    expect(cuts).toHaveLength(40);
    expect(cuts.every(({ count }) => count > 0 && count <= recording.requests.length)).toBe(true);
  });

  it.each(CUTS)(
    '%s has a file system that its journal makes whole, and its seed or its claim, whatever of its last writes was lost',
    async (name, count) => {
      const disk = join(folder, 'left.img');
      await replayCut(image.raw, recording, { name, count: count(), isHarsh: true }, disk);
      expect(await findWhatIsLeft(disk, image.manifest.seed.offset)).not.toEqual([]);
      await rm(disk);
    },
  );

  it.each(TURN)('%s comes out well at the next boot, whatever of its last writes was lost', async (name, count) => {
    const cut = { name, count: count(), isHarsh: true };
    expect(await bootAfterCut(session, workspace, image.raw, recording, cut, join(folder, 'cut'))).toEqual([]);
  });
});

async function turnOf<T>(all: readonly T[]): Promise<T[]> {
  if (IS_FULL) return [...all];
  const commit = await runCommand(['git', '-c', 'safe.directory=*', 'rev-parse', 'HEAD'], { cwd: findCheckout() }).catch(() => '0');
  const turn = Number.parseInt(String(commit).slice(0, 8), 16) % all.length;
  return all.filter((_, index) => index === turn);
}
