import { describe, expect, it } from 'vitest';
import { MACHINES } from '../../builder/platform/emulator.ts';
import { BASES, basesFrom, DEFAULT_BASE, emulatorOf, PLATFORMS, platformOf } from '../../builder/platform/platforms.ts';

describe('the records of the platforms', () => {
  it('are found by the name of the base, each its own', () => {
    expect(new Set(BASES).size).toBe(PLATFORMS.length);
    expect(BASES.map((base) => platformOf(base).base)).toEqual(BASES);
    expect(BASES).toContain(DEFAULT_BASE);
    expect([...basesFrom('packages'), ...basesFrom('image')].sort()).toEqual([...BASES].sort());
  });

  it.each(PLATFORMS)('say of $base what each of its boards needs to start', ({ boards, boardFiles }) => {
    expect(boards.filter((board) => (boardFiles.needs[board] ?? []).length === 0)).toEqual([]);
  });

  it('know every machine that a card can be tried on', () => {
    expect(MACHINES.filter((machine) => emulatorOf(machine).program === '')).toEqual([]);
  });

  it('leave a disk no room between its partitions, nor any that two would share', () => {
    const disks = PLATFORMS.flatMap((platform) => (platform.origin === 'packages' ? [platform.disk] : []));
    expect(disks.map(({ boot }) => boot.start + boot.bytes)).toEqual(disks.map(({ root }) => root.start));
  });
});
