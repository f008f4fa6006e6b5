import { ExecaError, execa } from 'execa';
import { EXIT, Failure } from './failure.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Fed to standard input: the way secrets reach a program, never its argv. */
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Called with each line the program writes on stderr, for progress. */
  readonly onLine?: (line: string) => void;
  /** Lets its output through as it comes, all of it on this stream, instead of returning it. */
  readonly output?: 'stdout' | 'stderr';
  /** Lets it read our standard input itself, as an interactive program does. */
  readonly interactive?: boolean;
  /** How an interruption ends it, if not by SIGTERM. */
  readonly killSignal?: 'SIGKILL';
  /** What to tell the reader to do if it fails. */
  readonly hint?: string;
}

const OUTPUT = { stdout: 1, stderr: 2 } as const;

/**
 * Runs a program from an argv array, never through a shell.
 * @returns what it wrote on stdout, as bytes.
 * @throws {Failure} with the command, its exit code and its last lines of stderr; exit code 3 when it isn't installed.
 */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<Buffer> {
  const [program, ...rest] = argv as [string, ...string[]];
  const child = execa(program, rest, {
    encoding: 'buffer',
    // What programs write may be an image: not a byte is taken from it.
    stripFinalNewline: false,
    maxBuffer: 256 * 1024 * 1024,
    stdin: options.interactive ? 'inherit' : options.input === undefined ? 'ignore' : 'pipe',
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.output === undefined ? {} : { stdout: OUTPUT[options.output], stderr: OUTPUT[options.output] }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.killSignal === undefined ? {} : { killSignal: options.killSignal }),
    // A program that tidies up on SIGTERM is given the time: a slow disk takes half a minute to delete a system's tree.
    forceKillAfterDelay: 120_000,
  });
  if (options.onLine && child.stderr) forwardLines(child.stderr, options.onLine);
  try {
    const { stdout } = await child;
    return Buffer.from(stdout ?? []);
  } catch (error) {
    throw explainFailure(argv, error, options.hint);
  }
}

/**
 * What a program writes on stdout, as it comes; one that reads slowly slows it down. Whoever stops reading ends it.
 * @throws {Failure} as runCommand() does.
 */
export async function* streamCommand(
  argv: readonly string[],
  { signal, hint }: Pick<CommandOptions, 'signal' | 'hint'> = {},
): AsyncGenerator<Buffer> {
  const [program, ...rest] = argv as [string, ...string[]];
  const buffer = { stdout: false, stderr: true };
  const child = execa(program, rest, { encoding: 'buffer', buffer, stdin: 'ignore', ...(signal && { cancelSignal: signal }) });
  const ended = child.then(
    () => undefined,
    (error: unknown) => explainFailure(argv, error, hint),
  );
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const failure = await ended;
    if (failure !== undefined) throw failure;
  } finally {
    child.kill();
    await ended;
  }
}

/** The exit code of the program whose failure runCommand() threw; undefined if it never ran to its end. */
export function exitCodeOf(error: unknown): number | undefined {
  return error instanceof Failure && error.cause instanceof ExecaError ? error.cause.exitCode : undefined;
}

function forwardLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split(/\r?\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  });
}

function explainFailure(argv: readonly string[], error: unknown, hint?: string): unknown {
  if (!(error instanceof ExecaError)) return error;
  const program = argv[0] ?? '';
  if (error.isCanceled) return new Failure('Interrupted', { exitCode: EXIT.interrupted, cause: error });
  if (error.code === 'ENOENT') {
    return new Failure(`Cannot run "${program}": it is not installed`, {
      hint: hint ?? 'Run "semeur doctor" to see what is missing and the line that installs it',
      exitCode: EXIT.missingProgram,
      cause: error,
    });
  }
  const stderr = Buffer.from((error.stderr as Uint8Array | undefined) ?? []).toString('utf8');
  const lastLines = stderr.trimEnd().split('\n').slice(-12).join('\n  ');
  const how = error.signal ? `was ended by ${error.signal}` : `exited with ${error.exitCode ?? 'no code'}`;
  const message = `Cannot go on: "${quoteCommand(argv)}" ${how}${lastLines ? `:\n  ${lastLines}` : ''}`;
  return new Failure(message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

function quoteCommand(argv: readonly string[]): string {
  const words = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  const line = words.join(' ');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
