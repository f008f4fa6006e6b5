import { existsSync } from 'node:fs';
import { EXIT, Failure } from './failure.ts';
import { explainMachine, recogniseWords, type Trouble } from './machine-trouble.ts';

/** What a message says of a command that failed. */
export interface FailedCommand {
  /** What it is for, as the words behind "Cannot": "sign the seed". */
  readonly doing?: string;
  /** What to tell the reader to do if it fails, and nothing surer is known. */
  readonly hint?: string;
  /** And if it isn't installed. */
  readonly missing?: string;
  /** What messages call the command, where what is started first is only the way to it. */
  readonly name?: string;
  /** Where it writes what is large. */
  readonly folder?: string;
}

const LAST_LINES = 12;
const MEMORY = 'Was this machine out of memory (journalctl -k)? End other programs, or take a machine with more';
const UNKNOWN = 'Read what it says here; then run the same command again, or "semeur doctor" to see what this machine lacks';

/** What execa says of a child that failed; only kit/command.ts starts any. */
export interface FailedChild {
  readonly isCanceled: boolean;
  readonly code?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly cwd: string;
  readonly stderr?: unknown;
  readonly cause?: unknown;
}

/** Turns what execa throws into a failure: what couldn't be done and why, what to do, and the program's own last words. */
export function explainChild(argv: readonly string[], error: FailedChild, command: FailedCommand): Failure {
  if (error.isCanceled) return new Failure('Interrupted', { exitCode: EXIT.interrupted, cause: error });
  if (error.code === 'ENOENT') return notThere(argv, error, command.missing);
  // It was never started.
  const refusal = error.exitCode === undefined && error.signal === undefined ? explainMachine(error.cause) : undefined;
  if (refusal) return refusal;
  const { doing = 'go on', name = argv[0], hint = error.signal === 'SIGKILL' ? MEMORY : UNKNOWN, folder } = command;
  const how = error.signal ? `was ended by ${error.signal}` : `exited with ${error.exitCode ?? 'no code'}`;
  const lines = lastLines(error);
  const found = ownWords(lines) ?? recogniseWords(lines.join('\n'), folder);
  const reason = found && !found.isVague ? found.reason : [`"${name}" ${how}`, ...lines.slice(-1)].join(': ');
  return new Failure(`Cannot ${doing}: ${reason}`, {
    hint: found && !(found.isVague && command.hint) ? found.hint : hint,
    details: [`${command.name ?? quoteCommand(argv)} ${how}${lines.length > 0 ? ':' : ''}`, ...lines.map((line) => `  ${line}`)],
    cause: error,
  });
}

/** A Semeur that Semeur started says by itself what happened, and what to do. */
function ownWords(lines: readonly string[]): Trouble | undefined {
  const at = lines.findLastIndex((line) => line.startsWith('semeur: '));
  const hint = /^ {2}→ (.*)$/.exec(lines[at + 1] ?? '')?.[1];
  return at < 0 ? undefined : { reason: lines[at]?.slice('semeur: '.length) ?? '', hint: hint ?? UNKNOWN };
}

/** The system says the same of a program and of the folder to start it in. */
function notThere([program]: readonly string[], error: FailedChild, missing?: string): Failure {
  if (!existsSync(error.cwd))
    return new Failure('Cannot go on: the folder that this runs in is gone', { hint: 'Go to one that is there: cd', cause: error });
  return new Failure(`Cannot run "${program}": it is not installed`, {
    hint: missing ?? 'Run "semeur doctor" to see what is missing and the line that installs it',
    exitCode: EXIT.missingProgram,
    cause: error,
  });
}

function lastLines(error: FailedChild): string[] {
  const stderr = Buffer.from((error.stderr as Uint8Array | undefined) ?? []).toString('utf8');
  return stderr
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')
    .slice(-LAST_LINES);
}

function quoteCommand(argv: readonly string[]): string {
  const words = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  const line = words.join(' ');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
