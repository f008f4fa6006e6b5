import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { type DownloadPlan, parsePlan, renderPlan } from '../../protocol/download.ts';
import type { Reading } from '../../protocol/message.ts';
import type { Home } from '../answers/home.ts';
import { isOpenOrder } from '../store/download-links.ts';

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
  const unknown = new Map<string, string>();
  for (const file of files) {
    const path = join(folder, file);
    const mark = await markOf(path);
    if (seen.get(file)?.mark !== mark) {
      const reading = await readPlanOf(path);
      seen.set(file, { mark, tokenSha256: secretsOf(reading.message) });
      for (const key of reading.message ? reading.unknown : []) unknown.set(key, file);
    }
    const { tokenSha256 } = seen.get(file) ?? {};
    if (tokenSha256 === undefined || isOpenOrder(database, tokenSha256) !== false) continue;
    const { message: plan } = await readPlanOf(path);
    // It may be another one by now.
    if (!plan || secretsOf(plan) !== tokenSha256) continue;
    await writeFileAtomically(path, renderPlan(withoutSecrets(plan)), { mode: 0o600 });
    log.info({ client: plan.client?.client }, 'the download is over: its secrets are gone');
  }
  // One line a look, not one a file: a newer builder writes the same key into every plan.
  if (unknown.size > 0) log.warn({ keys: [...unknown.keys()], first: [...unknown.values()][0] }, 'download plans have what only a newer home knows');
}

async function readPlanOf(path: string): Promise<Reading<DownloadPlan>> {
  return parsePlan(await readFile(path, 'utf8').catch(() => ''));
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
