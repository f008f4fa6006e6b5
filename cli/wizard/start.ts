import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkProfile } from '../../builder/workspace/check-profiles.ts';
import { drawPrefix } from '../../builder/workspace/defaults.ts';
import type { LoadedOverlay } from '../../builder/workspace/loaded.ts';
import { type OverlayEntry, readOverlays } from '../../builder/workspace/overlays.ts';
import { planFiles } from '../../builder/workspace/planned.ts';
import { operatorSchema } from '../../builder/workspace/schema.ts';
import { planStarter, type StarterOptions } from '../../builder/workspace/starter.ts';
import { fitIntoFolder } from '../../builder/workspace/write-files.ts';
import { clientOf, clientSteps, type Surroundings } from './client-steps.ts';
import type { Desk } from './desk.ts';
import { type Answers, answerOf, answersOf, type Step } from './dialogue.ts';
import { operatorSteps, profileOf, profileSteps, serviceChoices } from './operator-steps.ts';
import { initCommand, newClientCommand } from './same-commands.ts';
import { say, splitWords, topic } from './steps.ts';
import { runWriteTask, type WriteTask } from './write-task.ts';

/**
 * From an empty folder to a workspace with a client.
 * @param given the workspace's folder, where the command line named one.
 * @returns the folder and the client; undefined when nothing was written.
 */
export async function startWorkspace(
  desk: Desk,
  given: string | undefined,
  resumed: Answers,
): Promise<{ folder: string; client: string } | undefined> {
  const place = resolve(given ?? '.');
  const task = await planStart(desk, place, given);
  const answers = await runWriteTask(desk, task, resumed);
  return answers && { folder: folderOf(place, answers), client: answerOf(answers, 'client') };
}

async function planStart(desk: Desk, place: string, given: string | undefined): Promise<WriteTask> {
  const { words, language } = desk;
  const { overlays: entries } = await readOverlays(place);
  const overlays = new Map([...entries].flatMap(([name, { value, folder }]) => (value ? [[name, { ...value, folder }] as const] : [])));
  const prefix = drawPrefix();
  const refuseServices = (answers: Answers) => (services: readonly string[]) => {
    const text = planStarter(optionsOf({ ...answers, services }, overlays, prefix)).get(`profiles/${answerOf(answers, 'profile')}.yaml`) ?? '';
    return say(words, 'services', refuseProfile(text, entries));
  };
  return {
    task: 'start',
    subject: '',
    place,
    dialogue: (answers) => [
      ...(given === undefined ? [folderStep(desk, place)] : []),
      ...operatorSteps(words, language, answers),
      ...profileSteps(words, answers, serviceChoices(overlays.values(), language), refuseServices(answers)),
      ...clientSteps({ words, language, around: surroundingsOf(answers, overlays) }, answers),
    ],
    plan: async (answers) => {
      const folder = folderOf(place, answers);
      const options = optionsOf(answers, overlays, prefix);
      const client = clientOf(surroundingsOf(answers, overlays), answers);
      const files = await fitIntoFolder(folder, planStarter({ ...options, clients: [client] }));
      const commands = [initCommand(folder, options), newClientCommand(folder, client, { profile: false })];
      return { folder, files, changed: [...files.keys()].filter((path) => existsSync(join(folder, path))), commands };
    },
  };
}

function folderStep({ words }: Desk, place: string): Step {
  const refuse = (text: string) => {
    const folder = resolve(place, text);
    const isFree = text !== '' && !existsSync(join(folder, 'semeur.yaml')) && (!existsSync(folder) || statSync(folder).isDirectory());
    return isFree ? undefined : words.refusal('folder', { message: 'a workspace is there already, or a file' });
  };
  const isEmpty = readdirSync(place).every((name) => name === '.git');
  return { ...topic(words, 'folder'), kind: 'text', default: isEmpty ? '.' : 'coop', refuse };
}

function folderOf(place: string, answers: Answers): string {
  return typeof answers['folder'] === 'string' ? resolve(place, answers['folder']) : place;
}

/** What the checks of the workspace say of a profile. */
export function refuseProfile(text: string, overlays: ReadonlyMap<string, OverlayEntry>) {
  const [entry] = planFiles(new Map([['profiles/maison.yaml', text]])).profiles ?? [];
  const [finding] = entry ? checkProfile({ ...entry, name: entry.known.profile ?? entry.name }, overlays) : [];
  return finding && { message: finding.message, ...(finding.hint === undefined ? {} : { hint: finding.hint }) };
}

function optionsOf(answers: Answers, overlays: ReadonlyMap<string, LoadedOverlay>, prefix: string): StarterOptions {
  const phone = answerOf(answers, 'phone');
  return {
    operator: answerOf(answers, 'operator'),
    email: answerOf(answers, 'email'),
    phone: phone === '' ? undefined : phone,
    language: operatorSchema.shape.language.parse(answers['language']),
    timezone: answerOf(answers, 'timezone'),
    prefix,
    endpoints: splitWords(answerOf(answers, 'endpoints')),
    home: answerOf(answers, 'home'),
    profile: profileOf(answers, answersOf(answers, 'boards')),
    services: answersOf(answers, 'services').flatMap((service) => overlays.get(service) ?? []),
    clients: [],
  };
}

/** What the client will find, from what was answered so far. */
function surroundingsOf(answers: Answers, overlays: ReadonlyMap<string, LoadedOverlay>): Surroundings {
  const services = answers['services'];
  const profile = { services: Array.isArray(services) ? services : [] };
  return {
    operator: { language: answers['language'] === 'en' ? 'en' : 'fr' },
    profiles: new Map([[String(answers['profile']), profile]]),
    overlays,
    clients: new Map(),
  };
}
