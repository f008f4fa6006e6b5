import { PLATFORMS, platformOf } from '../platform/platforms.ts';
import { checkServices } from './check-services.ts';
import { checkName, type Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import type { Overlay } from './overlay-schema.ts';
import type { Operator, Profile } from './schema.ts';

/** What a profile's own file can't tell: whether its boards, base and services go together. @param images those that semeur.yaml pins. */
export function checkProfile(entry: Entry<Profile>, overlays: ReadonlyMap<string, Entry<Overlay>>, images: Operator['images'] = {}): Finding[] {
  return [...checkName(entry, 'profile'), ...checkBase(entry), ...checkServices(entry, overlays, images)];
}

function checkBase({ source, known: { base, boards = [] } }: Entry<Profile>): Finding[] {
  if (base === undefined) return [];
  return boards.flatMap((board, index) => {
    if (platformOf(base).boards.includes(board)) return [];
    const other = PLATFORMS.find((platform) => platform.boards.includes(board))?.base;
    const hint = other === undefined ? `Leave "${board}" out` : `Leave "${board}" out, or take the base "${other}", which runs it`;
    return [source.error(['boards', index], `Cannot run "${base}" on "${board}"`, hint)];
  });
}
