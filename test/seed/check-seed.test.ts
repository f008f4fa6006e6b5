import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSeed, SeedError } from '../../builder/seed/read-seed.ts';
import { renderSeedTar } from '../../builder/seed/seed-tar.ts';
import { SHELLS, type Shell } from '../firstboot/card.ts';
import { IS_FULL } from '../is-full.ts';
import { oddSeeds, patched, summed } from './odd-seeds.ts';
import { FILES, makeCardRoot, makeSeed, makeSeedKey, removeMade, SETTINGS, type SeedKey, sealSeed } from './seed-key.ts';

let key: SeedKey;
let other: SeedKey;
let root: string;
beforeAll(async () => {
  [key, other] = await Promise.all([makeSeedKey(), makeSeedKey()]);
  root = await makeCardRoot(key);
});
afterAll(removeMade);

type Kind = 'exact' | 'region';

/** What each reader says of a seed: "good", or the word of what is wrong. */
async function verdicts(seed: Buffer, kind: Kind): Promise<Record<string, string>> {
  const file = join(root, `seed-${files++}`);
  await writeFile(file, seed);
  const said = SHELLS.map(async (shell) => [shell[0], await onCard(shell, file, kind)] as const);
  const typescript = await onBuilder(seed, kind);
  return { ...Object.fromEntries(await Promise.all(said)), typescript };
}
let files = 0;

async function onCard([shell, ...rest]: Shell, file: string, kind: Kind): Promise<string> {
  const argv = [...rest, join(root, 'usr/lib/semeur/check-seed'), file, kind];
  const { exitCode, stdout, stderr } = await execa(shell, argv, { env: { ROOT: root }, reject: false });
  if (exitCode === 0 && stdout === '') return 'good';
  return exitCode === 1 && stdout !== '' ? stdout : `exit code ${exitCode}: ${stderr}`;
}

async function onBuilder(seed: Buffer, kind: Kind): Promise<string> {
  try {
    await readSeed(seed, { allowedSigners: key.allowedSigners, settings: SETTINGS, profile: 'maison', exact: kind === 'exact' });
    return 'good';
  } catch (error) {
    if (error instanceof SeedError) return error.fault;
    throw error;
  }
}

function all(verdict: string | undefined): Record<string, string | undefined> {
  return { ...Object.fromEntries(SHELLS.map(([shell]) => [shell, verdict])), typescript: verdict };
}

// Each seed is a dozen programs: half a minute here, and more on a machine that does other things.
describe('check-seed and readSeed()', { timeout: 900_000 }, () => {
  it('take a good seed as a file, and in a region whatever follows it', async () => {
    const seed = await makeSeed(key);
    const longer = Buffer.concat([seed, Buffer.from('anything')]);
    expect(await verdicts(seed, 'exact')).toEqual(all('good'));
    expect(await verdicts(longer, 'region')).toEqual(all('good'));
    expect(await verdicts(longer, 'exact')).toEqual(all('size'));
  });

  it('take and refuse the same odd seeds, for the same reason', async () => {
    for (const [name, seed] of await oddSeeds(key, other)) {
      const said = await verdicts(seed, 'exact');
      expect(said, name).toEqual(all(said['typescript']));
      expect(said['typescript'] === 'good' ? 'valid' : 'invalid', name).toBe(name.split('-')[0]);
    }
  });

  it('take and refuse the same after random damage', async () => {
    const good = await makeSeed(key);
    await fc.assert(
      fc.asyncProperty(damages(good.length), fc.constantFrom<Kind>('exact', 'region'), async (damage, kind) => {
        const seed = inflict(good, damage);
        const said = await verdicts(seed, kind);
        expect(said).toEqual(all(said['typescript']));
        // Not a byte that a card reads may differ.
        if (!seed.subarray(0, good.length).equals(good)) expect(said['typescript']).not.toBe('good');
      }),
      { numRuns: IS_FULL ? 100 : 40 },
    );
  });

  it('take and refuse the same tars, damaged before they were signed', async () => {
    const tar = renderSeedTar(FILES);
    const headers = [0, 1024, 2048, 3072, 4096];
    const damage = fc.record({
      header: fc.constantFrom(...headers),
      at: fc.nat(511),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 32, 48, 49)),
      sum: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ header, at, byte, sum }) => {
        const changed = patched(tar, header + at, Buffer.from([byte]));
        const seed = await sealSeed(key, sum ? summed(changed, header) : changed);
        const said = await verdicts(seed, 'exact');
        expect(said).toEqual(all(seed.equals(await sealSeed(key, tar)) ? 'good' : 'tar'));
      }),
      { numRuns: IS_FULL ? 60 : 25 },
    );
  });
});

/** Bytes `from` to `to` taken out (or written twice, if they are the wrong way round), or one byte changed. */
type Damage = { readonly from: number; readonly to: number } | { readonly at: number; readonly byte: number };

function damages(length: number): fc.Arbitrary<Damage> {
  // Where text is: header and signature.
  const at = fc.oneof(
    fc.nat(length - 1),
    fc.nat(400),
    fc.nat(400).map((offset) => length - 4096 + offset),
  );
  const cut = fc.oneof(at, fc.constant(length));
  return fc.oneof(fc.record({ at, byte: fc.nat(255) }), fc.record({ at, byte: fc.nat(255) }), fc.record({ from: at, to: cut }));
}

function inflict(seed: Buffer, damage: Damage): Buffer {
  if ('at' in damage) return patched(seed, damage.at, Buffer.from([damage.byte]));
  return Buffer.concat([seed.subarray(0, damage.from), seed.subarray(damage.to)]);
}
