import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootAfterCut, planCuts, type Recording, recordFirstBoot } from '../../bench/power-cut-states.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
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

  it.each([
    ['before it claims', () => Math.floor(at('claimed') * 0.7)],
    ['between claim and confirm', () => Math.floor((at('claimed') + at('confirmed')) / 2)],
    ['while it wipes and grows', () => Math.floor((at('confirmed') + at('card ready')) / 2)],
  ])('%s comes out well at the next boot, whatever of its last writes was lost', async (name, count) => {
    const cut = { name, count: count(), isHarsh: true };
    expect(await bootAfterCut(session, workspace, image.raw, recording, cut, join(folder, 'cut'))).toEqual([]);
  });
});
