import { join } from 'node:path';
import { runCommand } from '../command.ts';
import { findCheckout } from './checkout.ts';

/** A program that Semeur starts, or a file it reads, of the machine's own packages. */
export interface NeededProgram {
  readonly program: string;
  readonly package: string;
  /** The verbs that can't do without it; "fast" is `test --fast`. */
  readonly verbs: readonly string[];
  /** What it does for Semeur, to be read after its name. */
  readonly purpose: string;
  readonly here: boolean;
}

/** The table is a shell program's, since the launcher reads it before there is a Node.js. */
export async function findPrograms(): Promise<NeededProgram[]> {
  const script = join(findCheckout(), 'builder', 'base', 'missing-packages.sh');
  const table = await runCommand(['sh', script, '--table']);
  return table.toString('utf8').trimEnd().split('\n').map(parseRow);
}

export function parseRow(row: string): NeededProgram {
  const [state = '', program = '', name = '', verbs = '', purpose = ''] = row.split('|');
  return { program, package: name, verbs: verbs.split(' '), purpose, here: state === 'here' };
}

/** @returns the one line that installs what is missing, as root; nothing when all is there. */
export function renderInstallLine(programs: readonly NeededProgram[]): string | undefined {
  const missing = programs.filter(({ here }) => !here).map((program) => program.package);
  if (missing.length === 0) return undefined;
  return `apt-get update && apt-get install --yes --no-install-recommends ${[...new Set(missing)].join(' ')}`;
}
