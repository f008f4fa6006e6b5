import { join } from 'node:path';
import { z } from 'zod';
import { type Reading, readMessage } from './message.ts';
import { SHORT_NAME } from './names.ts';

const name = z.string().regex(SHORT_NAME);
/** Lower-case hex, as everywhere here. */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z
  .int()
  .min(0)
  .max(2 ** 48);
const words = z.string().min(1).max(400);

const clientSchema = z.object({
  client: name,
  /** The name that people read. */
  name: words,
  /** Names the order that this image was made for: home knows by it whether the image still opens anything. */
  tokenSha256: sha256,
  /** What the card will offer, at http://HOSTNAME.local/PATH/. */
  services: z
    .array(z.object({ path: name, fr: words, en: words }).readonly())
    .max(100)
    .readonly(),
  /** The small file for a card that has the public image, base64. A secret, as the tail is. */
  seed: z.base64().optional(),
});

/**
 * What home needs in order to serve an image that lies nowhere as a file: written by `build` to out/downloads/CLIENT.json, and for a profile's
 * own image, which anybody may have, to out/downloads/public/PROFILE.json. One file, so that a reader has all of it or nothing. Keys that
 * this version doesn't know are left out, and so are never kept longer than the secrets beside them.
 */
const planSchema = z.object({
  download: z.literal(1),
  /** What it is called when it is saved, such as "durand.img.xz". */
  file: z.string(),
  /** Its media type. */
  type: z.enum(['application/x-xz', 'application/zstd']),
  /** The SHA-256 of the whole file, which its ETag is made of. */
  bytes: count,
  sha256,
  /** What a flasher writes to the card. */
  extracted: z.object({ bytes: count, sha256 }).readonly(),
  profile: name,
  /** Raspberry Pi models, as the profile names them. */
  boards: z.array(name).max(20).readonly(),
  /** DIGEST/FILE in the folder of prefixes, and how long that file is. A digest and one of two names: no path can be written with them. */
  prefix: z.object({ digest: sha256, file: z.enum(['prefix.xz', 'prefix.zst']), bytes: count }).readonly(),
  /** The file is these ranges, one after the other. */
  parts: z
    .array(z.object({ of: z.enum(['prefix', 'tail']), offset: count, length: count }).readonly())
    .max(1000)
    .readonly(),
  /** What follows the prefix, base64: some kilobytes. A client's is a secret, and home takes it out once the card has called. */
  tail: z.base64().optional(),
  /** Only present for a client's image, not for a profile's own. */
  client: clientSchema.readonly().optional(),
});

export type DownloadPlan = Readonly<z.output<typeof planSchema>>;
export type DownloadPart = DownloadPlan['parts'][number];
export type DownloadClient = Readonly<z.output<typeof clientSchema>>;

/** Whose plan it is. */
export type PlanOwner = { readonly client: string } | { readonly profile: string };

/** @param folder the workspace's out/downloads, or home's copy of it. Clients' plans stand in it, profiles' in its folder "public". */
export function planFile(folder: string, of: PlanOwner): string {
  return 'client' in of ? join(folder, `${of.client}.json`) : join(folder, 'public', `${of.profile}.json`);
}

export function renderPlan(plan: DownloadPlan): string {
  return `${JSON.stringify(plan)}\n`;
}

/** A plan whose parts contradict one another is none. */
export function parsePlan(text: string): Reading<DownloadPlan> {
  const reading = readMessage(planSchema, text, 'download');
  const wrong = reading.message ? findContradictions(reading.message) : [];
  return wrong.length === 0 ? reading : { message: undefined, wrong, isNewer: false };
}

function findContradictions({ file, type, bytes, profile, client, prefix, parts, tail }: DownloadPlan): string[] {
  const suffix = type === 'application/x-xz' ? 'xz' : 'zst';
  const sizes = { prefix: prefix.bytes, tail: tail === undefined ? Number.POSITIVE_INFINITY : Buffer.byteLength(tail, 'base64') };
  return [
    ...(file === `${client?.client ?? profile}.img.${suffix}` ? [] : ['file']),
    ...(prefix.file === `prefix.${suffix}` ? [] : ['prefix.file']),
    ...(parts.every(({ of, offset, length }) => offset + length <= sizes[of]) ? [] : ['parts']),
    ...(parts.reduce((sum, { length }) => sum + length, 0) === bytes ? [] : ['bytes']),
  ];
}
