import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { ensureImage } from '../container/image.ts';
import { type ContainerOverlay, containerFiles, rootfsOf } from '../container/quadlet.ts';
import { type ContainerTree, ensureTree } from '../container/unpack.ts';
import type { Architecture } from '../platform/architecture.ts';
import { findImage } from '../workspace/check-containers.ts';
import type { PinnedImage } from '../workspace/image-name.ts';
import type { LoadedOverlay, LoadedWorkspace } from '../workspace/load.ts';
import type { LayerEntry } from './layer.ts';
import type { ContainerLock } from './lock.ts';

/** A container app as it goes on the disk. */
export interface LaidContainer {
  readonly overlay: string;
  readonly tree: ContainerTree;
  /** Its quadlet, and what makes its folders. */
  readonly files: readonly LayerEntry[];
  readonly lock: ContainerLock;
}

/** Fetches and unpacks what the cache lacks. What an image is, its digest says: a lock adds nothing to it but the list of its parts. */
export async function ensureContainers(
  session: Session,
  { operator }: LoadedWorkspace,
  overlays: readonly LoadedOverlay[],
  architecture: Architecture,
): Promise<LaidContainer[]> {
  const laid: LaidContainer[] = [];
  for (const overlay of overlays) {
    if (!hasContainer(overlay)) continue;
    const image = findImage(overlay, operator.images);
    if (!image) throw new Error(`nothing pins the image of "${overlay.overlay}", and the check said nothing`);
    laid.push(await layContainer(session, overlay, image, architecture).catch((error: unknown) => Promise.reject(explain(overlay.overlay, error))));
  }
  return laid;
}

async function layContainer(session: Session, overlay: ContainerOverlay, image: PinnedImage, architecture: Architecture): Promise<LaidContainer> {
  const name = overlay.overlay;
  return session.progress.step(`Taking the container "${name}" (${image.name} of ${image.host})`, async (note) => {
    const pooled = await ensureImage(session, image, { architecture, note });
    const files = Object.entries(containerFiles(overlay, pooled.config)).map(([path, text]) => ({
      path,
      content: { file: Buffer.from(text) },
      mode: 0o644,
      owner: 'root:root',
      from: name,
    }));
    note('its layers');
    const tree = await ensureTree(session, pooled, rootfsOf(name));
    const lock = {
      overlay: name,
      image: `${image.host}/${image.name}@sha256:${image.digest}`,
      licence: overlay.container.licence,
      blobs: pooled.blobs,
    };
    return { overlay: name, tree, files, lock };
  });
}

/** The folders that the trees stand in. Only root enters: programs in them that run as root are for their containers, not for users of the card. */
export function containerFolders(containers: readonly LaidContainer[]): LayerEntry[] {
  if (containers.length === 0) return [];
  const folder = (path: string, mode: number) => ({ path, content: { folder: true as const }, mode, owner: 'root:root', from: 'containers' });
  const top = '/usr/lib/semeur/containers';
  return [folder('/usr/lib/semeur', 0o755), folder(top, 0o700), ...containers.map(({ overlay }) => folder(`${top}/${overlay}`, 0o755))];
}

function hasContainer(overlay: LoadedOverlay): overlay is ContainerOverlay {
  return overlay.container !== undefined;
}

function explain(name: string, error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  return new Failure(`Cannot make the container of the service "${name}": ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    exitCode: error.exitCode,
    cause: error,
  });
}
