import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const OVERLAYS = join(import.meta.dirname, '../../overlays');
const UNITS = 'usr/lib/systemd/system';
/** What every card has for units called "semeur-…". */
const SHUT_IN = join(import.meta.dirname, '../../firstboot/files', UNITS, 'semeur-.service.d');

/** Services that the overlays bring, and those of Debian that they shut in by a drop-in. */
async function listServices(): Promise<{ readonly overlay: string; readonly unit: string; readonly isDebians: boolean }[]> {
  const all = await Promise.all(
    (await readdir(OVERLAYS)).map(async (overlay) => {
      const names = await readdir(join(OVERLAYS, overlay, 'files', UNITS)).catch(() => []);
      return names
        .filter((name) => /\.service(\.d)?$/.test(name))
        .map((name) => ({ overlay, unit: name.replace(/\.d$/, ''), isDebians: name.endsWith('.d') }));
    }),
  );
  return all.flat();
}

describe('the units of services', async () => {
  it.each(await listServices())('$unit of $overlay is what systemd takes, and shut in', async ({ overlay, unit, isDebians }) => {
    const files = join(OVERLAYS, overlay, 'files');
    const root = await mkdtemp(join(tmpdir(), 'semeur-units-'));
    try {
      await cp(SHUT_IN, join(root, UNITS, 'semeur-.service.d'), { recursive: true });
      await cp(join(files, UNITS), join(root, UNITS), { recursive: true });
      // Where it isn't installed, Debian's own: it shuts nothing in.
      if (isDebians) await cp(join('/', UNITS, unit), join(root, UNITS, unit)).catch(() => makeUnit(root, unit));
      const analyze = (...argv: string[]) => execa('systemd-analyze', argv, { reject: false, all: true, stdin: 'ignore' });
      const { failed, code, exitCode, all } = await analyze('security', '--offline=yes', `--root=${root}`, '--threshold=50', unit);
      if (failed && code === 'ENOENT') return;
      const reason = /systemd-analyze security/.test(await readFile(join(OVERLAYS, overlay, 'overlay.yaml'), 'utf8'));
      if (!reason) expect(exitCode, all.split('\n').at(-1)).toBe(0);
      const verified = (await analyze('verify', '--man=no', `--root=${root}`, unit)).all.split('\n');
      // The programs are on the card, not here.
      expect(verified.filter((line) => /semeur/.test(line) && !/is not executable|Failed to load|not found/.test(line))).toEqual([]);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

async function makeUnit(root: string, unit: string): Promise<void> {
  await execa('sh', ['-c', 'printf "[Service]\\nExecStart=/usr/bin/true\\nUser=daemon\\n" >"$1"', 'sh', join(root, UNITS, unit)]);
}
