import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { formatDay } from '../../kit/clock.ts';
import { Failure } from '../../kit/failure.ts';
import type { SizeAndDigest } from '../image/compose.ts';
import { readComposed, readRegion } from '../image/composed.ts';
import { hashImage } from '../image/decode.ts';
import { HEADER_BYTES, parseHeader, type SeedHeader } from '../seed/header.ts';
import { readSeed, type Seed } from '../seed/read-seed.ts';

export interface Verification {
  readonly file: string;
  /** What was found right, a sentence each. */
  readonly checked: readonly string[];
  /** What could not be checked, and why. */
  readonly unchecked: readonly string[];
  readonly seed: SeedHeader | null;
  /** When the seed's token ends, ISO 8601. */
  readonly tokenExpires: string | null;
  /** What it is good for no more. */
  readonly ended: readonly string[];
}

export interface VerifyOptions {
  /** Whose seeds count: ssh-keygen's allowed_signers. */
  readonly allowedSigners: string;
  /** The paths that a profile's seeds may bring. */
  readonly settingsOf: (profile: string) => readonly string[];
  readonly signal: AbortSignal;
  readonly now?: Date;
}

/**
 * Checks a seed, or an image against the JSON beside it and the signature of its seed.
 * @throws {Failure} at the first thing that is not as it should be.
 */
export async function verifyFile(file: string, options: VerifyOptions): Promise<Verification> {
  const image = await readComposed(file);
  const bytes = file.endsWith('.seed') ? await readFile(file) : undefined;
  if (bytes) {
    const seed = await verifySeed(bytes, true, options);
    return { file, checked: [describeSeed(seed.header)], unchecked: [], ...describeToken(seed, options.now) };
  }
  const manifest = await readManifestBeside(file);
  const checked: string[] = [];
  if (manifest) {
    compare(file, 'the file', manifest.image, await hashImage(file, 'img', options.signal));
    compare(file, 'what it extracts to', manifest.extracted, await hashImage(file, image.format, options.signal));
    checked.push('Size and SHA-256 of the file, and of what it extracts to, are those of its JSON');
  } else {
    await hashImage(file, image.format, options.signal);
    checked.push('It decodes to its end');
  }
  const region = await readRegion(file);
  const empty = region?.every((byte) => byte === 0) === true;
  const seed = region && !empty ? await verifySeed(region, false, options) : null;
  checked.push(...(seed ? [describeSeed(seed.header)] : []), ...(empty ? ['Its seed region is empty: it is a public image'] : []));
  const unchecked = [
    ...(manifest ? [] : ['There is no JSON beside it to compare with']),
    ...(region ? [] : ['Its end was not written by Semeur: no seed could be read']),
  ];
  return { file, checked, unchecked, ...describeToken(seed, options.now) };
}

async function verifySeed(bytes: Buffer, exact: boolean, { allowedSigners, settingsOf, signal }: VerifyOptions): Promise<Seed> {
  const profile = parseHeader(bytes.subarray(0, HEADER_BYTES))?.profile;
  return readSeed(bytes, { allowedSigners, settings: profile === undefined ? [] : settingsOf(profile), exact, signal });
}

/** @param now by which home will judge it, more or less. */
function describeToken(seed: Seed | null, now = new Date()): Pick<Verification, 'seed' | 'tokenExpires' | 'ended'> {
  const [, expires] = /^token-expires (\S+)$/m.exec(seed?.files.get('enrol/home.conf')?.toString('utf8') ?? '') ?? [];
  if (!seed || expires === undefined) return { seed: seed?.header ?? null, tokenExpires: null, ended: [] };
  const { client } = seed.header;
  const day = formatDay(Date.parse(expires));
  const ended =
    Date.parse(expires) <= now.getTime()
      ? [`its token ended on ${day}: a card that has not called yet is turned away; a new one: semeur build ${client}`]
      : [];
  return { seed: seed.header, tokenExpires: expires, ended };
}

function describeSeed({ client, profile, generation }: SeedHeader): string {
  return `The seed is the operator's: client "${client}", profile "${profile}", generation ${generation}`;
}

async function readManifestBeside(file: string): Promise<{ image: SizeAndDigest; extracted: SizeAndDigest } | undefined> {
  const json = join(dirname(file), `${basename(file).replace(/\.img(\.xz|\.zst)?$/, '')}.json`);
  const text = await readFile(json, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { image, extracted } = JSON.parse(text);
    return image.file === basename(file) ? { image, extracted } : undefined;
  } catch (error) {
    throw new Failure(`Cannot verify "${file}": "${json}" is damaged`, { hint: 'Build or download both again', cause: error });
  }
}

function compare(file: string, what: string, wanted: SizeAndDigest, found: SizeAndDigest): void {
  if (found.bytes === wanted.bytes && found.sha256 === wanted.sha256) return;
  const difference = found.bytes === wanted.bytes ? 'another SHA-256' : `${found.bytes} bytes instead of ${wanted.bytes}`;
  throw new Failure(`Cannot trust "${file}": ${what} has ${difference}`, { hint: 'Build or download it again' });
}
