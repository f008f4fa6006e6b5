import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bootImage } from '../../builder/try/boot-image.ts';
import { lineProgress } from '../../cli/terminal/progress.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { letFakeQemuSay, putFakeQemu } from './fake-machine.ts';
import { CARD_READY } from './recorded-console.ts';
import { BOOT_FILES, makeSmallDisk } from './small-disk.ts';

let folder: string;
let image: string;
let shown = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-boot-image-'));
  image = await makeSmallDisk(folder, { ...BOOT_FILES, 'semeur-card.txt': 'x' });
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  await putFakeQemu(folder);
  shown = '';
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

function boot(...says: string[]) {
  letFakeQemuSay(says.map((line) => `${line}\r\n`).join(''));
  const write = (text: string | Uint8Array) => {
    shown += text;
    return true;
  };
  const progress = lineProgress({ write });
  return bootImage({ ...createQuietSession(), progress }, image, { machine: 'virt', until: 'claimed', log: join(folder, 'console.log') });
}

describe('bootImage() until claimed (QEMU is a stand-in)', () => {
  it('shows what the card says as it comes, and nothing else that is on its console', async () => {
    const booted = await boot('[    1.0] systemd[1]: x', 'semeur: Le réseau est là', '[    2.0] kernel', 'semeur: confirmed', CARD_READY.trimEnd());
    expect(booted.hostname).toBe('essai');
    const lines = shown.split('\n').slice(1, -2);
    expect(lines).toEqual(['    card: Le réseau est là', '    card: confirmed', expect.stringMatching(/^ {4}card: card ready host=essai /)]);
  });

  it('ends at once, in its words, when it says that it could not do everything', async () => {
    const words = "La carte essai n'a pas tout pu faire : lisez semeur-report.txt sur sa partition « bootfs ».";
    await expect(boot(`semeur: ${words}`, 'semeur: The card essai could not do everything: read')).rejects.toThrow(`it says "${words}"`);
    expect(shown).toContain(`    card: ${words}\n`);
  });
});
