import { checkbox, input, password, select } from '@inquirer/prompts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Terminal } from '../../kit/session.ts';
import { fitWords } from '../terminal/fit-words.ts';
import { narrowTheme } from './narrow-theme.ts';
import {
  BACK,
  BACK_SIGN,
  type Back,
  type Choice,
  type ChoiceQuestion,
  labelOf,
  type ManyQuestion,
  type Questions,
  type TextQuestion,
} from './questions.ts';
import type { Words } from './words-en.ts';

/** No file, profile or client is called so. */
const BACK_VALUE = '\0back';

/** Questions answered with the arrow keys. What is chosen is told by a sign too, never by colour alone. */
export function arrowQuestions(terminal: Terminal, words: Words, signal: AbortSignal): Questions {
  const context = { input: terminal.input, output: terminal.output, signal };
  const lay = (text: string) => fitWords(text, terminal.output);
  const tell = (lines: readonly string[]) => void terminal.output.write(`${lay(lines.join('\n'))}\n`);
  const explain = (why: string | undefined) => tell(['', ...(why === undefined ? [] : [why])]);

  async function choose(question: ChoiceQuestion): Promise<string | Back> {
    explain(question.why);
    const narrow = narrowTheme(terminal.output, question.message);
    // Inquirer's own are in English.
    const theme = { style: { ...narrow.style, keysHelpTip: () => lay(words.listKeys) } };
    const choices = [...question.choices.map(asItem), ...backItem(question, words.back)].map((item) => narrowItem(item, narrow, 'item'));
    const initial = question.default === undefined ? {} : { default: question.default };
    const value = await untilStopped(words, () =>
      select({ message: narrow.message, choices, theme, pageSize: 12, loop: false, ...initial }, context),
    );
    if (value === BACK_VALUE) return BACK;
    const refusal = question.refuse?.(value);
    if (refusal === undefined) return value;
    tell([words.refused(refusal)]);
    return choose(question);
  }

  async function chooseMany(question: ManyQuestion): Promise<readonly string[] | Back> {
    explain(question.why);
    const narrow = narrowTheme(terminal.output, question.message);
    const items = question.choices.map((choice) => ({ ...asItem(choice), checked: question.default.includes(choice.value) }));
    const choices = [...items, ...backItem(question, words.backOfMany)].map((item) => narrowItem(item, narrow, 'box'));
    const validate = (chosen: readonly { readonly value: string }[]) => {
      const values = chosen.map(({ value }) => value);
      return values.includes(BACK_VALUE) || narrowRefusal(narrow, question.refuse?.(values));
    };
    const boxes = { style: { ...narrow.style, keysHelpTip: () => lay(words.manyKeys) }, icon: { checked: '[x]', unchecked: '[ ]' } };
    // "a" would tick the way back too.
    const shortcuts = { all: null, invert: null };
    const values = await untilStopped(words, () =>
      checkbox({ message: narrow.message, choices, theme: boxes, pageSize: 12, loop: false, shortcuts, validate }, context),
    );
    return values.includes(BACK_VALUE) ? BACK : values;
  }

  async function text(question: TextQuestion): Promise<string | Back> {
    explain(question.why);
    const initial = question.default ? { default: question.default } : {};
    const narrow = narrowTheme(terminal.output, labelOf(question.message, words.colon).trimEnd());
    const validate = (typed: string) => isBack(typed, question) || narrowRefusal(narrow, question.refuse(typed));
    const typed = await untilStopped(words, () =>
      input({ message: narrow.messageBefore(question.default ?? ''), theme: { style: narrow.style }, ...initial, validate }, context),
    );
    return isBack(typed, question) ? BACK : typed;
  }

  async function secret(question: Omit<TextQuestion, 'default'>): Promise<string | Back> {
    explain(question.why);
    const narrow = narrowTheme(terminal.output, labelOf(question.message, words.colon).trimEnd());
    const validate = (typed: string) => isBack(typed, question) || narrowRefusal(narrow, question.refuse(typed));
    const typed = await untilStopped(words, () => password({ message: narrow.messageBefore(''), mask: '*', toggleMask: false, validate }, context));
    return isBack(typed, question) ? BACK : typed;
  }

  return { text, secret, choose, chooseMany, tell, close: () => void terminal.input.pause() };
}

type Narrow = ReturnType<typeof narrowTheme>;

function narrowItem<T extends { readonly name: string }>(item: T, { item: lay }: Narrow, kind: 'item' | 'box') {
  return { ...item, name: lay(item.name, kind), short: item.name };
}

function narrowRefusal({ refusal }: Narrow, refused: string | undefined): string | true {
  return refused === undefined ? true : refusal(refused);
}

function asItem({ value, label, hint }: Choice) {
  return { value, name: label, ...(hint === undefined ? {} : { description: hint }) };
}

function backItem({ canGoBack }: { readonly canGoBack: boolean }, name: string) {
  return canGoBack ? [{ value: BACK_VALUE, name }] : [];
}

function isBack(typed: string, { canGoBack }: { readonly canGoBack: boolean }): boolean {
  return canGoBack && typed.trim() === BACK_SIGN;
}

async function untilStopped<T>(words: Words, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const isStop = error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name);
    throw isStop ? new Failure(words.stopped, { hint: words.stoppedHint, exitCode: EXIT.interrupted, cause: error }) : error;
  }
}
