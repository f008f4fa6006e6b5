import { ExecaError, execa } from 'execa';
import { explainChild, type FailedCommand } from './command-failure.ts';
import { Failure } from './failure.ts';

export interface CommandOptions extends FailedCommand {
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
}

const OUTPUT = { stdout: 1, stderr: 2 } as const;

/**
 * Runs a program from an argv array, never through a shell.
 * @returns what it wrote on stdout, as bytes.
 * @throws {Failure} that says what failed and why, with its last lines of stderr as details; exit code 3 when it isn't installed.
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
    throw explainFailure(argv, error, options);
  }
}

/**
 * What a program writes on stdout, as it comes; one that reads slowly slows it down. Whoever stops reading ends it.
 * @throws {Failure} as runCommand() does.
 */
export async function* streamCommand(
  argv: readonly string[],
  { signal, ...told }: Pick<CommandOptions, 'signal' | 'hint' | 'doing'> = {},
): AsyncGenerator<Buffer> {
  const [program, ...rest] = argv as [string, ...string[]];
  const buffer = { stdout: false, stderr: true };
  const child = execa(program, rest, { encoding: 'buffer', buffer, stdin: 'ignore', ...(signal && { cancelSignal: signal }) });
  const ended = child.then(
    () => undefined,
    (error: unknown) => explainFailure(argv, error, told),
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

function explainFailure(argv: readonly string[], error: unknown, command: FailedCommand): unknown {
  return error instanceof ExecaError ? explainChild(argv, error, command) : error;
}
