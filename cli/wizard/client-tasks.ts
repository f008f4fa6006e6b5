import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type ClientChange, changeClient } from '../../builder/workspace/change-client.ts';
import { findClient } from '../../builder/workspace/find-named.ts';
import type { LoadedWorkspace } from '../../builder/workspace/loaded.ts';
import { planClient } from '../../builder/workspace/new-client.ts';
import type { NewClient } from '../../builder/workspace/render-client.ts';
import type { Client } from '../../builder/workspace/schema.ts';
import { clientOf, clientSteps } from './client-steps.ts';
import type { Desk } from './desk.ts';
import { type Answers, answerOf } from './dialogue.ts';
import { newClientCommand, setClientCommand } from './same-commands.ts';
import { runWriteTask, type WriteTask } from './write-task.ts';

/** @returns the client's short name; undefined when nothing was written. */
export async function addClient(desk: Desk, workspace: LoadedWorkspace, resumed: Answers = {}): Promise<string | undefined> {
  const { words, language } = desk;
  const { folder } = workspace;
  const task: WriteTask = {
    task: 'add-client',
    subject: '',
    place: folder,
    dialogue: (answers) => clientSteps({ words, language, around: workspace }, answers),
    plan: async (answers) => {
      const client = clientOf(workspace, answers);
      const command = newClientCommand(folder, client, { profile: workspace.profiles.size > 1 });
      return { folder, files: new Map([[`clients/${client.client}.yaml`, planClient(workspace, client)]]), changed: [], commands: [command] };
    },
  };
  const answers = await runWriteTask(desk, task, resumed);
  return answers && answerOf(answers, 'client');
}

export async function changeClientOf(desk: Desk, workspace: LoadedWorkspace, name: string, resumed: Answers = {}): Promise<void> {
  const { words, language } = desk;
  const current = findClient(workspace, name);
  const path = `clients/${name}.yaml`;
  await runWriteTask(
    desk,
    {
      task: 'change-client',
      subject: name,
      place: workspace.folder,
      dialogue: (answers) => clientSteps({ words, language, around: workspace, current }, answers),
      plan: async (answers) => {
        const change = changesBetween(current, clientOf(workspace, answers, current), workspace);
        const before = await readFile(join(workspace.folder, path), 'utf8');
        const text = changeClient(before, change);
        const command = setClientCommand(workspace.folder, name, change);
        return { folder: workspace.folder, files: new Map(text === before ? [] : [[path, text]]), changed: [path], commands: [command] };
      },
    },
    resumed,
  );
}

/** Only what was answered otherwise than it is. */
function changesBetween(current: Client, wanted: NewClient, { operator, overlays }: LoadedWorkspace): ClientChange {
  const { name, profile, language = operator.language, hostname = current.client } = wanted;
  const changed = <T>(key: string, before: T, after: T) => (before === after ? {} : { [key]: after });
  return {
    ...changed('name', current.name, name),
    ...changed('profile', current.profile, profile),
    ...changed('language', current.language, language),
    // The client's own name needs no key.
    ...(hostname === current.hostname ? {} : { hostname: hostname === current.client ? '' : hostname }),
    ...changedSettings(current, wanted.settings ?? {}, overlays),
    ...(isDeepStrictEqual(current.wifi, wanted.wifi) ? {} : { wifi: wanted.wifi ?? null }),
  };
}

function changedSettings({ settings }: Client, wanted: Client['settings'], overlays: LoadedWorkspace['overlays']): ClientChange {
  const services = Object.entries(wanted).flatMap(([service, texts]) => {
    const before = (key: string) => settings[service]?.[key] ?? overlays.get(service)?.settings[key]?.default ?? '';
    const changed = Object.entries(texts).filter(([key, text]) => text !== before(key));
    return changed.length > 0 ? [[service, Object.fromEntries(changed)] as const] : [];
  });
  return services.length > 0 ? { settings: Object.fromEntries(services) } : {};
}
