import { parseByteSize } from '../../kit/byte-size.ts';
import { Failure } from '../../kit/failure.ts';
import type { LoadedOverlay } from '../workspace/loaded.ts';
import type { ImageConfig } from './image-schema.ts';

export type ContainerOverlay = LoadedOverlay & { readonly container: NonNullable<LoadedOverlay['container']> };

/** Where a container's file system stands on the card. */
export function rootfsOf(name: string): string {
  return `/usr/lib/semeur/containers/${name}/rootfs`;
}

/** The unit that podman's generator makes of the quadlet. Not "semeur-…": units of that name are shut in by a drop-in that podman couldn't work under. */
export function containerUnit(name: string): string {
  return `container-${name}.service`;
}

/** What starts a container, by path on the card. Source: podman-systemd.unit(5), of podman 5.4. */
export function containerFiles(overlay: ContainerOverlay, config: ImageConfig): Record<string, string> {
  const { overlay: name, container } = overlay;
  checkVolumes(overlay, config);
  return {
    [`/etc/containers/systemd/container-${name}.container`]: renderQuadlet(overlay, config),
    [`/usr/lib/tmpfiles.d/container-${name}.conf`]: container.volumes
      .map(({ from, owner }) => `d ${from} 0750 ${owner.replace(':', ' ')} -\n`)
      .join(''),
  };
}

function renderQuadlet({ overlay: name, title, container, needs }: ContainerOverlay, config: ImageConfig): string {
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (command.length === 0) throw new Failure(`Cannot start the container "${name}": its image names no program`, { hint: 'Take another image' });
  const [user = '', group] = (config.User ?? '').split(':');
  const memory = parseByteSize(needs.memory) ?? 0;
  const lines = [
    '# Made by Semeur from overlay.yaml and from what the image says of itself.',
    '[Unit]',
    `Description=${title.en.replaceAll('%', '%%')}`,
    'Requires=semeur-containers.service',
    'After=semeur-containers.service',
    ...(container.settings === undefined ? [] : [`ConditionPathExists=${container.settings}`]),
    '',
    '[Container]',
    `ContainerName=${name}`,
    // A layer over it that goes when the container ends: podman's own files find a place in it, and the card's never change.
    `Rootfs=${rootfsOf(name)}:O`,
    `Exec=${command.map(quote).join(' ')}`,
    ...(user === '' ? [] : [`User=${quote(user)}`]),
    ...(user === '' || group === undefined ? [] : [`Group=${quote(group)}`]),
    ...(config.WorkingDir ? [`WorkingDir=${quote(config.WorkingDir)}`] : []),
    ...listEnvironment(container.environment, config).map((pair) => `Environment=${quote(pair)}`),
    ...(container.settings === undefined ? [] : [`EnvironmentFile=${container.settings}`]),
    ...container.volumes.map(({ from, to }) => `Volume=${from}:${to}`),
    ...['/tmp', ...container.scratch].map((path) => `Tmpfs=${path}`),
    `PublishPort=127.0.0.1:${container.publish}:${container.port}`,
    'ReadOnly=true',
    'ReadOnlyTmpfs=false',
    'NoNewPrivileges=true',
    'DropCapability=all',
    ...(container.capabilities.length === 0 ? [] : [`AddCapability=${container.capabilities.join(' ')}`]),
    ...(config.StopSignal ? [`PodmanArgs=--stop-signal=${quote(config.StopSignal)}`] : []),
    '',
    // It serves the home, whether or not the internet is there.
    '[Quadlet]',
    'DefaultDependencies=false',
    '',
    '[Service]',
    'Restart=on-failure',
    'RestartSec=10',
    `MemoryMax=${2 * memory}`,
    'TasksMax=512',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  return `${lines.join('\n')}\n`;
}

/** The overlay's word comes before the image's. */
function listEnvironment(own: Readonly<Record<string, string>>, { Env: inImage }: ImageConfig): string[] {
  const pairs = (inImage ?? []).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
  return Object.entries({ ...Object.fromEntries(pairs), ...own }).map(([key, value]) => `${key}=${value}`);
}

/** Systemd.syntax(7), and systemd.service(5) for "%" and "$": the generator hands on what stands between the quotes. */
function quote(text: string): string {
  if (/^[A-Za-z0-9_./:=@+,-]+$/.test(text)) return text;
  const escaped = text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/\p{Cc}/u.test(escaped))
    throw new Failure('Cannot start a container: control characters are in what its image says of itself', { hint: 'Take another image' });
  return `"${escaped}"`;
}

/** What an image means to keep would be lost, or couldn't be written. */
function checkVolumes({ overlay: name, container }: ContainerOverlay, { Volumes: wanted }: ImageConfig): void {
  const given = [...container.volumes.map(({ to }) => to), ...container.scratch, '/tmp'];
  const isGiven = (path: string) => given.some((folder) => path === folder || path.startsWith(`${folder}/`));
  const missing = Object.keys(wanted ?? {}).find((path) => !isGiven(path.replace(/(.)\/+$/, '$1')));
  if (missing === undefined) return;
  throw new Failure(`Cannot keep what the container "${name}" writes: its image has a volume "${missing}", and overlay.yaml says nothing of it`, {
    hint: `Give it a folder: volumes: [{ from: /var/lib/${name}, to: ${missing} }]; or, if it may be lost, name it under scratch:`,
  });
}
