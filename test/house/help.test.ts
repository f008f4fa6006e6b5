import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';

/** What main offers, by its own table. */
async function loadVerbs(): Promise<Command> {
  const builder = join(findCheckout(), 'builder');
  const table = (await readFile(join(builder, 'main.ts'), 'utf8')).matchAll(/import\('(\.\/verbs\/[a-z-]+\.ts)'\)\)\.(add\w+)/g);
  const program = new Command('semeur').option('--workspace <dir>').option('--json').enablePositionalOptions();
  for (const [, file = '', name = ''] of table) {
    const module = (await import(join(builder, file))) as Record<string, (program: Command, run: unknown) => void>;
    module[name]?.(program, async () => undefined);
  }
  return program;
}

/** Commands that do something, each by its path. */
function leavesOf(command: Command, path: string): [string, Command][] {
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((child) => leavesOf(child, `${path} ${child.name()}`));
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (written) => {
      text += written;
    },
  });
  command.outputHelp();
  return text;
}

let leaves: [string, Command][] = [];
beforeAll(async () => {
  leaves = leavesOf(await loadVerbs(), 'semeur');
});

describe('the help', () => {
  it('says of every command what it does', () => {
    expect(leaves.length).toBeGreaterThan(25);
    expect(leaves.filter(([, command]) => command.description() === '').map(([path]) => path)).toEqual([]);
  });

  it('has examples for every command, with words and options that it takes', () => {
    const wrong = leaves.flatMap(([path, command]) => {
      const [, shown] = helpOf(command).split('\nExamples:\n');
      const lines = (shown ?? '').split('\n').filter((line) => line !== '');
      if (lines.length === 0) return [`${path}: no examples`];
      const known = [...command.options.flatMap(({ short, long }) => [short, long]), '--json', '--workspace'];
      return lines.flatMap((line) => {
        const options = path === 'semeur ssh' ? [] : (line.match(/(?<= )--?[a-z][a-z-]*/g) ?? []);
        const unknown = options.filter((option) => !known.includes(option));
        return line.includes(path) && unknown.length === 0 ? [] : [`${path}: ${line} ${unknown.join(' ')}`];
      });
    });
    expect(wrong).toEqual([]);
  });
});
