import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';

const KEPT_LINES = 20;

export interface ConsoleLog {
  /** The last lines, for a message. */
  lastLines(): string[];
  /** Once the stream has ended: writes what is left, and closes the file. */
  close(): Promise<void>;
}

/** `whole` is false for a line that has not ended yet: a prompt, or half of what is to come. It is told again as it grows. */
export type OnLine = (line: string, seconds: number, whole: boolean) => void;

/**
 * Follows a serial console: each line, with the seconds since power-on, goes to `file` and to `onLine`.
 */
export function followConsole(stream: Readable, file: string, onLine: OnLine): ConsoleLog {
  mkdirSync(dirname(file), { recursive: true });
  const log = createWriteStream(file);
  const start = performance.now();
  const decoder = new StringDecoder('utf8');
  const last: string[] = [];
  let rest = '';
  const keep = (line: string, seconds: number) => {
    if (line === '') return;
    log.write(`[${seconds.toFixed(3).padStart(8)}] ${line}\n`);
    last.push(line);
    if (last.length > KEPT_LINES) last.shift();
  };
  stream.on('data', (chunk: Buffer) => {
    const seconds = secondsSince(start);
    const lines = (rest + decoder.write(chunk)).split(/[\r\n]+/);
    rest = lines.pop() ?? '';
    for (const line of lines.map(cleanLine)) {
      keep(line, seconds);
      onLine(line, seconds, true);
    }
    if (rest !== '') onLine(cleanLine(rest), seconds, false);
  });
  return {
    lastLines: () => (rest === '' ? last : [...last, cleanLine(rest)].slice(-KEPT_LINES)),
    close: async () => {
      keep(cleanLine(rest), secondsSince(start));
      rest = '';
      log.end();
      await finished(log);
    },
  };
}

/** Without the sequences that colour a terminal, reset it or ask for its size, of which Node's own stripping leaves some. */
export function cleanLine(line: string): string {
  // BEL may end what "ESC ]" begins, as "ESC \\" does.
  const [head = '', ...sequences] = line.replaceAll('\u0007', '\u001b\\').split('\u001b');
  const text = head + sequences.map((part) => part.replace(/^(\[[0-?]*[ -/]*[@-~]|\].*|.)/, '')).join('');
  return Array.from(text, (character) => (character >= ' ' || character === '\t' ? character : '')).join('');
}

/** To the millisecond: more would be noise. */
function secondsSince(start: number): number {
  return Math.round(performance.now() - start) / 1000;
}
