import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const FILES = join(import.meta.dirname, '../../firstboot/files');
const UNITS = join(FILES, 'usr/lib/systemd/system');

const unitNames = async () => (await readdir(UNITS)).filter((name) => !name.endsWith('.d'));

describe('the units of first boot', () => {
  it('have one job each, in at most 25 lines', async () => {
    for (const name of await unitNames()) {
      const text = await readFile(join(UNITS, name), 'utf8');
      expect(text.split('\n').length - 1, name).toBeLessThanOrEqual(25);
      if (name.endsWith('.service')) expect(text.match(/^ExecStart=/gm), name).toHaveLength(1);
    }
  });

  it('are what systemd takes', async ({ skip }) => {
    const units = (await unitNames()).map((name) => join(UNITS, name));
    const { failed, code, all } = await execa('systemd-analyze', ['verify', '--man=no', ...units], { reject: false, all: true });
    skip(failed && code === 'ENOENT', 'systemd-analyze is not installed');
    // The programs are on the card, not here.
    const findings = all.split('\n').filter((line) => line.includes('semeur') && !/Command \/usr\/\S+ is not executable/.test(line));
    expect(findings).toEqual([]);
  });

  // Points of 100. What mounts, sets the clock and makes interfaces can't be shut in much further; the page, which the LAN talks to, can.
  it('are shut in', async ({ skip }) => {
    const most: Readonly<Record<string, number>> = { 'semeur-status@.service': 25, 'semeur-wifi@.service': 55 };
    for (const name of (await unitNames()).filter((unit) => unit.endsWith('.service'))) {
      const argv = ['security', '--offline=yes', `--root=${FILES}`, `--threshold=${most[name] ?? 75}`, name];
      const { failed, code, exitCode, all } = await execa('systemd-analyze', argv, { reject: false, all: true, stdin: 'ignore' });
      skip(failed && code === 'ENOENT', 'systemd-analyze is not installed');
      expect(exitCode, all.split('\n').at(-1)).toBe(0);
    }
  });
});

describe("the card's node_exporter", () => {
  it('is shut in by our drop-in, which Debian alone leaves open to all', async ({ skip }) => {
    const [debian, name] = ['/usr/lib/systemd/system', 'prometheus-node-exporter.service'];
    const root = await mkdtemp(join(tmpdir(), 'semeur-units-'));
    try {
      const units = join(root, 'usr/lib/systemd/system');
      await mkdir(units, { recursive: true });
      await cp(join(debian, name), join(units, name));
      await cp(join(UNITS, `${name}.d`), join(units, `${name}.d`), { recursive: true });
      const analyze = async (...args: string[]) => execa('systemd-analyze', args, { reject: false, all: true, stdin: 'ignore' });
      const { failed, code, exitCode, all } = await analyze('security', '--offline=yes', `--root=${root}`, '--threshold=25', name);
      skip(failed && code === 'ENOENT', 'systemd-analyze is not installed');
      expect(exitCode, all.split('\n').at(-1)).toBe(0);
      const verified = (await analyze('verify', '--man=no', `--root=${root}`, name)).all.split('\n');
      expect(verified.filter((line) => line.includes('10-semeur.conf'))).toEqual([]);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
