import { Failure } from '../failure.ts';
import type { LoadedOverlay, LoadedWorkspace } from '../workspace/load.ts';
import type { Profile } from '../workspace/schema.ts';
import type { SettingsFile } from './built.ts';

/** In the order they are laid: what every card has, the services, first boot last, for it changes most with Semeur itself. */
export function overlaysOf({ overlays }: LoadedWorkspace, { base, services }: Profile): LoadedOverlay[] {
  const own = base === 'raspios-lite-arm64' ? ['raspios'] : [];
  return ['card', ...own, ...services, 'firstboot'].map((name) => {
    const overlay = overlays.get(name);
    if (!overlay) throw new Failure(`Cannot find the overlay "${name}"`, { hint: 'Run "semeur check"', exitCode: 2 });
    return overlay;
  });
}

/** Every file that a seed may bring, sorted by path. */
export function settingsFiles(overlays: readonly LoadedOverlay[]): SettingsFile[] {
  const files = overlays.flatMap(({ templates }) => templates.map(({ to, mode, owner }) => ({ mode, owner, path: to })));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The units that services switch on, and that read settings: those of overlays with templates. */
export function serviceUnits(overlays: readonly LoadedOverlay[]): string[] {
  return overlays.filter(({ templates }) => templates.length > 0).flatMap(({ units }) => units.enable);
}
