import { formatByteSize, parseByteSize } from '../../kit/byte-size.ts';
import type { Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import { type PinnedImage, parseImageName, parsePinnedImage } from './image-name.ts';
import type { Overlay } from './overlay-schema.ts';
import { digestCommand } from './rules/containers.ts';
import { suggestHint } from './rules/suggest.ts';
import type { Operator, Profile } from './schema.ts';

type Overlays = ReadonlyMap<string, Entry<Overlay>>;

/** The image of an overlay's container: the workspace's word comes before the overlay's, so that an update of it is one line. */
export function findImage({ overlay, container }: Pick<Overlay, 'overlay' | 'container'>, images: Operator['images']): PinnedImage | undefined {
  return parsePinnedImage(images[overlay] ?? container?.image ?? '');
}

/** What overlay.yaml says of its container: whether it goes together with the rest. */
export function checkContainer({ source, known }: Entry<Overlay>): Finding[] {
  const { container, front, templates = [], ports = [], needs } = known;
  if (container === undefined) return [];
  const { publish, settings, volumes = [] } = container;
  const findings: Finding[] = [];
  if (front === undefined)
    findings.push(source.errorAtKey(['container'], 'Nobody reaches this container: it has no place on the front door', 'Give it one: front: WORD'));
  if (settings !== undefined && !templates.some(({ to }) => to === settings))
    findings.push(
      source.error(['container', 'settings'], 'No template writes this file', `Add one: { from: NAME.env.hbs, to: ${settings}, mode: "0600" }`),
    );
  for (const [index, { port }] of ports.entries()) {
    if (port === publish)
      findings.push(
        source.error(['ports', index, 'port'], 'Only the card itself reaches a container', 'Leave the port out: the front door leads to it'),
      );
  }
  for (const key of ['from', 'to'] as const) {
    for (const [index, volume] of volumes.entries()) {
      if (volumes.findIndex((other) => other[key] === volume[key]) < index)
        findings.push(source.error(['container', 'volumes', index, key], `Two volumes have "${volume[key]}"`));
    }
  }
  if ((parseByteSize(needs?.memory ?? '') ?? 0) === 0)
    findings.push(
      source.errorAtKey(['container'], 'Missing "needs: memory:": a container may take twice as much, and no more', 'Measure it at work'),
    );
  return findings;
}

/** Whether the images that semeur.yaml pins are of any service. */
export function checkImages({ source, known: { images = {} } }: Entry<Operator>, overlays: Overlays): Finding[] {
  const services = [...overlays].flatMap(([name, { known }]) => (known.container === undefined ? [] : [name]));
  return Object.keys(images).flatMap((name) =>
    services.includes(name) ? [] : [source.errorAtKey(['images', name], `No service "${name}" is a container`, suggestHint(name, services))],
  );
}

/** Whether the containers of a profile are pinned, and can run on its cards. */
export function checkProfileContainers(entry: Entry<Profile>, overlays: Overlays, images: Operator['images']): Finding[] {
  const { source, known } = entry;
  return (known.services ?? []).flatMap((service, index) => {
    const overlay = overlays.get(service)?.known ?? {};
    if (overlay.container === undefined) return [];
    const path = ['services', index];
    const unpinned = findImage({ overlay: service, container: overlay.container }, images) === undefined;
    const findings = unpinned
      ? [
          source.error(
            path,
            `Nothing says which image "${service}" is: a name alone means another one each month`,
            hintToPin(service, overlay.container.image),
          ),
        ]
      : [];
    if (known.raspios?.suite === 'bookworm')
      findings.push(
        source.error(
          path,
          `Cannot run the container "${service}" on Debian 12: its podman is too old`,
          'Take "suite: trixie", or leave the service out',
        ),
      );
    return findings;
  });
}

function hintToPin(service: string, text: string): string {
  const image = parseImageName(text);
  const name = image?.name ?? 'NAME';
  const command = digestCommand(image ?? { host: undefined, name, tag: undefined, digest: undefined });
  return `Pin it in semeur.yaml: images: { ${service}: "HOST/${name}@DIGEST" }, DIGEST as this prints it: ${command}`;
}

const GIB = 1024 * 1024 * 1024;

/** @param memory of each board. */
export function warnSmallBoards(
  { source, known }: Entry<Profile>,
  overlays: Overlays,
  memory: Readonly<Record<Profile['boards'][number], number>>,
): Finding[] {
  const container = (known.services ?? []).find((service) => overlays.get(service)?.known.container !== undefined);
  if (container === undefined) return [];
  return (known.boards ?? []).flatMap((board, index) => {
    if (memory[board] >= GIB) return [];
    const message = `A ${board} has ${formatByteSize(memory[board])} of memory: a container such as "${container}" may be too much for it`;
    return [{ ...source.error(['boards', index], message, 'Leave the board out, or try it: semeur overlay test'), level: 'warning' as const }];
  });
}
