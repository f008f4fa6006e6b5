import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { DownloadPlan } from '../../protocol/download.ts';
import type { Log } from '../answers/home.ts';

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z
  .int()
  .min(0)
  .max(2 ** 48);
const words = z.string().min(1).max(400);

const planSchema = z.strictObject({
  download: z.literal(1),
  file: z.string(),
  type: z.enum(['application/x-xz', 'application/zstd']),
  bytes: count,
  sha256,
  extracted: z.strictObject({ bytes: count, sha256 }),
  profile: name,
  boards: z.array(name).max(20),
  // A digest and one of two names: no path can be written with them.
  prefix: z.strictObject({ digest: sha256, file: z.enum(['prefix.xz', 'prefix.zst']), bytes: count }),
  parts: z.array(z.strictObject({ of: z.enum(['prefix', 'tail']), offset: count, length: count })).max(1000),
  tail: z.base64().optional(),
  client: z
    .strictObject({
      client: name,
      name: words,
      tokenSha256: sha256,
      services: z.array(z.strictObject({ path: name, fr: words, en: words })).max(100),
      seed: z.base64().optional(),
    })
    .optional(),
});

/** The plans of clients stand in `folder`, those of profiles in its folder "public". @returns undefined where there is none that can be used. */
export async function readPlan(
  folder: string,
  of: { readonly client: string } | { readonly profile: string },
  log: Log,
): Promise<DownloadPlan | undefined> {
  const isClient = 'client' in of;
  const wanted = isClient ? of.client : of.profile;
  if (!name.safeParse(wanted).success) return undefined;
  const file = planFile(folder, of);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const plan = parsePlan(text, (keys) => log.error({ file, keys }, 'cannot read a download plan'));
  // A plan that was renamed would show one client another's image.
  return plan && (isClient ? plan.client?.client : plan.client ? undefined : plan.profile) === wanted ? plan : undefined;
}

export function planFile(folder: string, of: { readonly client: string } | { readonly profile: string }): string {
  return 'client' in of ? join(folder, `${of.client}.json`) : join(folder, 'public', `${of.profile}.json`);
}

/** @param complain is told which keys are wrong, never what they hold. */
export function parsePlan(text: string, complain: (keys: readonly string[]) => void): DownloadPlan | undefined {
  const parsed = planSchema.safeParse(parseJson(text));
  if (!parsed.success) return void complain(parsed.error.issues.map(({ path }) => path.join('.')));
  const plan = parsed.data as DownloadPlan;
  const wrong = findContradictions(plan);
  return wrong.length === 0 ? plan : void complain(wrong);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
