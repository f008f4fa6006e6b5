import { describe, expect, it } from 'vitest';
import { compareLocks } from '../../builder/release/notes/lock-changes.ts';
import { sampleImage, sampleLock } from './sample-lock.ts';

const NOTHING = { added: [], removed: [], replaced: [] };

describe('compareLocks()', () => {
  it('finds nothing between a lock and itself', () => {
    const lock = sampleLock({ toolbox: ['xz-utils_5.8.1-1_amd64.deb'], base: ['bash_5.2-1_arm64.deb'] }, sampleImage('2026-06-18'));
    expect(compareLocks(lock, lock)).toEqual({ card: NOTHING, toolbox: NOTHING });
  });

  it('finds what is added, removed, updated and gone back, sorted by name', () => {
    const before = sampleLock({ base: ['zstd_1.5-1_arm64.deb', 'curl_8.9-1_arm64.deb', 'nano_8-1_arm64.deb', 'bash_5.2~rc1-1_arm64.deb'] });
    const after = sampleLock({
      base: ['curl_8.10-1_arm64.deb', 'bash_5.2-1_arm64.deb', 'zstd_1.4-1_arm64.deb'],
      added: ['vim_9-1_arm64.deb', 'ed_1-1_all.deb'],
    });
    const { card } = compareLocks(before, after);
    expect(card.replaced.map(({ name, from, to, how }) => [name, from, to, how])).toEqual([
      ['bash', '5.2~rc1-1', '5.2-1', 'updated'],
      ['curl', '8.9-1', '8.10-1', 'updated'],
      ['zstd', '1.5-1', '1.4-1', 'went back'],
    ]);
    expect(card.added.map(({ name, version }) => [name, version])).toEqual([
      ['ed', '1-1'],
      ['vim', '9-1'],
    ]);
    expect(card.removed.map(({ name, version }) => [name, version])).toEqual([['nano', '8-1']]);
  });

  it("reads an epoch's colon", () => {
    const [before, after] = ['9.2p1-2', '1%3a10.0p1-7'].map((version) => sampleLock({ base: [`openssh-server_${version}_arm64.deb`] }));
    expect(compareLocks(before ?? sampleLock(), after ?? sampleLock()).card.replaced).toMatchObject([
      { from: '9.2p1-2', to: '1:10.0p1-7', how: 'updated' },
    ]);
  });

  it('takes the package that a profile adds for the one on the card, where the base has an older one', () => {
    const before = sampleLock({ base: ['curl_8.1-1_arm64.deb'], added: ['curl_8.2-1_arm64.deb'] });
    const after = sampleLock({ base: ['curl_8.3-1_arm64.deb'] });
    expect(compareLocks(before, after).card).toMatchObject({ added: [], removed: [], replaced: [{ from: '8.2-1', to: '8.3-1' }] });
  });

  it('keeps the toolbox apart from the card', () => {
    const changes = compareLocks(sampleLock({ toolbox: ['xz-utils_5.8.1-1_amd64.deb'] }), sampleLock({ base: ['xz-utils_5.8.2-1_arm64.deb'] }));
    expect(changes.card).toMatchObject({ added: [{ name: 'xz-utils', version: '5.8.2-1' }], removed: [], replaced: [] });
    expect(changes.toolbox).toMatchObject({ added: [], removed: [{ name: 'xz-utils', version: '5.8.1-1' }], replaced: [] });
  });

  it('tells a package that was built anew under the same version', () => {
    const [before, after] = [sampleLock({ base: ['curl_8.1-1_arm64.deb'] }), sampleLock({ base: ['curl_8.1-1_arm64.deb'] })];
    const rebuilt = { ...after, base: { ...after.base, debs: after.base.debs.map((deb) => ({ ...deb, sha256: 'b'.repeat(64) })) } };
    expect(compareLocks(before, rebuilt).card.replaced).toMatchObject([{ name: 'curl', from: '8.1-1', to: '8.1-1', how: 'rebuilt' }]);
  });

  it('tells another operating system image, and none', () => {
    const [june, september] = [sampleImage('2026-06-18'), sampleImage('2026-09-10')];
    expect(compareLocks(sampleLock({}, june), sampleLock({}, september)).image).toEqual({ from: june, to: september });
    expect(compareLocks(sampleLock({}, june), sampleLock()).image).toEqual({ from: june, to: undefined });
  });
});
