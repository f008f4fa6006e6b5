import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addServices } from '../../builder/workspace/change-profile.ts';
import { findProfile } from '../../builder/workspace/find-named.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { LoadedWorkspace } from '../../builder/workspace/loaded.ts';
import { readOverlays } from '../../builder/workspace/overlays.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report } from '../../kit/session.ts';
import { addClient, changeClientOf } from './client-tasks.ts';
import type { Desk } from './desk.ts';
import { type Answers, answersOf } from './dialogue.ts';
import { serviceChoices } from './operator-steps.ts';
import { BACK, type Choice } from './questions.ts';
import { formatCommand, nextCommands, workspaceFlag } from './same-commands.ts';
import { refuseProfile } from './start.ts';
import { say, topic } from './steps.ts';
import type { Topic } from './words-en.ts';
import { runWriteTask } from './write-task.ts';

type Task = (desk: Desk, workspace: LoadedWorkspace) => Promise<void>;

/** In the order of the menu; "leave" is the last. */
const TASKS: Readonly<Record<string, Task>> = {
  'add-client': async (desk, workspace) => {
    const client = await addClient(desk, workspace);
    if (client !== undefined) await offerBuild(desk, workspace.folder, client);
  },
  'change-client': async (desk, workspace) => {
    const client = await chooseOne(desk, 'whichClient', clientChoices(workspace));
    if (client !== undefined) await changeClientOf(desk, workspace, client);
  },
  'add-service': async (desk, workspace) => {
    const profile = await chooseOne(desk, 'whichProfile', namesOf(workspace.profiles));
    if (profile !== undefined) await addService(desk, workspace, profile);
  },
  build: buildSome,
  reissue: reissueOne,
  fleet: async (desk, { folder }) => report(desk, folder, ['fleet', 'list'], (session) => desk.actions.listFleet(session)),
};

/** Until somebody leaves. What a task can't do is told, and the menu comes back. */
export async function runMenu(desk: Desk, folder: string): Promise<void> {
  const { questions, words } = desk;
  const names = [...Object.keys(TASKS), 'leave'] as (keyof typeof words.tasks)[];
  const choices = names.map((value) => ({ value, label: words.tasks[value] }));
  for (;;) {
    const chosen = await questions.choose({ message: words.menuAsk, choices, canGoBack: false, default: 'add-client' });
    const task = typeof chosen === 'string' ? TASKS[chosen] : undefined;
    if (!task) return;
    await tellFailure(desk, async () => task(desk, await loadWorkspace(folder)));
  }
}

/** Goes on with what was not finished. */
export async function resumeTask(desk: Desk, folder: string, { task, subject, answers }: { task: string; subject: string; answers: Answers }) {
  const workspace = await loadWorkspace(folder);
  if (task === 'change-client') return changeClientOf(desk, workspace, subject, answers);
  if (task === 'add-service') return addService(desk, workspace, subject, answers);
  const client = await addClient(desk, workspace, answers);
  if (client !== undefined) await offerBuild(desk, folder, client);
}

export async function offerBuild(desk: Desk, folder: string, client: string): Promise<void> {
  const { questions, words } = desk;
  const choices = [
    { value: 'now', label: words.now },
    { value: 'later', label: words.later },
  ];
  const answer = await questions.choose({ message: words.buildAsk, why: words.buildWhy, choices, default: 'now', canGoBack: false });
  if (answer === 'now') await tellFailure(desk, () => build(desk, folder, [client]));
  else desk.commands.push(formatCommand(['build', client, ...workspaceFlag(folder)]));
}

/** Failures are the person's to read, not the end; a stop is the end. */
async function tellFailure({ questions, words, session }: Desk, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode === EXIT.interrupted || session.signal.aborted) throw error;
    questions.tell(['', words.failed(error.message, error.hint), ...error.details.map((line) => `    ${line}`)]);
  }
}

async function build(desk: Desk, folder: string, clients: readonly string[] | 'all'): Promise<void> {
  const [names, all] = clients === 'all' ? [[], true] : [clients, false];
  const argv = ['build', ...(all ? ['--all'] : names)];
  desk.questions.tell(['', desk.words.building(formatCommand([...argv, ...workspaceFlag(folder)]))]);
  await report(desk, folder, argv, (session) => desk.actions.build(session, names, { all }));
  const { operator } = await loadWorkspace(folder);
  for (const client of names) desk.next.push(...nextCommands(folder, client, operator.vpn.endpoints));
}

/** Does what a verb does, shows its report, and keeps the command. */
async function report(
  { session, questions, commands }: Desk,
  folder: string,
  argv: readonly string[],
  verb: (session: Desk['session']) => Promise<Report>,
) {
  commands.push(formatCommand([...argv, ...workspaceFlag(folder)]));
  const { text } = await verb({ ...session, workspace: folder });
  questions.tell(['', ...text]);
}

async function addService(desk: Desk, { folder, profiles, overlays }: LoadedWorkspace, name: string, resumed: Answers = {}): Promise<void> {
  const { words, language, questions } = desk;
  const { profile, services } = findProfile({ profiles }, name);
  const choices = serviceChoices(overlays.values(), language, services);
  if (choices.length === 0) return questions.tell(['', words.noMoreServices]);
  const path = `profiles/${profile}.yaml`;
  const [before, { overlays: entries }] = await Promise.all([readFile(join(folder, path), 'utf8'), readOverlays(folder)]);
  const refuse = (added: readonly string[]) => say(words, 'newServices', refuseProfile(addServices(before, added), entries));
  await runWriteTask(
    desk,
    {
      task: 'add-service',
      subject: name,
      place: folder,
      dialogue: () => [{ ...topic(words, 'newServices'), kind: 'many', choices, default: [], refuse }],
      plan: async (answers) => {
        const added = answersOf(answers, 'newServices');
        const files = new Map(added.length > 0 ? [[path, addServices(before, added)]] : []);
        return { folder, files, changed: [path], commands: [formatCommand(['profile', 'add', profile, ...added, ...workspaceFlag(folder)])] };
      },
    },
    resumed,
  );
}

async function buildSome(desk: Desk, workspace: LoadedWorkspace): Promise<void> {
  const { questions, words } = desk;
  const choices = clientChoices(workspace);
  if (choices.length === 0) return questions.tell(['', words.noClient]);
  const ways = (['all', 'some'] as const).map((value) => ({ value, label: words[value] }));
  const way = await questions.choose({ message: words.asks.whichClients.ask, why: words.buildWhy, choices: ways, default: 'all', canGoBack: true });
  if (way === BACK) return;
  if (way === 'all') return build(desk, workspace.folder, 'all');
  const { ask: message, why } = words.asks.whichClients;
  const chosen = await questions.chooseMany({ message, why, choices, default: [], canGoBack: true });
  if (chosen !== BACK && chosen.length > 0) await build(desk, workspace.folder, chosen);
}

async function reissueOne(desk: Desk, workspace: LoadedWorkspace): Promise<void> {
  const { words } = desk;
  const client = await chooseOne(desk, 'whichClient', clientChoices(workspace));
  if (client === undefined) return;
  const answers = [
    { value: 'no', label: words.no },
    { value: 'yes', label: words.yes },
  ];
  if ((await chooseOne(desk, 'sure', answers)) !== 'yes') return;
  await report(desk, workspace.folder, ['reissue', client], (session) => desk.actions.reissue(session, client));
}

async function chooseOne({ questions, words }: Desk, name: Topic, choices: readonly Choice[]): Promise<string | undefined> {
  const { message, why } = topic(words, name);
  if (choices.length === 0) questions.tell(['', words.noClient]);
  if (choices.length === 0) return undefined;
  const chosen = await questions.choose({ message, ...(why === '' ? {} : { why }), choices, canGoBack: true });
  return chosen === BACK ? undefined : chosen;
}

function clientChoices({ clients }: LoadedWorkspace): Choice[] {
  return [...clients.values()].map(({ client, name }) => ({ value: client, label: `${client} (${name})` }));
}

function namesOf(named: ReadonlyMap<string, unknown>): Choice[] {
  return [...named.keys()].map((value) => ({ value, label: value }));
}
