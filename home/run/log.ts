import Fastify from 'fastify';
import type { Log } from '../answers/home.ts';

/** Lines of JSON on stderr (pino's), from which no secret can be read: what is logged is named fact by fact, never a whole request. */
export function openLog(): Log {
  const { log } = Fastify({
    logger: {
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      stream: { write: (line: string) => process.stderr.write(line) },
      serializers: { err: describeError },
    },
  });
  return log;
}

/** For people and scripts that wait for it. */
export function sayReady(facts: Readonly<Record<string, string | number>>): void {
  const words = Object.entries(facts).map(([name, value]) => `${name}=${value}`);
  process.stderr.write(`home: ready ${words.join(' ')}\n`);
}

/** An error's own fields may hold what a program was given. */
function describeError(error: unknown) {
  if (!(error instanceof Error)) return { type: 'unknown', message: String(error), stack: '' };
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return { type: error.name, message: error.message, code, errcode, stack: error.stack ?? '' };
}
