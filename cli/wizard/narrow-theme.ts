import { styleText } from 'node:util';
import type { Terminal } from '../../kit/session.ts';
import { fitWords } from '../terminal/fit-words.ts';

/** Before a message stands a sign and a space; before a choice a cursor, or a cursor and a box. */
const BEFORE = { message: 2, item: 2, box: 5 } as const;
/** What somebody types is to have so many columns on the line of the message, else it has the next. */
const LEAST_ROOM = 24;

/** How a question is laid on a terminal as wide as this one: lines end between words. Inquirer itself would end them anywhere. */
export function narrowTheme(output: Terminal['output'], question: string) {
  const lay = (text: string, taken = 0) => fitWords(text, output, taken);
  const message = lay(question, BEFORE.message).replaceAll('\n', '\n  ');
  const room = (output.columns || 80) - 1 - BEFORE.message - (message.split('\n').at(-1)?.length ?? 0);
  /** Behind the message where there is room, else below it. */
  const place = (text: string) => (text.length < room ? text : `\n  ${lay(text, BEFORE.message).replaceAll('\n', '\n  ')}`);
  return {
    /** With room for what is typed. @param initial what stands in the place of an answer. */
    messageBefore: (initial: string) => (initial.length + 2 + LEAST_ROOM < room ? message : `${message}\n`),
    message,
    item: (label: string, kind: 'item' | 'box') => lay(label, BEFORE[kind]).replaceAll('\n', `\n${' '.repeat(BEFORE[kind])}`),
    refusal: (text: string) => lay(text, 2),
    style: {
      answer: (text: string) => styleText('cyan', place(text)),
      description: (text: string) => styleText('cyan', lay(text)),
    },
  };
}
