import { BASE_BOARDS } from './bases.ts';
import { checkName, type Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import { suggestHint } from './rules/suggest.ts';
import type { Overlay, Profile } from './schema.ts';

/** Overlays that cards have by themselves. */
export const BUILT_IN: readonly string[] = ['card', 'raspios', 'firstboot'];

/** What a profile's own file can't tell: whether its boards, base and services go together. */
export function checkProfile(entry: Entry<Profile>, overlays: ReadonlyMap<string, Entry<Overlay>>): Finding[] {
  return [...checkName(entry, 'profile'), ...checkBase(entry), ...checkServices(entry, overlays), ...checkTargets(entry, overlays)];
}

function checkBase({ source, known: { base, boards = [] } }: Entry<Profile>): Finding[] {
  if (base === undefined) return [];
  return boards.flatMap((board, index) => {
    if (BASE_BOARDS[base].includes(board)) return [];
    const [other] = Object.entries(BASE_BOARDS).find(([, run]) => run.includes(board)) ?? [];
    const hint = other === undefined ? `Leave "${board}" out` : `Leave "${board}" out, or take the base "${other}", which runs it`;
    return [source.error(['boards', index], `Cannot run "${base}" on "${board}"`, hint)];
  });
}

function checkServices({ source, known: { services = [] } }: Entry<Profile>, overlays: ReadonlyMap<string, unknown>): Finding[] {
  const choice = [...overlays.keys()].filter((name) => !BUILT_IN.includes(name));
  return services.flatMap((service, index) => {
    const path = ['services', index];
    if (BUILT_IN.includes(service)) return [source.error(path, `Every card has "${service}" by itself`, 'Leave it out')];
    if (services.indexOf(service) < index) return [source.error(path, `Service "${service}" stands twice`, 'Leave one out')];
    return overlays.has(service) ? [] : [source.error(path, `Unknown service "${service}"`, suggestHint(service, choice))];
  });
}

/** Two overlays of one card can't bring the same file. */
function checkTargets({ source, known: { services = [] } }: Entry<Profile>, overlays: ReadonlyMap<string, Entry<Overlay>>): Finding[] {
  const owners = new Map<string, string>();
  const targets = (name: string) => [...new Set((overlays.get(name)?.known.templates ?? []).map(({ to }) => to))];
  for (const name of BUILT_IN) for (const to of targets(name)) owners.set(to, name);
  return services.flatMap((service, index) =>
    targets(service).flatMap((to) => {
      const other = owners.get(to) ?? service;
      owners.set(to, other);
      return other === service
        ? []
        : [source.error(['services', index], `Services "${other}" and "${service}" both write "${to}"`, 'Choose one of the two')];
    }),
  );
}
