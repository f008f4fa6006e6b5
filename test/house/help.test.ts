import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadVerbs } from './load-verbs.ts';

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
