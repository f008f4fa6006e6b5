import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import { findCheckout } from './checkout.ts';

/** A program that Semeur starts, or a file it reads, of the machine's own packages. */
export interface NeededProgram {
  readonly program: string;
  readonly package: string;
  /** The verbs that can't do without it; "fast" is `test --fast`, "home" is `home serve`. */
  readonly verbs: readonly string[];
  /** What it does for Semeur, to be read after its name. */
  readonly purpose: string;
  readonly here: boolean;
}

/** What a machine may be there for, and the verbs of the table that it takes. */
export const JOBS = {
  builder: ['build', 'demo', 'try', 'send'],
  server: ['home'],
  tests: ['test', 'fast', 'bench'],
} as const;
export type Job = keyof typeof JOBS;
export const JOB_NAMES = Object.keys(JOBS) as readonly Job[];

const TABLE = ['sh', join(findCheckout(), 'builder', 'house', 'missing-packages.sh')];

/** The table is a shell program's, since the launcher reads it before there is a Node.js. */
export async function findPrograms(): Promise<NeededProgram[]> {
  const table = await runCommand([...TABLE, '--table']);
  return table.toString('utf8').trimEnd().split('\n').map(parseRow);
}

export function parseRow(row: string): NeededProgram {
  const [state = '', program = '', name = '', verbs = '', purpose = ''] = row.split('|');
  return { program, package: name, verbs: verbs.split(' '), purpose, here: state === 'here' };
}

/** Those that any of the jobs takes. */
export function programsOf(programs: readonly NeededProgram[], jobs: readonly Job[]): NeededProgram[] {
  const verbs: readonly string[] = jobs.flatMap((job) => JOBS[job]);
  return programs.filter((program) => program.verbs.some((verb) => verbs.includes(verb)));
}

/** What is to be typed as root, and what that switches off again: packages of servers start them. */
export interface Installation {
  readonly line: string;
  /** Units of systemd. */
  readonly servers: readonly string[];
}

/** @returns undefined when all of them are there. */
export async function planInstallation(programs: readonly NeededProgram[]): Promise<Installation | undefined> {
  const missing = [...new Set(programs.filter(({ here }) => !here).map((program) => program.package))];
  if (missing.length === 0) return undefined;
  const [line, servers] = await Promise.all(['--line', '--servers'].map((what) => runCommand([...TABLE, what, ...missing])));
  const words = String(servers).trim();
  return { line: String(line).trim(), servers: words === '' ? [] : words.split(' ') };
}
