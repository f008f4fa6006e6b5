import { editYaml } from '../../builder/workspace/edit.ts';
import { formatFinding } from '../../builder/workspace/finding.ts';
import { loadPlanned } from '../../builder/workspace/load.ts';
import { planFiles } from '../../builder/workspace/planned.ts';
import { writeFiles } from '../../builder/workspace/write-files.ts';
import { Failure } from '../../kit/failure.ts';
import type { Desk } from './desk.ts';
import { type Answers, type Dialogue, runDialogue } from './dialogue.ts';
import { dropDraft, saveDraft } from './draft.ts';
import { BACK } from './questions.ts';

/** A task that asks, shows what it will write, and writes it. */
export interface WriteTask {
  readonly task: string;
  /** The client or profile that this task is about. */
  readonly subject: string;
  /** Where its draft belongs. */
  readonly place: string;
  readonly dialogue: Dialogue;
  plan(answers: Answers): Promise<Plan>;
}

export interface Plan {
  readonly folder: string;
  /** Texts by path. */
  readonly files: ReadonlyMap<string, string>;
  /** Those that are there already. */
  readonly changed: readonly string[];
  /** The same without questions. */
  readonly commands: readonly string[];
  /** What "semeur check" will say of these files. */
  readonly doubts?: readonly string[];
}

type Verdict = 'write' | 'again' | 'drop';

/** @returns undefined when nothing was written. */
export async function runWriteTask(desk: Desk, task: WriteTask, resumed: Answers = {}): Promise<Answers | undefined> {
  const { questions, words } = desk;
  const save = (answers: Answers) => saveDraft(task.place, { task: task.task, subject: task.subject, answers: copy(answers) });
  let course = { questions, words, save, answers: resumed, fromEnd: false, secrets: new Set<string>() };
  for (;;) {
    const answers = await runDialogue(task.dialogue, course);
    if (answers === BACK) {
      await dropDraft(task.place);
      return undefined;
    }
    course = { ...course, answers, fromEnd: true };
    const plan = await planWell(desk, task, answers);
    const verdict = plan === undefined ? 'again' : await askVerdict(desk, plan);
    if (verdict === 'again') continue;
    if (plan && verdict === 'write') await writeFiles(plan.folder, plan.files);
    await dropDraft(task.place);
    questions.tell(['', ...describeEnd(desk, verdict, plan?.doubts ?? [])]);
    if (verdict === 'drop') return undefined;
    desk.commands.push(...(plan?.commands ?? []));
    return answers;
  }
}

function describeEnd({ words }: Desk, verdict: Verdict, doubts: readonly string[]): readonly string[] {
  if (verdict !== 'write') return [words.nothingWritten];
  return doubts.length > 0 ? [words.writtenWithDoubts, ...doubts] : [words.written];
}

function copy(answers: Answers): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, typeof answer === 'string' ? answer : [...answer]]));
}

/** With all the checks of the workspace, as if it were written. @returns undefined when that was told to be wrong. */
async function planWell({ questions, words }: Desk, task: WriteTask, answers: Answers): Promise<Plan | undefined> {
  try {
    const plan = await task.plan(answers);
    if (plan.files.size === 0) return plan;
    const { doubts } = await loadPlanned(plan.folder, planFiles(plan.files));
    return { ...plan, doubts: doubts.filter(({ file }) => plan.files.has(file)).map(formatFinding) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    questions.tell(['', words.failed(error.message, error.hint), ...error.details.map((line) => `    ${line}`)]);
    return undefined;
  }
}

async function askVerdict({ questions, words }: Desk, plan: Plan): Promise<Verdict> {
  if (plan.files.size === 0) {
    questions.tell(['', words.nothingChanged]);
    return 'drop';
  }
  const shown = [...plan.files].filter(([path]) => !isForMachines(path));
  const others = [...plan.files.keys()].filter(isForMachines);
  questions.tell([
    '',
    words.willWrite,
    ...shown.flatMap(([path, text]) => [
      '',
      plan.changed.includes(path) ? words.changedFile(path) : words.newFile(path),
      ...hideSecrets(path, text, words.hidden)
        .trimEnd()
        .split('\n')
        .map((line) => (line === '' ? '' : `    ${line}`)),
    ]),
    ...(others.length > 0 ? ['', words.machineFiles(others.join(', '))] : []),
  ]);
  const choices = (['write', 'again', 'drop'] as const).map((value) => ({ value, label: words[value] }));
  const answer = await questions.choose({ message: words.writeAsk, choices, default: 'write', canGoBack: false });
  return choices.find(({ value }) => value === answer)?.value ?? 'again';
}

/** Long, the same in each workspace, and not for people. */
function isForMachines(path: string): boolean {
  return path.startsWith('.semeur/') || path.endsWith('.gitkeep');
}

function hideSecrets(path: string, text: string, hidden: string): string {
  return path.startsWith('clients/') && /^wifi:/m.test(text) ? editYaml(text, [{ path: ['wifi', 'password'], value: hidden }]) : text;
}
