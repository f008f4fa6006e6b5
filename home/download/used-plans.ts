import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import type { DownloadPlan } from '../../protocol/download.ts';
import type { Home } from '../answers/home.ts';
import { isOpenOrder } from '../store/download-links.ts';
import { parsePlan } from './plan.ts';

const LOOK = 30_000;

/** Takes the secrets out of plans that are used, now and every half minute until `signal`: operators may send them again. */
export async function watchUsedPlans(folder: string, home: Pick<Home, 'database' | 'log'>, signal: AbortSignal): Promise<void> {
  const seen: SeenPlans = new Map();
  const look = async () => {
    await emptyUsedPlans(folder, home, seen).catch((error: unknown) => home.log.error({ err: error }, 'cannot take the secrets out of a download'));
    if (signal.aborted) return;
    const timer = setTimeout(look, LOOK);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  };
  await look();
}

/** By file: what it was like, and the order of the secrets that are in it, so that it needn't be read again while it stays so. */
type SeenPlans = Map<string, { readonly mark: string; readonly tokenSha256: string | undefined }>;

/**
 * A card that has called, or an order that ended, leaves of its plan what the page still says: no tail, no seed. What is open stays, and what
 * home doesn't know yet. @param seen changed.
 */
export async function emptyUsedPlans(folder: string, { database, log }: Pick<Home, 'database' | 'log'>, seen: SeenPlans = new Map()): Promise<void> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json') && !file.startsWith('.'));
  for (const file of files) {
    const path = join(folder, file);
    const mark = await markOf(path);
    if (seen.get(file)?.mark !== mark) seen.set(file, { mark, tokenSha256: secretsOf(await readPlanOf(path)) });
    const { tokenSha256 } = seen.get(file) ?? {};
    if (tokenSha256 === undefined || isOpenOrder(database, tokenSha256) !== false) continue;
    const plan = await readPlanOf(path);
    // It may be another one by now.
    if (!plan || secretsOf(plan) !== tokenSha256) continue;
    await writeFileAtomically(path, `${JSON.stringify(withoutSecrets(plan))}\n`, { mode: 0o600 });
    log.info({ client: plan.client?.client }, 'the download is over: its secrets are gone');
  }
}

async function readPlanOf(path: string): Promise<DownloadPlan | undefined> {
  return parsePlan(await readFile(path, 'utf8').catch(() => ''), () => undefined);
}

/** @returns the order that they are of; undefined if it has none. */
function secretsOf(plan: DownloadPlan | undefined): string | undefined {
  return plan?.client && (plan.tail !== undefined || plan.client.seed !== undefined) ? plan.client.tokenSha256 : undefined;
}

function withoutSecrets({ tail: _, client, ...plan }: DownloadPlan): DownloadPlan {
  if (!client) return plan;
  const { seed: __, ...rest } = client;
  return { ...plan, client: rest };
}

async function markOf(path: string): Promise<string> {
  const { mtimeMs, ino, size } = await stat(path).catch(() => ({ mtimeMs: 0, ino: 0, size: 0 }));
  return `${mtimeMs} ${ino} ${size}`;
}
