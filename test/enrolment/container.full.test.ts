import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostMirrors } from '../../builder/debian/apt-sources.ts';
import { readStanzas } from '../../builder/debian/deb822.ts';
import { debianSources } from '../../builder/debian/debian.ts';
import { fetchLists } from '../../builder/debian/package-lists.ts';
import { poolPath } from '../../builder/debian/package-set.ts';
import { ensureToolbox } from '../../builder/debian/toolbox.ts';
import { downloadFile } from '../../builder/fetch/download.ts';
import { findCheckout } from '../../builder/house/checkout.ts';
import { arm64 } from '../../builder/platform/architecture.ts';
import { runCommand } from '../../kit/command.ts';
import { pushImage, startRegistry } from '../container/registry-server.ts';
import { makeLayers, packImage, sha256 } from '../container/sample-image.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { FRONT } from './calendar-client.ts';
import { type EnrolledCard, type FirstBoot, prepareCard } from './first-boot.ts';
import { MAIN } from './ground.ts';
import { buildCardImage, CLIENT } from './images.ts';

const NAME = 'containers';
const WORKSPACE = join(findCheckout(), 'out', NAME);

/** Debian's static busybox, for a Pi: all that the image of the test has. */
async function fetchBusybox(folder: string): Promise<string> {
  const session = createQuietSession();
  const mirrors = await hostMirrors();
  if (!mirrors) throw new Error('this machine knows no mirror of Debian');
  const toolbox = await ensureToolbox(session, { mirrors });
  const { lists } = await fetchLists(session, { architecture: arm64, toolbox, sources: debianSources(mirrors) });
  for (const list of lists.filter(({ name }) => /_trixie_main_binary-arm64_Packages$/.test(name))) {
    for await (const stanza of readStanzas(poolPath(list))) {
      if (stanza.get('package') !== 'busybox-static') continue;
      const file = join(folder, 'busybox.deb');
      await downloadFile(session, `${mirrors.archive.replace(/\/$/, '')}/${stanza.get('filename')}`, file, { sha256: stanza.get('sha256') });
      return file;
    }
  }
  throw new Error('the mirror has no busybox-static for arm64');
}

/** The operator's overlay; what it writes into its volume is what it serves. */
async function writeOverlay(image: string): Promise<void> {
  const files = {
    'overlay.yaml': `overlay: app
title: { fr: Essai, en: Trial }
summary: { fr: Un conteneur, en: A container }
container:
  image: ${image}
  licence: GPL-2.0-only
  port: 8000
  publish: 8090
  environment: { WORD: "100 % of $HOME" }
  volumes:
    - { from: /var/lib/app, to: /data, owner: "33:33" }
front: app
health: /usr/lib/semeur/health.d/app
backup: { paths: [/var/lib/app] }
needs: { memory: 20MiB }
`,
    'files/etc/caddy/semeur.d/app.caddy': 'handle_path /app/* {\n\timport /etc/caddy/account.caddy\n\treverse_proxy 127.0.0.1:8090\n}\n',
    'files/usr/lib/semeur/health.d/app':
      '#!/bin/sh\nset -eu\n\nmain() {\n\tcurl --silent --fail --max-time 10 http://127.0.0.1:8090/word\n}\n\nmain "$@"\n',
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(WORKSPACE, 'overlays', 'app', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    if (path.includes('health.d')) await chmod(file, 0o755);
  }
}

/** Too long for CI: a profile of its own, with podman, and a boot of it. */
describe('a container app on a card', () => {
  let folder: string;
  let enrolled: EnrolledCard | undefined;
  let boot: FirstBoot;
  let account: string;
  const visit = (script: string) => boot.ground.semeur('ssh', '--state', boot.ground.state, CLIENT, script);
  const fetchPage = (path: string, ...options: readonly string[]) =>
    boot.ground.run('curl', '--silent', '--max-time', '20', '--write-out', ' %{http_code}', ...options, `${FRONT}${path}`);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'semeur-container-'));
    const deb = await fetchBusybox(folder);
    const layers = await makeLayers(
      folder,
      2,
      `dpkg-deb --fsys-tarfile ${deb} >1.tar
       mkdir -p 2/data 2/tmp; printf 'www:x:33:33::/:/bin/sh\\n' >2/passwd; mkdir 2/etc; mv 2/passwd 2/etc/; : >2/.wh.nothing; tar --create --file 2.tar --directory 2 .`,
    );
    const list = await runCommand(['tar', '--list', '--file', join(folder, '1.tar')]);
    const busybox = /^\.(\/.*bin\/busybox)$/m.exec(String(list))?.[1] ?? '';
    const start = `echo "$WORD" >/data/word; id -u >>/data/word; exec ${busybox} httpd -f -p 8000 -h /data`;
    const image = packImage(layers, {
      Entrypoint: [busybox, 'sh', '-c', start],
      User: 'www',
      Env: [`PATH=${dirname(busybox)}`, 'HOME=/'],
      WorkingDir: '/',
    });
    {
      await using registry = await startRegistry(folder);
      await pushImage(registry.host, 'racines/app', image, sha256);
      await writeOverlay(`${registry.host}/racines/app@sha256:${sha256(image.index)}`);
      enrolled = await prepareCard(await buildCardImage(NAME, ['website', 'app']), 600);
    }
    boot = await enrolled.running();
    const text = await readFile(join(WORKSPACE, 'out', `${CLIENT}.account`), 'utf8');
    account = `${CLIENT}:${/^password (\S+)$/m.exec(text)?.[1]}`;
  });
  afterAll(async () => {
    await enrolled?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('answers behind the front door, to whoever has the account, with what it wrote into its volume', async () => {
    await boot.ground.waitForCard(CLIENT, 'looked at', 120, ({ health }) => health?.illServices?.length === 0);
    expect(await fetchPage('/app/word')).toMatch(/ 401$/);
    expect(await fetchPage('/app/word', '--user', account)).toBe('100 % of $HOME\n33\n 200');
  });

  it('is shut in: no right of root, nothing to write but its volume, no port but on 127.0.0.1', async () => {
    expect(await visit('systemctl is-active container-app')).toBe('active\n');
    expect(await visit('podman exec app busybox grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/1/status')).toMatch(
      /CapEff:\s+0{16}\nCapBnd:\s+0{16}\nNoNewPrivs:\s+1\nSeccomp:\s+2\n/,
    );
    expect(await visit('podman exec app busybox sh -c "echo x >/etc/x" 2>&1 || echo refused')).toContain('refused');
    expect(await visit('ls /usr/lib/semeur/containers/app/rootfs/etc')).toBe('passwd\n');
    const open = (await visit('ss -Hlntu')).split('\n').filter((line) => /:(8090|8000)\s/.test(line) && !line.includes('127.0.0.1:8090'));
    expect(open).toEqual([]);
    expect(await visit('nft list table inet semeur-containers')).toContain('policy drop');
    expect(await visit('networkctl --no-legend list podman0')).toContain('unmanaged');
  });

  it('cannot reach the card, whose own ports answer its home', async () => {
    const ask = 'podman exec app busybox timeout 5 busybox wget -q -O - http://10.88.0.1:8480/ >/dev/null 2>&1 && echo reached || echo kept';
    expect(await visit(ask)).toBe('kept\n');
  });

  it('is made again with no registry, from the lock and the pool', async () => {
    await runCommand([...MAIN, 'profile', 'build', 'maison', '--locked', '--workspace', WORKSPACE]);
    const lock = JSON.parse(await readFile(join(WORKSPACE, 'profiles', 'maison.lock'), 'utf8'));
    expect(lock.containers).toMatchObject([{ overlay: 'app', licence: 'GPL-2.0-only' }]);
  });
});
