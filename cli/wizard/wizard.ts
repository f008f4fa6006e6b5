import { resolve } from 'node:path';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { readOverlays } from '../../builder/workspace/overlays.ts';
import { Failure } from '../../kit/failure.ts';
import type { Report } from '../../kit/session.ts';
import type { Desk } from './desk.ts';
import { type Draft, dropDraft, readDraft } from './draft.ts';
import { offerBuild, resumeTask, runMenu } from './menu.ts';
import { startWorkspace } from './start.ts';
import { describeAnswer } from './told-answer.ts';

/** From wherever one is: a new workspace where there is none, else the menu; what was not finished comes first. */
export async function runWizard(desk: Desk): Promise<Report> {
  const { session, questions, words, commands, next } = desk;
  let folder = findFolder(session.workspace);
  const place = folder ?? resolve(session.workspace ?? '.');
  const draft = await offerDraft(desk, place);
  if (folder === undefined) {
    questions.tell(words.welcome(place));
    const started = await startWorkspace(desk, session.workspace, draft?.answers ?? {});
    folder = started?.folder;
    if (started) await offerBuild(desk, started.folder, started.client);
  } else {
    const { clients, profiles } = await loadWorkspace(folder);
    questions.tell(words.opened(folder, clients.size, profiles.size));
    if (draft) await resumeTask(desk, folder, draft);
  }
  if (folder !== undefined) await runMenu(desk, folder);
  const text = commands.length > 0 ? [words.sameCommands, ...commands.map((command) => `  ${command}`)] : [words.bye];
  const note = commands.some((command) => command.endsWith('<password.txt')) ? [`  (${words.passwordFile})`] : [];
  const after = next.length > 0 ? ['', words.next, ...next.map((command) => `  ${command}`)] : [];
  return { json: { workspace: folder ?? null, commands, next }, text: ['', ...text, ...note, ...after] };
}

/** @returns undefined where none has started yet. */
function findFolder(workspace: string | undefined): string | undefined {
  try {
    return findWorkspace({ workspace });
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function offerDraft({ questions, words, language }: Desk, place: string): Promise<Draft | undefined> {
  const draft = await readDraft(place);
  if (!draft || Object.keys(draft.answers).length === 0) return undefined;
  const task = words.tasks[draft.task as keyof typeof words.tasks] ?? draft.task;
  const date = new Date(draft.saved).toLocaleString(words.locale, { dateStyle: 'long', timeStyle: 'short' });
  const { overlays } = await readOverlays(place);
  const answers = Object.entries(draft.answers).map((answer) => `  ${describeAnswer(words, language, overlays, ...answer)}`);
  questions.tell([words.draftFound(draft.subject === '' ? task : `${task}, ${draft.subject}`, date), words.draftKept, ...answers]);
  const choices = [
    { value: 'go', label: words.draftGo },
    { value: 'drop', label: words.draftDrop },
  ];
  if ((await questions.choose({ message: words.draftAsk, choices, default: 'go', canGoBack: false })) === 'go') return draft;
  await dropDraft(place);
  return undefined;
}
