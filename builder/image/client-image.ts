import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { Failure } from '../../kit/failure.ts';
import { REGION_BYTES } from '../../protocol/sizes.ts';
import { composeTail, type SizeAndDigest } from './compose.ts';
import { type DownloadFacts, writeDownloadPlan } from './download-plan.ts';
import type { ImageFormat, Prefix } from './prefix.ts';
import { ROOM_OR_SEED, writeImage } from './write-image.ts';

/** What is written beside an image as out/CLIENT.json: names and hashes, no secret. */
export interface ClientManifest {
  readonly client: string;
  readonly profile: string;
  /** Digest of the profile's prefix, for whoever composes the download. */
  readonly prefix: string;
  readonly image: SizeAndDigest & { readonly file: string; readonly format: ImageFormat };
  readonly extracted: SizeAndDigest;
  readonly seed: SizeAndDigest & { readonly offset: number; readonly signer: string };
  /** The profile's block map: every client's image has the same. */
  readonly bmap: string;
}

export interface ClientImage {
  readonly client: string;
  readonly seed: Buffer;
  readonly signer: string;
  /** What home tells whoever downloads it; of a client, all but the seed. */
  readonly facts: DownloadFacts;
}

export interface WriteClientOptions {
  readonly out: string;
  readonly format: ImageFormat;
  /** Write seed, tail and manifest, and no image: all that a composed download needs. */
  readonly seedOnly: boolean;
  readonly signal: AbortSignal;
}

/** Only the operator reads these files: each holds the client's secrets. */
const SECRET = { mode: 0o600 } as const;

/** Composes one client's image and writes it with its manifest, which comes last: with it, everything is there. */
export async function writeClientImage(
  prefix: Prefix,
  { client, seed, signer, facts }: ClientImage,
  options: WriteClientOptions,
): Promise<ClientManifest> {
  const { out, format, seedOnly, signal } = options;
  const composed = await composeTail(prefix, placeInRegion(client, seed), format);
  const { tail, image, extracted } = composed;
  const file = `${client}.img${format === 'img' ? '' : `.${format}`}`;
  const manifest: ClientManifest = {
    client,
    profile: prefix.profile,
    prefix: prefix.digest,
    image: { file, format, ...image },
    extracted,
    seed: { offset: prefix.bytes, bytes: seed.length, sha256: createHash('sha256').update(seed).digest('hex'), signer },
    bmap: `profiles/${prefix.profile}.bmap`,
  };
  await writeFileAtomically(join(out, `${client}.seed`), seed, SECRET);
  if (seedOnly) await writeFileAtomically(join(out, `${client}.tail`), tail, SECRET);
  else await writeImage(prefix, tail, format, join(out, file), { signal, roomHint: ROOM_OR_SEED, ...SECRET });
  const withSeed = { ...facts, ...(facts.client && { client: { ...facts.client, seed: seed.toString('base64') } }) };
  await writeDownloadPlan(out, prefix, composed, format, withSeed);
  await writeFileAtomically(join(out, `${client}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The seed region: the seed, then zeros to its end. */
export function placeInRegion(client: string, seed: Buffer): Buffer {
  if (seed.length > REGION_BYTES) {
    throw new Failure(`Cannot place the seed of "${client}": it has ${seed.length} bytes, its region ${REGION_BYTES}`, {
      hint: 'Shorten its settings: what is large belongs on the Pi, not in the seed',
    });
  }
  return Buffer.concat([seed, Buffer.alloc(REGION_BYTES - seed.length)]);
}
