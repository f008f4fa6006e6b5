import { readFile } from 'node:fs/promises';
import { type DownloadPlan, type PlanOwner, parsePlan, planFile } from '../../protocol/download.ts';
import { SHORT_NAME } from '../../protocol/names.ts';
import type { Log } from '../answers/home.ts';

/** @returns undefined where there is none that can be used. What only a newer home knows is left out; `watchUsedPlans` names it. */
export async function readPlan(folder: string, of: PlanOwner, log: Log): Promise<DownloadPlan | undefined> {
  const isClient = 'client' in of;
  const wanted = isClient ? of.client : of.profile;
  if (!SHORT_NAME.test(wanted)) return undefined;
  const file = planFile(folder, of);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const reading = parsePlan(text);
  if (!reading.message) return void log.error({ file, keys: reading.wrong }, 'cannot read a download plan');
  const plan = reading.message;
  // A plan that was renamed would show one client another's image.
  return (isClient ? plan.client?.client : plan.client ? undefined : plan.profile) === wanted ? plan : undefined;
}
