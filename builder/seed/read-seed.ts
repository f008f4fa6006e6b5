import { createHash } from 'node:crypto';
import { Failure } from '../../kit/failure.ts';
import { HEADER_BYTES, parseHeader, type SeedHeader, SIGNATURE_BYTES } from './header.ts';
import { allowedNames, parseSeedTar } from './seed-tar.ts';
import { verifySignature } from './signature.ts';

export interface Seed {
  readonly header: SeedHeader;
  readonly conf: SeedConf;
  /** Content by name: "seed.conf", "enrol/token", "settings/etc/…". */
  readonly files: ReadonlyMap<string, Buffer>;
}

export interface SeedConf {
  readonly hostname: string;
  readonly language: 'fr' | 'en';
  readonly timezone: string;
}

/** What is wrong with a seed, in the order of the checks; first boot's check-seed prints the same words. */
export type SeedFault = 'size' | 'header' | 'profile' | 'signature' | 'digest' | 'tar';

export class SeedError extends Failure {
  readonly fault: SeedFault;

  constructor(fault: SeedFault, message: string) {
    super(`Cannot use this seed: ${message}`, { hint: 'Make it again: semeur build CLIENT' });
    this.name = 'SeedError';
    this.fault = fault;
  }
}

export interface ReadSeedOptions {
  /** Content of the file: whose signature counts. */
  readonly allowedSigners: string;
  /** Absolute paths, on the Pi, of the files that it may bring. */
  readonly settings: readonly string[];
  /** Any if left out. */
  readonly profile?: string;
  /** true: a seed file, with nothing after it; false: the seed region, whose rest doesn't matter. */
  readonly exact: boolean;
  readonly signal?: AbortSignal;
}

export function assembleSeed(header: Buffer, tar: Buffer, signature: Buffer): Buffer {
  return Buffer.concat([header, tar, signature]);
}

/** Checks a seed as a card does at its first boot. @throws {SeedError} */
export async function readSeed(bytes: Buffer, { allowedSigners, settings, profile, exact, signal }: ReadSeedOptions): Promise<Seed> {
  if (bytes.length < HEADER_BYTES) throw new SeedError('size', `it has ${bytes.length} bytes, less than its header`);
  const headerBytes = bytes.subarray(0, HEADER_BYTES);
  const header = parseHeader(headerBytes);
  if (!header) throw new SeedError('header', 'it does not begin with a seed header of format 1');
  const end = HEADER_BYTES + header.length + SIGNATURE_BYTES;
  if (bytes.length < end || (exact && bytes.length !== end)) throw new SeedError('size', `it has ${bytes.length} bytes, its header says ${end}`);
  if (profile !== undefined && header.profile !== profile) {
    throw new SeedError('profile', `it is for the profile "${header.profile}", the card has "${profile}"`);
  }
  const tar = bytes.subarray(HEADER_BYTES, end - SIGNATURE_BYTES);
  const signer = await verifySignature(headerBytes, bytes.subarray(end - SIGNATURE_BYTES, end), allowedSigners, signal);
  if (signer !== header.signer) throw new SeedError('signature', "it is not signed by the operator's seed key");
  if (createHash('sha256').update(tar).digest('hex') !== header.sha256) throw new SeedError('digest', 'it was altered or cut after it was signed');
  const files = parseSeedTar(tar, allowedNames(settings));
  const conf = files && parseConf(files.get('seed.conf'));
  if (!files || !conf) throw new SeedError('tar', 'it holds something else than the files that this profile takes');
  return { header, conf, files };
}

function parseConf(bytes: Buffer | undefined): SeedConf | undefined {
  const [, hostname = '', language, timezone = ''] = CONF.exec(bytes?.toString('latin1') ?? '') ?? [];
  return (language === 'fr' || language === 'en') && timezone.length <= 64 ? { hostname, language, timezone } : undefined;
}

const CONF = /^hostname ([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\nlanguage (fr|en)\ntimezone ([A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)*)\n$/;
