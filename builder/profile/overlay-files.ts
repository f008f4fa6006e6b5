import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedOverlay } from '../workspace/load.ts';
import type { LayerEntry } from './layer.ts';

/** What an overlay puts on every card of a profile: its files/ tree with the modes and owners it states, and its units switched on and off. */
export async function readOverlayFiles(overlay: LoadedOverlay): Promise<LayerEntry[]> {
  const stated = new Map(overlay.files.map((file) => [file.path, file]));
  const files = (await walk(join(overlay.folder, 'files'), '')).map((entry) => {
    const { mode, owner = 'root:root' } = stated.get(entry.path) ?? {};
    return { ...entry, mode: mode === undefined ? entry.mode : Number.parseInt(mode, 8), owner, from: overlay.overlay };
  });
  return [...files, ...unitLinks(overlay, files)];
}

type Found = Pick<LayerEntry, 'path' | 'content' | 'mode'>;

/** Modes don't depend on the umask of whoever cloned: a program is 0755, everything else 0644. */
async function walk(root: string, path: string): Promise<Found[]> {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry): Promise<Found[]> => {
      const inside = `${path}/${entry.name}`;
      const file = join(root, inside);
      if (entry.isDirectory()) return walk(root, inside);
      if (entry.isSymbolicLink()) return [{ path: inside, content: { link: await readlink(file) }, mode: 0o777 }];
      const { mode } = await lstat(file);
      return [{ path: inside, content: { file: await readFile(file) }, mode: mode & 0o100 ? 0o755 : 0o644 }];
    }),
  );
  return found.flat();
}

const UNIT_FOLDERS = ['/usr/lib/systemd/system', '/etc/systemd/system'];

function unitLinks({ overlay, units }: LoadedOverlay, files: readonly Found[]): LayerEntry[] {
  const link = (path: string, target: string) => ({ path, content: { link: target }, mode: 0o777, owner: 'root:root', from: overlay });
  const enabled = units.enable.flatMap((unit) => {
    const own = files.find(({ path }) => UNIT_FOLDERS.some((folder) => path === `${folder}/${unit}`));
    const target = own?.path ?? `/usr/lib/systemd/system/${unit}`;
    return wantedBy(own).map((by) => link(`/etc/systemd/system/${by}.wants/${unit}`, target));
  });
  // Masked rather than disabled: a preset or a package's next version can't switch it on again.
  return [...enabled, ...units.mask.map((unit) => link(`/etc/systemd/system/${unit}`, '/dev/null'))];
}

function wantedBy(unit: Found | undefined): string[] {
  const text = unit && 'file' in unit.content ? unit.content.file.toString('utf8') : '';
  const names = [...text.matchAll(/^WantedBy=(.*)$/gm)].flatMap((match) => (match[1] ?? '').trim().split(/\s+/)).filter((name) => name !== '');
  return names.length > 0 ? names : ['multi-user.target'];
}
