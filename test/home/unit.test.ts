import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { addHome } from '../../cli/verbs/home.ts';

const UNIT = join(findCheckout(), 'home', 'semeur-home.service');

/** systemd-analyze, if it is here. */
async function analyze(...args: string[]) {
  const { failed, code, exitCode, all } = await execa('systemd-analyze', args, { reject: false, all: true, stdin: 'ignore' });
  return { isMissing: failed && code === 'ENOENT', exitCode, lines: all.split('\n') };
}

describe('semeur-home.service', () => {
  it('is what systemd takes', async ({ skip }) => {
    const { isMissing, lines } = await analyze('verify', '--man=no', UNIT);
    skip(isMissing, 'systemd-analyze is not installed');
    // The program is where the guide says, not here.
    expect(lines.filter((line) => line.includes('semeur-home') && !/Command \/opt\/semeur\/semeur is not executable/.test(line))).toEqual([]);
  });

  it('is shut in, as far as what makes interfaces can be', async ({ skip }) => {
    const { isMissing, exitCode, lines } = await analyze('security', '--offline=yes', '--threshold=35', UNIT);
    skip(isMissing, 'systemd-analyze is not installed');
    expect(exitCode, lines.at(-2)).toBe(0);
  });

  it('starts the verb with flags that it has', async () => {
    const start = /^ExecStart=(.*)$/m.exec(await readFile(UNIT, 'utf8'))?.[1]?.split(' ') ?? [];
    const program = new Command();
    addHome(program, async () => undefined);
    const serve = program.commands.find((command) => command.name() === 'home')?.commands.find((command) => command.name() === 'serve');
    const known = ['--workspace', ...(serve?.options.map(({ long }) => long) ?? [])];
    expect(start.slice(1, 3)).toEqual(['home', 'serve']);
    expect(start.filter((word) => word.startsWith('--') && !known.includes(word))).toEqual([]);
  });
});
