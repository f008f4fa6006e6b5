import { Failure } from '../../kit/failure.ts';
import { containerUnit } from '../container/quadlet.ts';
import { listOverlays } from '../workspace/built-in.ts';
import type { LoadedOverlay, LoadedWorkspace } from '../workspace/load.ts';
import type { Profile } from '../workspace/schema.ts';
import type { SettingsFile } from './built.ts';

/** In the order they are laid. */
export function overlaysOf({ overlays }: LoadedWorkspace, profile: Profile): LoadedOverlay[] {
  const find = (name: string) => {
    const overlay = overlays.get(name);
    if (!overlay) throw new Failure(`Cannot find the overlay "${name}"`, { hint: 'Run "semeur check"', exitCode: 2 });
    return overlay;
  };
  return listOverlays(profile, find).map(find);
}

/** Every file that a seed may bring, sorted by path. */
export function settingsFiles(overlays: readonly LoadedOverlay[]): SettingsFile[] {
  const files = overlays.flatMap(({ templates }) => templates.map(({ to, mode, owner }) => ({ mode, owner, path: to })));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The units that services switch on, and that read settings: those of overlays with templates. */
export function serviceUnits(overlays: readonly LoadedOverlay[]): string[] {
  return overlays.filter(({ templates }) => templates.length > 0).flatMap(unitsOf);
}

/** What the card has to know of its services, by file in /usr/lib/semeur/profile/: one a line, fields apart by tabs. */
export function serviceLists(overlays: readonly LoadedOverlay[]): Record<string, readonly string[]> {
  const line = (...fields: readonly (string | number)[]) => fields.join('\t');
  return {
    'ports.list': overlays.flatMap(({ ports }) => ports.map(({ reach, protocol, port }) => line(reach, protocol, port))),
    'front.list': overlays.flatMap(({ front, overlay, title }) => (front === undefined ? [] : [line(overlay, front, title.fr, title.en)])),
    'health.list': overlays.flatMap(({ health, overlay, title }) => (health === undefined ? [] : [line(overlay, health, title.fr, title.en)])),
    'backup.list': overlays.flatMap(listBackup),
    'status.list': overlays.flatMap(({ overlay, status }) => (status === undefined ? [] : [line(overlay, status.file, describeFields(status))])),
  };
}

/** "at:moment failed:trouble" */
function describeFields({ fields }: LoadedOverlay['status'] & {}): string {
  return Object.entries(fields)
    .map(([name, kind]) => `${name}:${kind}`)
    .join(' ');
}

function listBackup(loaded: LoadedOverlay): string[] {
  const { overlay, backup } = loaded;
  if (backup === undefined) return [];
  const before = backup.before === undefined ? [] : [['before', backup.before]];
  const lines = [...before, ...backup.paths.map((path) => ['path', path]), ...unitsOf(loaded).map((unit) => ['unit', unit])];
  return lines.map((fields) => [overlay, ...fields].join('\t'));
}

function unitsOf({ overlay, units, container }: LoadedOverlay): string[] {
  return container === undefined ? units.enable : [...units.enable, containerUnit(overlay)];
}
