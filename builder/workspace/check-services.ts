import { formatByteSize, parseByteSize } from '../../kit/byte-size.ts';
import { BUILT_IN } from './built-in.ts';
import { checkProfileContainers, warnSmallBoards } from './check-containers.ts';
import type { Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import type { Overlay } from './overlay-schema.ts';
import { suggestHint } from './rules/suggest.ts';
import type { Operator, Profile } from './schema.ts';

const MIB = 1024 * 1024;
/** The smallest memory that each board is sold with. */
const MEMORY: Readonly<Record<Profile['boards'][number], number>> = { pi3: 1024 * MIB, pi4: 1024 * MIB, pi5: 1024 * MIB, zero2w: 512 * MIB };
/** Kernel, firmware's share and what every card runs: 150 MiB in QEMU, with room for what comes and goes. */
const MEMORY_OF_EVERY_CARD = 256 * MIB;

type ProfileEntry = Entry<Profile>;
type Overlays = ReadonlyMap<string, Entry<Overlay>>;

/** Whether a profile's services exist, go together, and fit. */
export function checkServices(entry: ProfileEntry, overlays: Overlays, images: Operator['images']): Finding[] {
  return [
    ...checkNames(entry, overlays),
    ...checkClashes(entry, overlays),
    ...checkMemory(entry, overlays),
    ...checkProfileContainers(entry, overlays, images),
    ...warnSmallBoards(entry, overlays, MEMORY),
  ];
}

function checkNames({ source, known: { services = [] } }: ProfileEntry, overlays: Overlays): Finding[] {
  const choice = [...overlays.keys()].filter((name) => !BUILT_IN.includes(name));
  return services.flatMap((service, index) => {
    const path = ['services', index];
    if (BUILT_IN.includes(service)) return [source.error(path, `Every card has "${service}" by itself`, 'Leave it out')];
    if (services.indexOf(service) < index) return [source.error(path, `Service "${service}" stands twice`, 'Leave one out')];
    return overlays.has(service) ? [] : [source.error(path, `Unknown service "${service}"`, suggestHint(service, choice))];
  });
}

/** Two overlays of one card can't bring the same file, listen at the same port, or have the same place on the front door. */
function checkClashes({ source, known: { services = [] } }: ProfileEntry, overlays: Overlays): Finding[] {
  const owners = new Map<string, string>();
  const claims = (name: string) => claimsOf(overlays.get(name)?.known ?? {});
  for (const name of BUILT_IN) for (const claim of claims(name)) owners.set(claim, name);
  return [...new Set(services)].flatMap((service) =>
    claims(service).flatMap((claim) => {
      const other = owners.get(claim) ?? service;
      owners.set(claim, other);
      const path = ['services', services.indexOf(service)];
      return other === service ? [] : [source.error(path, `Services "${other}" and "${service}" both ${claim}`, 'Choose one of the two')];
    }),
  );
}

/** Joins names for a message. */
function claimsOf({ templates = [], ports = [], accounts = [], front, container }: Partial<Overlay>): string[] {
  const all = [
    ...templates.map(({ to }) => `write "${to}"`),
    ...ports.map(({ port, protocol }) => `listen at port ${port} (${protocol})`),
    ...accounts.map(({ id }) => `make the account "${id}"`),
    ...(container === undefined
      ? []
      : [`publish at 127.0.0.1:${container.publish}`, ...(container.volumes ?? []).map(({ from }) => `write "${from}"`)]),
    ...(front === undefined ? [] : [`answer at "/${front}/" of the front door`]),
  ];
  return [...new Set(all)];
}

function checkMemory({ source, known: { services = [], boards = [] } }: ProfileEntry, overlays: Overlays): Finding[] {
  const needed = services.reduce((sum, name) => sum + (parseByteSize(overlays.get(name)?.known.needs?.memory ?? '') ?? 0), MEMORY_OF_EVERY_CARD);
  return boards.flatMap((board, index) => {
    if (needed <= MEMORY[board]) return [];
    const [all, there] = [formatByteSize(needed), formatByteSize(MEMORY[board])];
    return [source.error(['boards', index], `The services need ${all} of memory, a ${board} has ${there}`, 'Leave the board out, or a service')];
  });
}
