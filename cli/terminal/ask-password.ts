import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ReadStream, WriteStream } from 'node:tty';
import { EXIT, Failure } from '../../kit/failure.ts';

/**
 * Asks at the terminal, as ssh does: also when stdin and stdout go elsewhere. Nothing of what is typed is shown.
 * @throws {Failure} without a terminal.
 */
export async function askPassword(question: string, signal: AbortSignal): Promise<string> {
  const [input, output] = openTerminal();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input, output: nowhere, terminal: true });
  const interrupted = new AbortController();
  reader.once('SIGINT', () => interrupted.abort());
  try {
    output.write(question);
    return await reader.question('', { signal: AbortSignal.any([signal, interrupted.signal]) });
  } catch (error) {
    throw new Failure('Cannot read the password: interrupted', { exitCode: EXIT.interrupted, cause: error });
  } finally {
    output.write('\n');
    reader.close();
    input.destroy();
    output.destroy();
  }
}

function openTerminal(): [ReadStream, WriteStream] {
  let input: number | undefined;
  try {
    input = openSync('/dev/tty', 'r');
    return [new ReadStream(input), new WriteStream(openSync('/dev/tty', 'w'))];
  } catch (error) {
    if (input !== undefined) closeSync(input);
    throw new Failure('Cannot ask for the password: there is no terminal', {
      hint: 'Give it on stdin, with --password-stdin',
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}
