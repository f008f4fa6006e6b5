import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { type DownloadClient, type DownloadPlan, type PlanOwner, planFile, renderPlan } from '../../protocol/download.ts';
import type { Composed } from './compose.ts';
import type { ImageFormat, Prefix } from './prefix.ts';

const TYPES = { xz: 'application/x-xz', zst: 'application/zstd' } as const;

export interface DownloadFacts {
  readonly boards: readonly string[];
  /** Without it, the image is a profile's own. */
  readonly client?: DownloadClient;
}

/**
 * Tells home how to put this image together while it is downloaded. An .img is not offered, as nobody should fetch gigabytes of zeros: a plan
 * that was there goes, since it tells of an earlier image.
 * @param out of the workspace. @param tail what follows the prefix.
 */
export async function writeDownloadPlan(out: string, prefix: Prefix, composed: Composed, format: ImageFormat, facts: DownloadFacts): Promise<void> {
  const { client } = facts;
  const file = downloadPlanFile(out, client ? { client: client.client } : { profile: prefix.profile });
  if (format === 'img') return rm(file, { force: true });
  await writeFileAtomically(file, renderPlan(planDownload(prefix, composed, format, facts)), { mode: client ? 0o600 : 0o644 });
}

/** The folder goes to home as it is, and holds nothing that home is not to know. */
export function downloadPlanFile(out: string, of: PlanOwner): string {
  return planFile(join(out, 'downloads'), of);
}

export function planDownload(
  prefix: Prefix,
  { tail, image, extracted }: Composed,
  format: 'xz' | 'zst',
  { boards, client }: DownloadFacts,
): DownloadPlan {
  const bytes = image.bytes - tail.length;
  return {
    download: 1,
    file: `${client?.client ?? prefix.profile}.img.${format}`,
    type: TYPES[format],
    ...image,
    extracted,
    profile: prefix.profile,
    boards,
    prefix: { digest: prefix.digest, file: `prefix.${format}`, bytes },
    parts: [
      { of: 'prefix', offset: 0, length: bytes },
      { of: 'tail', offset: 0, length: tail.length },
    ],
    tail: tail.toString('base64'),
    ...(client && { client }),
  };
}
