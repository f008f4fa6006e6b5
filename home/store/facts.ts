import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';

/** What those who manage home on its server must know of it, where the workspace isn't. No secret is in it. */
export interface HomeFacts {
  /** "fd5e:3e0f:1a2b::/48" */
  readonly prefix: string;
  readonly endpoints: readonly string[];
  /** The public key of the VPN's hub. */
  readonly hubKey: string;
  /** Where the internet reaches the download pages. */
  readonly downloads?: string | undefined;
}

/** Kept in home's folder at each start, beside the database. */
export async function keepFacts(stateFolder: string, facts: HomeFacts): Promise<void> {
  await writeFileAtomically(factsFile(stateFolder), `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
}

/** Undefined where no home has run yet. */
export async function readFacts(stateFolder: string): Promise<HomeFacts | undefined> {
  const text = await readFile(factsFile(stateFolder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as HomeFacts);
}

function factsFile(stateFolder: string): string {
  return join(stateFolder, 'home.json');
}
