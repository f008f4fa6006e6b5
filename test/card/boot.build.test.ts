import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ClientManifest } from '../../builder/image/client-image.ts';
import { withWorkFolder } from '../../builder/sandbox/sandbox.ts';
import { readBootFiles } from '../../builder/try/boot-files.ts';
import { bootImage } from '../../builder/try/boot-image.ts';
import { exportDisk, makeOverlay, openDisk, planCardSize } from '../../builder/try/disk.ts';
import { startMachine } from '../../builder/try/start-machine.ts';
import { withTrial } from '../../builder/try/trial.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { runCommand } from '../../kit/command.ts';
import { readAt } from '../image/read-at.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { makeUsedCard, writeByBmap } from '../image/used-card.ts';
import { buildCards, CARDS } from './cards.ts';

const MIB = 1024 * 1024;
const session = createQuietSession();
let manifests: Map<string, ClientManifest>;

beforeAll(async () => {
  manifests = await buildCards();
});

function manifestOf(client: string): ClientManifest {
  const manifest = manifests.get(client);
  if (!manifest) throw new Error(`no manifest of ${client}`);
  return manifest;
}

/** Its partition as the image has it, in what files hold too. */
async function checkBoot(card: string, folder: string): Promise<void> {
  const image = join(folder, 'image.img');
  const read = (file: string) => runCommand(['sh', '-c', 'mcopy -s -n -m -i "$1"@@8M "::*" "$2"', 'sh', file, `${file}.boot`]);
  await runCommand(['sh', '-c', 'xz -dc "$1" >"$2"', 'sh', join(CARDS, 'out', manifestOf('lherbier').image.file), image]);
  for (const file of [card, image]) {
    await mkdir(`${file}.boot`);
    await read(file);
  }
  await runCommand(['diff', '--recursive', `${card}.boot`, `${image}.boot`]);
  await runCommand(['dd', `if=${card}`, `of=${join(folder, 'boot')}`, 'bs=1M', 'skip=8', 'count=256', 'status=none']);
  await runCommand(['fsck.vfat', '-n', join(folder, 'boot')]);
  await runCommand(['rm', '-r', image, join(folder, 'boot'), `${card}.boot`, `${image}.boot`]);
}

async function checkRoot(raw: string, folder: string, offset: number): Promise<void> {
  await runCommand(['dd', `if=${raw}`, `of=${join(folder, 'root')}`, 'bs=1M', `skip=${offset / MIB}`, 'conv=sparse', 'status=none']);
  // The power was cut again: first the journal, as at the next boot.
  await runCommand(['e2fsck', '-p', join(folder, 'root')]).catch(() => undefined);
  await runCommand(['e2fsck', '-fn', join(folder, 'root')]);
  await rm(join(folder, 'root'));
}

describe('a card', () => {
  it('written by bmaptool over 0xFF, its power cut after 5 s, boots to its host name, grown, wiped, with a host key of its own, its file system clean', async () => {
    await withWorkFolder(async (work) => {
      const { image, extracted, seed, bmap } = manifestOf('lherbier');
      const card = join(work.path, 'card.img');
      const cardBytes = planCardSize(extracted.bytes);
      await makeUsedCard(card, cardBytes);
      await writeByBmap({ image: join(CARDS, 'out', image.file), bmap: join(CARDS, 'out', bmap), card });
      await checkBoot(card, work.path);
      const disk = await makeOverlay(session, card, join(work.path, 'disk.qcow2'), cardBytes);
      const { raw, overlay } = await openDisk(session, card, disk);
      const files = await readBootFiles(session, raw, work.path);
      const machine = await startMachine(session, { machine: 'virt', files, disk: overlay, log: join(work.path, 'first.log') });
      await machine.waitFor('the kernel', 120, ({ seconds }) => seconds.kernel !== null);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      await machine.kill();
      const booted = await withTrial(session, await loadWorkspace(CARDS), join(work.path, 'home'), ({ enter }) =>
        bootImage(session, card, { machine: 'virt', until: 'claimed', disk, timeoutSeconds: 500, enter }),
      );
      expect(booted).toMatchObject({ hostname: 'herbier', card: { region: 'wiped', hostKey: expect.stringMatching(/^SHA256:/) } });
      const after = join(work.path, 'after.img');
      await exportDisk(session, disk, after);
      const rootStart = (await readAt(after, 446 + 16 + 8, 4)).readUInt32LE(0) * 512;
      expect(booted.card?.rootBytes).toBeGreaterThan(cardBytes - rootStart - 2 * MIB);
      expect((await readAt(after, seed.offset, 16)).toString('latin1')).not.toContain('SEMEUR-SEED');
      await checkRoot(after, work.path, rootStart);
    });
  });

  it('boots as an emulated Raspberry Pi 3 without any network, to its login prompt under its own name', async () => {
    const image = join(CARDS, 'out', manifestOf('durand').image.file);
    const booted = await bootImage(session, image, { machine: 'raspi3b', until: 'login', network: 'none' });
    expect(booted.hostname).toBe('durand');
  });
});
