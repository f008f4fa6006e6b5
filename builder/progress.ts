import ora from 'ora';
import type { Progress } from './session.ts';

/** Progress on stderr: a spinner on a terminal, plain lines elsewhere (CI, screen readers with TERM=dumb). */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY && process.env['TERM'] !== 'dumb' ? spinnerProgress(stream) : lineProgress(stream);
}

/** For work of which only the end is told: several machines at once, tests. */
export const SILENT: Progress = { step: (_, task) => task(() => undefined), warn: () => undefined };

function spinnerProgress(stream: NodeJS.WriteStream): Progress {
  return {
    async step(title, task) {
      const start = performance.now();
      const spinner = ora({ text: title, stream, discardStdin: false }).start();
      try {
        const result = await task((text) => {
          spinner.text = `${title}: ${text}`;
        });
        spinner.succeed(`${title} (${formatSeconds(start)})`);
        return result;
      } catch (error) {
        spinner.fail(`${title}: failed after ${formatSeconds(start)}`);
        throw error;
      }
    },
    warn(message) {
      stream.write(`warning: ${message}\n`);
    },
  };
}

function lineProgress(stream: NodeJS.WriteStream): Progress {
  return {
    async step(title, task) {
      const start = performance.now();
      let lastNote = start;
      stream.write(`==> ${title}\n`);
      try {
        const result = await task((text) => {
          // One line every ten seconds is enough for a log.
          if (performance.now() - lastNote < 10_000) return;
          lastNote = performance.now();
          stream.write(`    ${text}\n`);
        });
        stream.write(`    done in ${formatSeconds(start)}\n`);
        return result;
      } catch (error) {
        stream.write(`    failed after ${formatSeconds(start)}\n`);
        throw error;
      }
    },
    warn(message) {
      stream.write(`warning: ${message}\n`);
    },
  };
}

function formatSeconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
