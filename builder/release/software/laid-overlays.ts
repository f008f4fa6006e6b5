import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { readOverlayFiles } from '../../profile/overlay-files.ts';
import type { LoadedOverlay } from '../../workspace/load.ts';

/** What an overlay puts on every card of a profile. */
export interface LaidOverlay {
  readonly name: string;
  readonly summary: string;
  /** Semeur's own; else the operator's. */
  readonly shipped: boolean;
  readonly packages: readonly string[];
  /** Paths are absolute, on the Pi. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** @param checkout the folder that Semeur's own overlays lie in. */
export async function readLaidOverlays(overlays: readonly LoadedOverlay[], checkout: string): Promise<LaidOverlay[]> {
  return Promise.all(
    overlays.map(async (overlay) => ({
      name: overlay.overlay,
      summary: overlay.summary.en,
      shipped: dirname(overlay.folder) === join(checkout, 'overlays') || overlay.folder === join(checkout, 'firstboot'),
      packages: overlay.packages,
      files: (await readOverlayFiles(overlay)).flatMap(({ path, content }) => ('file' in content ? [{ path, sha256: hash(content.file) }] : [])),
    })),
  );
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
