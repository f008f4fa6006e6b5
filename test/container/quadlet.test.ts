import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageConfig } from '../../builder/container/image-schema.ts';
import { type ContainerOverlay, containerFiles } from '../../builder/container/quadlet.ts';
import { overlaySchema } from '../../builder/workspace/overlay-schema.ts';
import { runCommand } from '../../kit/command.ts';

const QUADLET = '/etc/containers/systemd/container-notes.container';
/** podman has it since 4.4; Debian 12's has none. */
const GENERATOR = ['/usr/libexec/podman/quadlet', '/usr/lib/systemd/system-generators/podman-system-generator'].find(existsSync);

function overlayWith(more: object = {}): ContainerOverlay {
  const container = { image: `registry.example/notes@sha256:${'ab'.repeat(32)}`, licence: 'MIT', port: 80, publish: 8090, ...more };
  const overlay = overlaySchema.parse({
    overlay: 'notes',
    title: { fr: 'Notes', en: 'Notes: 100 %' },
    summary: { fr: 'x', en: 'x' },
    container,
    front: 'notes',
    needs: { memory: '30MiB' },
  });
  if (!overlay.container) throw new Error('no container');
  return { ...overlay, container: overlay.container, folder: '/nowhere' };
}

const CONFIG: ImageConfig = {
  Entrypoint: ['/entry.sh', 'two words'],
  Cmd: ['$HOME', '100%', 'say "it\'s"', 'back\\slash', 'one\ntwo'],
  Env: ['PATH=/usr/bin', 'TEXT=$A %n "q"', 'OWN=image'],
  User: '33:44',
  WorkingDir: '/srv/my notes',
  StopSignal: 'SIGWINCH',
};
const FULL = {
  environment: { OWN: 'overlay' },
  settings: '/etc/notes/settings.env',
  volumes: [{ from: '/var/lib/notes', to: '/data', owner: '33:44' }],
  scratch: ['/run'],
  capabilities: ['CHOWN', 'SETUID'],
};

describe('containerFiles()', () => {
  it('shuts a container in: nothing of root, nothing to write, no address but 127.0.0.1', () => {
    const quadlet = containerFiles(overlayWith(), { Cmd: ['/app'] })[QUADLET] ?? '';
    const lines = quadlet.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'Rootfs=/usr/lib/semeur/containers/notes/rootfs:O',
        ...['ReadOnly=true', 'NoNewPrivileges=true', 'DropCapability=all', 'PublishPort=127.0.0.1:8090:80'],
        ...['Requires=semeur-containers.service', 'After=semeur-containers.service', `MemoryMax=${60 * 1024 * 1024}`],
      ]),
    );
    expect(quadlet).not.toMatch(/AddCapability|Volume=|User=|Environment|Network=/);
    expect(quadlet).toContain('Description=Notes: 100 %%');
  });

  it('makes the folders of its volumes, and no others', () => {
    expect(containerFiles(overlayWith(FULL), CONFIG)['/usr/lib/tmpfiles.d/container-notes.conf']).toBe('d /var/lib/notes 0750 33 44 -\n');
  });

  it('refuses what would not start, or would be lost', () => {
    expect(() => containerFiles(overlayWith(), {})).toThrow('Cannot start the container "notes": its image names no program');
    expect(() => containerFiles(overlayWith(FULL), { ...CONFIG, Volumes: { '/data/sub/': {}, '/state': {} } })).toThrow(
      'its image has a volume "/state"',
    );
    expect(() => containerFiles(overlayWith(FULL), { ...CONFIG, Volumes: { '/data/sub/': {}, '/run/x': {} } })).not.toThrow();
    expect(() => containerFiles(overlayWith(), { Cmd: ['a\u0007'] })).toThrow('control characters');
  });

  it("is what podman's generator takes, with every word as it was", async ({ skip }) => {
    if (GENERATOR === undefined) skip('the podman of this machine is none, or older than quadlets');
    const folder = await mkdtemp(join(tmpdir(), 'semeur-quadlet-'));
    try {
      await writeFile(join(folder, 'container-notes.container'), containerFiles(overlayWith(FULL), CONFIG)[QUADLET] ?? '');
      const unit = String(await runCommand([GENERATOR ?? '', '-dryrun'], { env: { QUADLET_UNIT_DIRS: folder } }));
      const [, start = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
      for (const words of [
        ['--read-only ', '--security-opt=no-new-privileges', '--cap-drop all', '--cap-add chown', '--cap-add setuid', '--user 33:44', '--tmpfs /run'],
        [
          '--publish 127.0.0.1:8090:80',
          '-v /var/lib/notes:/data',
          '--workdir "/srv/my notes"',
          '--env OWN=overlay',
          '--env-file /etc/notes/settings.env',
        ],
        ['--env "TEXT=$$A %%n \\"q\\""', '--stop-signal=SIGWINCH', '--rootfs /usr/lib/semeur/containers/notes/rootfs:O'],
        ['/entry.sh "two words" $$HOME 100%% "say \\"it\'s\\"" "back\\\\slash" "one\\ntwo"'],
      ].flat()) {
        expect(start).toContain(words);
      }
      expect(unit).toContain('ConditionPathExists=/etc/notes/settings.env');
      expect(unit).not.toContain('network-online.target');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
