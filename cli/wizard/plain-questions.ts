import { createInterface } from 'node:readline';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Terminal } from '../../kit/session.ts';
import { askPassword } from '../terminal/ask-password.ts';
import { fitWords } from '../terminal/fit-words.ts';
import { BACK, BACK_SIGN, type Back, type Choice, labelOf, type Questions } from './questions.ts';
import type { Words } from './words-en.ts';

/** Questions answered line by line, lists by a typed number: nothing on the screen ever changes, so a screen reader or a braille display reads it as it comes. */
export function plainQuestions({ input, output }: Terminal, words: Words, signal: AbortSignal): Questions {
  // The terminal itself echoes and corrects lines.
  const reader = createInterface({ input, terminal: false });
  const stop = () => {
    // What is told next begins a line of its own.
    output.write('\n');
    return new Failure(words.stopped, { hint: words.stoppedHint, exitCode: EXIT.interrupted });
  };
  const readLine = lineReader(reader, signal, stop);
  const tell = (lines: readonly string[]) => void output.write(`${fitWords(lines.join('\n'), output)}\n`);

  /** Asks until `take` gives an answer, or a sentence on why it can't. */
  async function ask<T>(lines: readonly (string | undefined)[], prompt: string, canGoBack: boolean, take: (typed: string) => Taken<T>) {
    tell(['', ...lines.filter((line) => line !== undefined)]);
    for (;;) {
      output.write(fitWords(prompt, output));
      const typed = await readLine();
      if (canGoBack && typed.trim() === BACK_SIGN) return BACK;
      const taken = take(typed);
      if ('answer' in taken) return taken.answer;
      tell([words.refused(taken.refusal)]);
    }
  }

  return {
    text: ({ message, why, default: initial = '', canGoBack, refuse }) =>
      ask([why], labelOf(`${message}${initial === '' ? '' : ` [${initial}]`}`, words.colon), canGoBack, (typed) => {
        const answer = typed.trim() === '' ? initial : typed;
        return takenUnless(refuse(answer), answer);
      }),
    secret: async ({ message, why, canGoBack, refuse }) => {
      tell(['', ...(why === undefined ? [] : [why])]);
      reader.pause();
      const answer = await askUntil(labelOf(message, words.colon), canGoBack, refuse);
      reader.resume();
      return answer;
    },
    choose: ({ message, why, choices, default: initial, canGoBack, refuse }) => {
      const lines = [why, labelOf(message, words.colon).trimEnd(), ...numbered(choices), backLine(canGoBack)];
      const first = choices.findIndex(({ value }) => value === initial) + 1;
      return ask(lines, `${words.number}${first > 0 ? ` [${first}]` : ''}${words.colon}`, canGoBack, (typed) => {
        const chosen = choices[(typed.trim() === '' ? first : numberOf(typed)) - 1];
        return chosen ? takenUnless(refuse?.(chosen.value), chosen.value) : { refusal: words.numberWanted(choices.length) };
      });
    },
    chooseMany: ({ message, why, choices, default: initial, canGoBack, refuse }) => {
      const lines = [why, labelOf(message, words.colon).trimEnd(), ...numbered(choices), words.noneLine, backLine(canGoBack)];
      const first = choices.flatMap(({ value }, index) => (initial.includes(value) ? [index + 1] : []));
      const prompt = `${words.numbers}${first.length > 0 ? ` [${first.join(' ')}]` : ''}${words.colon}`;
      return ask(lines, prompt, canGoBack, (typed) => {
        const numbers =
          typed.trim() === ''
            ? first
            : typed.trim() === '0'
              ? []
              : typed
                  .trim()
                  .split(/[\s,]+/)
                  .map(numberOf);
        const chosen = numbers.map((number) => choices[number - 1]?.value);
        const values = chosen.filter((value) => value !== undefined);
        if (values.length < chosen.length) return { refusal: words.numberWanted(choices.length) };
        return takenUnless(refuse?.(values), values);
      });
    },
    tell,
    close: () => reader.close(),
  };

  function backLine(canGoBack: boolean): string | undefined {
    return canGoBack ? `  ${BACK_SIGN}${words.colon}${words.back}` : undefined;
  }

  async function askUntil(prompt: string, canGoBack: boolean, refuse: (text: string) => string | undefined): Promise<string | Back> {
    for (;;) {
      const typed = await askPassword(prompt, signal).catch((error: unknown) => {
        throw error instanceof Failure && error.exitCode === EXIT.interrupted ? stop() : error;
      });
      if (canGoBack && typed === BACK_SIGN) return BACK;
      const refusal = refuse(typed);
      if (refusal === undefined) return typed;
      tell([words.refused(refusal)]);
    }
  }
}

type Taken<T> = { readonly answer: T } | { readonly refusal: string };

function takenUnless<T>(refusal: string | undefined, answer: T): Taken<T> {
  return refusal === undefined ? { answer } : { refusal };
}

function numbered(choices: readonly Choice[]): string[] {
  return choices.map(({ label, hint }, index) => `  ${index + 1}. ${label}${hint === undefined ? '' : ` (${hint})`}`);
}

/** @returns 0 for what is no number. */
function numberOf(text: string): number {
  return /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0;
}

/** One line at a time, none lost that was typed early; the end of the input is a stop too. */
function lineReader(reader: ReturnType<typeof createInterface>, signal: AbortSignal, stop: () => Failure): () => Promise<string> {
  const lines: string[] = [];
  let wake = () => {};
  let isOver = signal.aborted;
  const end = () => {
    isOver = true;
    wake();
  };
  signal.addEventListener('abort', end, { once: true });
  reader.once('close', end);
  reader.on('line', (line) => {
    lines.push(line);
    wake();
  });
  return async () => {
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) return line;
      if (isOver) throw stop();
      await new Promise<void>((done) => {
        wake = done;
      });
    }
  };
}
