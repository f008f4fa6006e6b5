import { PLATFORMS, platformOf } from '../platform/platforms.ts';
import type { Overlay } from './overlay-schema.ts';
import type { Profile } from './schema.ts';

const [FIRST, LAST] = ['card', 'firstboot'];
/** What cards have where one of their services asks for it. */
const ON_DEMAND: readonly (readonly [overlay: string, isWantedBy: (service: Pick<Overlay, 'front' | 'container'>) => boolean])[] = [
  ['front', ({ front }) => front !== undefined],
  ['containers', ({ container }) => container !== undefined],
];

/** Overlays that cards have by themselves. */
export const BUILT_IN: readonly string[] = [
  FIRST,
  ...new Set(PLATFORMS.flatMap(({ overlays }) => overlays)),
  ...ON_DEMAND.map(([overlay]) => overlay),
  LAST,
];

/** A profile's overlays in the order they are laid: what every card has, the services, first boot last, for it changes most with Semeur itself. */
export function listOverlays({ base, services }: Profile, find: (service: string) => Pick<Overlay, 'front' | 'container'>): string[] {
  const wanted = ON_DEMAND.filter(([, isWantedBy]) => services.some((service) => isWantedBy(find(service))));
  return [FIRST, ...platformOf(base).overlays, ...wanted.map(([overlay]) => overlay), ...services, LAST];
}
