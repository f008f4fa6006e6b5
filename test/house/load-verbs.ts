import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { findCheckout } from '../../builder/house/checkout.ts';

/** What main offers, by its own table. */
export async function loadVerbs(): Promise<Command> {
  const cli = join(findCheckout(), 'cli');
  const table = (await readFile(join(cli, 'main.ts'), 'utf8')).matchAll(/import\('(\.\/verbs\/[a-z-]+\.ts)'\)\)\.(add\w+)/g);
  const program = new Command('semeur').option('--workspace <dir>').option('--json').enablePositionalOptions();
  for (const [, file = '', name = ''] of table) {
    const module = (await import(join(cli, file))) as Record<string, (program: Command, run: unknown) => void>;
    module[name]?.(program, async () => undefined);
  }
  return program;
}
