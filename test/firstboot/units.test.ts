import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const UNITS = join(import.meta.dirname, '../../firstboot/files/usr/lib/systemd/system');

describe('the units of first boot', () => {
  it('have one job each, in at most 25 lines', async () => {
    for (const name of await readdir(UNITS)) {
      const text = await readFile(join(UNITS, name), 'utf8');
      expect(text.split('\n').length - 1, name).toBeLessThanOrEqual(25);
      if (name.endsWith('.service')) expect(text.match(/^ExecStart=/gm), name).toHaveLength(1);
    }
  });

  it('are what systemd takes', async ({ skip }) => {
    const units = (await readdir(UNITS)).map((name) => join(UNITS, name));
    const { failed, code, all } = await execa('systemd-analyze', ['verify', '--man=no', ...units], { reject: false, all: true });
    skip(failed && code === 'ENOENT', 'systemd-analyze is not installed');
    // The programs are on the card, not here.
    const findings = all.split('\n').filter((line) => line.includes('semeur') && !/Command \/usr\/\S+ is not executable/.test(line));
    expect(findings).toEqual([]);
  });
});
