import { BACK, type Back, type Choice, type Questions } from './questions.ts';
import type { Words } from './words-en.ts';

/** What was answered so far, by the name of the question. */
export type Answers = Readonly<Record<string, string | readonly string[]>>;

interface Named {
  readonly name: string;
  readonly message: string;
  readonly why: string;
}
interface TextStep extends Named {
  readonly kind: 'text';
  readonly default?: string;
  /** May be left empty. */
  readonly optional?: boolean;
  /** What takes a while to find out, in the place of a default. */
  suggest?(): Promise<string>;
  /** The one way to write an answer, where there is one: what was meant is taken. */
  tidy?(text: string): string;
  refuse(text: string): string | undefined;
}
interface SecretStep extends Named {
  readonly kind: 'secret';
  refuse(text: string): string | undefined;
}
interface ChoiceStep extends Named {
  readonly kind: 'choose';
  readonly choices: readonly Choice[];
  readonly default?: string;
  refuse?(value: string): string | undefined;
}
interface ManyStep extends Named {
  readonly kind: 'many';
  readonly choices: readonly Choice[];
  readonly default: readonly string[];
  refuse?(values: readonly string[]): string | undefined;
}
export type Step = TextStep | SecretStep | ChoiceStep | ManyStep;

/** The questions, in order, as what was answered before makes them. */
export type Dialogue = (answers: Answers) => readonly Step[];

export interface Course {
  readonly questions: Questions;
  readonly words: Words;
  /** Answers of an earlier run; their questions are not asked again. */
  readonly answers?: Answers;
  /** Begins at the last question: somebody came back from what follows. */
  readonly fromEnd?: boolean;
  /** Names of answers that are not to be kept; a question that is no more asked leaves its answer behind. */
  readonly secrets: Set<string>;
  /** Called after each answer, without those that are secret. */
  save(answers: Answers): Promise<void>;
}

/** Asks all questions that are open. Somebody who goes back finds their answers again, as defaults. @returns BACK when they went back before the first. */
export async function runDialogue(dialogue: Dialogue, course: Course): Promise<Answers | Back> {
  let answers = course.answers ?? {};
  let index = course.fromEnd ? dialogue(answers).length - 1 : firstOpen(dialogue(answers), answers);
  for (;;) {
    const step = dialogue(answers)[index];
    if (!step) return answers;
    const answer = await askStep(step, answers[step.name], course);
    if (answer === BACK && index === 0) return BACK;
    if (answer !== BACK) answers = { ...answers, [step.name]: answer };
    if (step.kind === 'secret') course.secrets.add(step.name);
    index += answer === BACK ? -1 : 1;
    await course.save(Object.fromEntries(Object.entries(answers).filter(([name]) => !course.secrets.has(name))));
  }
}

function firstOpen(steps: readonly Step[], answers: Answers): number {
  const open = steps.findIndex(({ name }) => !(name in answers));
  return open === -1 ? steps.length : open;
}

async function askStep(step: Step, before: Answers[string] | undefined, { questions, words }: Course): Promise<Answers[string] | Back> {
  const asked = { message: step.message, why: step.why, canGoBack: true };
  switch (step.kind) {
    case 'text':
      return askText(step, typeof before === 'string' ? before : (step.default ?? (await step.suggest?.()) ?? ''), { questions, words });
    case 'secret':
      return questions.secret({ ...asked, refuse: step.refuse });
    case 'choose': {
      const initial = typeof before === 'string' ? before : step.default;
      const given = { ...(initial === undefined ? {} : { default: initial }), ...(step.refuse ? { refuse: step.refuse } : {}) };
      return questions.choose({ ...asked, choices: step.choices, ...given });
    }
    case 'many': {
      const known = step.choices.map(({ value }) => value);
      const kept = (Array.isArray(before) ? (before as readonly string[]) : step.default).filter((value) => known.includes(value));
      return questions.chooseMany({ ...asked, choices: step.choices, default: kept, ...(step.refuse ? { refuse: step.refuse } : {}) });
    }
  }
}

/** A text of several lines is typed on one, with "\n" between them. */
async function askText(step: TextStep, initial: string, { questions, words }: Pick<Course, 'questions' | 'words'>): Promise<string | Back> {
  const read = (typed: string) => {
    const text = step.optional && typed.trim() === '-' ? '' : typed.trim().replaceAll('\\n', '\n');
    return step.tidy?.(text) ?? text;
  };
  const answer = await questions.text({
    message: step.message,
    why: step.optional && initial !== '' ? `${step.why} ${words.toEmpty}` : step.why,
    canGoBack: true,
    default: initial.trimEnd().replaceAll('\n', '\\n'),
    refuse: (typed) => (step.optional && read(typed) === '' ? undefined : step.refuse(read(typed))),
  });
  if (answer === BACK) return BACK;
  if (step.tidy && read(answer) !== '' && read(answer) !== answer.trim()) questions.tell([words.takenAs(read(answer))]);
  // Left as it was, to the last line break.
  return read(answer) === initial.trimEnd() ? initial : read(answer);
}

/** @throws where a dialogue never asked this: a mistake of ours. */
export function answerOf(answers: Answers, name: string): string {
  const answer = answers[name];
  if (typeof answer !== 'string') throw new Error(`"${name}" was not asked`);
  return answer;
}

export function answersOf(answers: Answers, name: string): readonly string[] {
  const answer = answers[name];
  if (answer === undefined || typeof answer === 'string') throw new Error(`"${name}" was not asked`);
  return answer;
}
