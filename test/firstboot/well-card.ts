import { createHash } from 'node:crypto';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serviceLists } from '../../builder/profile/contents.ts';
import { overlaySchema } from '../../builder/workspace/overlay-schema.ts';
import { readOverlays } from '../../builder/workspace/overlays.ts';
import { makeSeedKey, type SeedKey } from '../seed/seed-key.ts';
import { type Card, DASH, makeCard, type Shell } from './card.ts';

/** The code on the leaflet. */
export const CODE = 'AB12-CD34';

let key: Promise<SeedKey> | undefined;

/** A card that is well, whose client has a code. */
export async function wellCard({ language = 'fr', withCode = true } = {}): Promise<Card> {
  key ??= makeSeedKey();
  const card = await makeCard(await key);
  for (const folder of ['run/semeur', 'run/semeur-web', 'var/lib/semeur/seed', 'etc/semeur']) await mkdir(card.path(folder), { recursive: true });
  await writeFile(card.path('etc/hostname'), 'durand\n');
  await writeFile(card.path('var/lib/semeur/seed/seed.conf'), `hostname durand\nlanguage ${language}\ntimezone Europe/Paris\n`);
  await writeFile(card.path('run/semeur/state'), 'done\n');
  await writeFile(card.path('etc/semeur/vpn.conf'), '# Hub = fd5e::1\n# Operators = fd5e:0:0:2::/64\n');
  await writeFile(card.path('var/lib/semeur/visits'), '1700000000 alice@racines\n1700100000 <bob>\n');
  for (const name of ['nft', 'ss']) {
    await writeFile(card.path(`fake-bin/${name}`), `#!/bin/sh\n[ ${name} = ss ] || cat >'${card.path('filter')}'\n`);
    await chmod(card.path(`fake-bin/${name}`), 0o755);
  }
  const hex = createHash('sha256')
    .update(`salt:${CODE.replace('-', '')}`)
    .digest('hex');
  if (withCode) await writeFile(card.path('var/lib/semeur/seed/code.hash'), `sha256 salt ${hex}\n`);
  await writeFile(card.path('usr/lib/semeur/profile/status.list'), await renderStatusList());
  await card.run(DASH, 'write-status');
  return card;
}

/** What the builder writes for a profile with backups, updates, and a service of the operator's own. */
async function renderStatusList(): Promise<string> {
  const { overlays } = await readOverlays(join(import.meta.dirname, '../../examples'));
  const shipped = ['backup', 'updates'].map((name) => overlays.get(name)?.value);
  const words = { fr: 'a', en: 'a' };
  const own = overlaySchema.parse({
    ...{ overlay: 'notes', title: words, summary: words, packages: [] },
    status: { file: '/var/lib/notes/state', fields: { 'last-sync': 'moment', full: 'flag', failed: 'trouble' } },
  });
  const lists = serviceLists([...shipped, own].flatMap((overlay) => (overlay ? [{ ...overlay, folder: '' }] : [])));
  return lists['status.list']?.map((line) => `${line}\n`).join('') ?? '';
}

/** Stands in for systemd's path unit: whatever the form asks is carried out, until the function that it returns is called. */
export function carryOutRequests(card: Card, shell: Shell): () => Promise<void> {
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      await stat(card.path('run/semeur-web/request')).then(
        () => card.run(shell, 'switch'),
        () => new Promise((resolve) => setTimeout(resolve, 50)),
      );
    }
  })();
  return async () => {
    stopped = true;
    await loop;
  };
}
