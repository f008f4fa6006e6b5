import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkOverlay } from './check-overlay.ts';
import { type Entry, listFolders, readEntry } from './entries.ts';
import type { Finding } from './finding.ts';
import { type Overlay, overlaySchema } from './overlay-schema.ts';

const SEMEUR = join(import.meta.dirname, '..', '..');

export type OverlayEntry = Entry<Overlay> & { readonly folder: string };

/** Reads the overlays that come with Semeur, then the operator's own. */
export async function readOverlays(workspace: string): Promise<{ overlays: Map<string, OverlayEntry>; findings: Finding[] }> {
  const overlays = new Map<string, OverlayEntry>();
  const findings: Finding[] = [];
  for (const { name, folder } of [...(await shippedFolders()), ...(await foldersIn(join(workspace, 'overlays')))]) {
    const entry = { ...(await readEntry(workspace, join(folder, 'overlay.yaml'), name, overlaySchema)), folder };
    findings.push(...entry.findings, ...(await checkOverlay(entry, folder)));
    if (overlays.has(name))
      findings.push(entry.source.error(['overlay'], `Semeur has an overlay "${name}" already`, 'Rename the folder, and the name in it'));
    else overlays.set(name, entry);
  }
  return { overlays, findings };
}

async function shippedFolders() {
  const firstboot = { name: 'firstboot', folder: join(SEMEUR, 'firstboot') };
  const beside = existsSync(join(firstboot.folder, 'overlay.yaml')) ? [firstboot] : [];
  return [...(await foldersIn(join(SEMEUR, 'overlays'))), ...beside];
}

async function foldersIn(parent: string) {
  return (await listFolders(parent)).map((name) => ({ name, folder: join(parent, name) }));
}
