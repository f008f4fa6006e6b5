import { type CommandOptions, runCommand } from '../../kit/command.ts';

/** What a hub starts is in these folders, which aren't in an ordinary user's PATH on Debian. */
const FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Runs a program of the system in the C locale. */
export async function runProgram(argv: readonly string[], options: Omit<CommandOptions, 'env'> = {}): Promise<string> {
  const env = { LC_ALL: 'C', PATH: [process.env['PATH'] ?? '/usr/bin:/bin', ...FOLDERS].join(':') };
  return (await runCommand(argv, { ...options, env })).toString('utf8');
}

/**
 * Runs a program that opens "/dev/stdin" as a file, as wg(8) does for keys.
 * Node.js gives children a socket, which can't be opened by that name; a pipe can.
 */
export async function runWithSecret(argv: readonly string[], secret: string, doing: string): Promise<string> {
  return runProgram(['sh', '-c', 'cat | "$@"', 'sh', ...argv], { doing, name: argv.join(' '), input: secret });
}
