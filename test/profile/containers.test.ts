import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { arm64 } from '../../builder/platform/architecture.ts';
import { containerFolders, ensureContainers } from '../../builder/profile/containers.ts';
import { overlaysOf, serviceUnits } from '../../builder/profile/contents.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import { pushImage, startRegistry } from '../container/registry-server.ts';
import { makeLayers, packImage, sha256 } from '../container/sample-image.ts';
import { createQuietSession } from '../image/sample-prefix.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-containers-'));
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** The example workspace, with Nextcloud's overlay and an image in its place. */
async function loadPinned(image: string): Promise<LoadedWorkspace> {
  const workspace = join(folder, 'workspace');
  await cp(join(findCheckout(), 'examples'), workspace, { recursive: true });
  const file = join(workspace, 'semeur.yaml');
  await writeFile(file, `${await readFile(file, 'utf8')}\nimages: { nextcloud: "${image}" }\n`);
  return loadWorkspace(workspace);
}

describe('ensureContainers()', () => {
  it('takes what semeur.yaml pins, names every part for the lock, and keeps what is beside it from users of the card', async () => {
    const layers = await makeLayers(folder, 1, 'mkdir -p 1/bin; echo app >1/bin/app; tar --create --file 1.tar --directory 1 .');
    const image = packImage(layers, { Entrypoint: ['/bin/app'], Volumes: { '/var/www/html': {} } });
    await using registry = await startRegistry(folder);
    await pushImage(registry.host, 'library/nextcloud', image, sha256);
    const pinned = `${registry.host}/library/nextcloud@sha256:${sha256(image.index)}`;
    const workspace = await loadPinned(pinned);
    const profile = { ...[...workspace.profiles.values()][0], base: 'debian-arm64' as const, services: ['website', 'nextcloud'] };
    const overlays = overlaysOf(workspace, profile as Parameters<typeof overlaysOf>[1]);
    expect(overlays.map(({ overlay }) => overlay)).toEqual(['card', 'front', 'containers', 'website', 'nextcloud', 'firstboot']);
    expect(serviceUnits(overlays)).toContain('container-nextcloud.service');
    const laid = await ensureContainers(createQuietSession(), workspace, overlays, arm64);
    expect(laid).toMatchObject([{ overlay: 'nextcloud', lock: { image: pinned, licence: 'AGPL-3.0-or-later' } }]);
    expect(laid[0]?.lock.blobs.map(({ kind }) => kind)).toEqual(['index', 'manifest', 'config', 'layer']);
    expect(laid[0]?.files.map(({ path }) => path)).toEqual([
      '/etc/containers/systemd/container-nextcloud.container',
      '/usr/lib/tmpfiles.d/container-nextcloud.conf',
    ]);
    expect(containerFolders(laid).map(({ path, mode }) => [path, mode])).toEqual([
      ['/usr/lib/semeur', 0o755],
      ['/usr/lib/semeur/containers', 0o700],
      ['/usr/lib/semeur/containers/nextcloud', 0o755],
    ]);
    expect(containerFolders([])).toEqual([]);
  });

  it('says of which service the image is that a registry has not got', async () => {
    await using registry = await startRegistry(folder);
    const workspace = await loadPinned(`${registry.host}/library/nextcloud@sha256:${'ab'.repeat(32)}`);
    const made = ensureContainers(createQuietSession(), workspace, [...workspace.overlays.values()], arm64);
    await expect(made).rejects.toThrow(
      `Cannot make the container of the service "nextcloud": Cannot download "http://${registry.host}/v2/library/nextcloud/manifests/sha256:`,
    );
  });
});
