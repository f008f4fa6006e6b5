import ora from 'ora';
import type { Progress } from '../../kit/session.ts';
import { fitWords, type Width } from './fit-words.ts';

/** Progress on stderr: a spinner on a terminal, plain lines elsewhere (CI, those who want it plain). */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY && !isPlain() ? spinnerProgress(stream) : lineProgress(stream);
}

/** Whether this terminal is to be written line by line, with no cursor movement: screen readers, braille displays, old terminals. */
export function isPlain(): boolean {
  return process.env['TERM'] === 'dumb' || !['', '0', undefined].includes(process.env['SEMEUR_PLAIN']);
}

/** For work of which only the end is told: several machines at once, tests. */
export const SILENT: Progress = { step: (_, task) => task(() => undefined), warn: () => undefined };

function spinnerProgress(stream: NodeJS.WriteStream): Progress {
  return {
    async step(title, task) {
      const start = performance.now();
      const spinner = ora({ text: fitWords(title, stream, 2), stream, discardStdin: false }).start();
      try {
        const result = await task((text, isNews = false) => {
          // Above the spinner, which hears of it and moves down.
          if (isNews) stream.write(`${fitWords(`  ${text}`, stream)}\n`);
          else spinner.text = fitWords(`${title}: ${text}`, stream, 2);
        });
        spinner.succeed(fitWords(`${title} (${formatSeconds(start)})`, stream, 2));
        return result;
      } catch (error) {
        spinner.fail(fitWords(`${title}: failed after ${formatSeconds(start)}`, stream, 2));
        throw error;
      }
    },
    warn(message) {
      stream.write(`${fitWords(`warning: ${message}`, stream)}\n`);
    },
  };
}

/** @param pause of milliseconds: a line each ten seconds is enough for a log, and no longer is anybody left without one. */
export function lineProgress(stream: Pick<NodeJS.WriteStream, 'write'> & Partial<Width>, pause = 10_000): Progress {
  return {
    async step(title, task) {
      const start = performance.now();
      let where = '';
      const write = (text: string) => {
        stream.write(`${fitWords(`    ${text}`, stream)}\n`);
        silence.refresh();
      };
      const silence = setInterval(() => write(`${where}${where && ', '}${formatSeconds(start)} so far`), pause);
      stream.write(`${fitWords(`==> ${title}`, stream)}\n`);
      try {
        const result = await task((text, isNews = false) => {
          if (isNews) write(text);
          else where = text;
        });
        stream.write(`    done in ${formatSeconds(start)}\n`);
        return result;
      } catch (error) {
        stream.write(`    failed after ${formatSeconds(start)}\n`);
        throw error;
      } finally {
        clearInterval(silence);
      }
    },
    warn(message) {
      stream.write(`${fitWords(`warning: ${message}`, stream)}\n`);
    },
  };
}

function formatSeconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
