import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Failure } from '../../kit/failure.ts';
import { fingerprintOf } from '../../kit/ssh-signature.ts';
import type { LoadedWorkspace } from '../workspace/load.ts';
import type { Client } from '../workspace/schema.ts';
import { readSeedKey, seedKeyFile } from '../workspace/secrets.ts';
import { loadSeedTemplates, readHomeFacts, renderSeedFiles } from './contents.ts';
import { HEADER_BYTES, renderHeader, SIGNATURE_BYTES } from './header.ts';
import { ensureClientKeys } from './keys.ts';
import { idsOf, listNamedPeople } from './named-people.ts';
import { assembleSeed } from './read-seed.ts';
import { renderSeedTar } from './seed-tar.ts';
import { signHeaders } from './signature.ts';

export interface MadeSeed {
  readonly client: Client;
  /** Header, tar, signature: what lies on the FAT partition as semeur.seed, or at the start of the seed region. */
  readonly seed: Buffer;
  readonly signer: string;
}

export interface SeedPlan {
  readonly client: Client;
  /** The profile's services, `card` and `firstboot` included. */
  readonly services: readonly string[];
  /** Where the client's last seed may lie: its signature is taken again if nothing changed, so that no signing key is asked. */
  readonly previous: string;
}

/** Makes keys where there are none, renders, packs, and signs all seeds in one call. */
export async function makeSeeds(workspace: LoadedWorkspace, plans: readonly SeedPlan[], signal: AbortSignal, now = new Date()): Promise<MadeSeed[]> {
  const { folder, operator } = workspace;
  const templates = await loadSeedTemplates(workspace);
  const home = await readHomeFacts(folder);
  const signer = fingerprintOf(await readSeedKey(folder));
  const unsigned = await Promise.all(
    plans.map(async ({ client, services, previous }) => {
      const keys = await ensureClientKeys(folder, client.client, now, idsOf(listNamedPeople(client, services, workspace.overlays)));
      const tar = renderSeedTar(renderSeedFiles(templates, operator, client, keys, home, services));
      const sha256 = createHash('sha256').update(tar).digest('hex');
      const header = renderHeader({
        client: client.client,
        profile: client.profile,
        generation: keys.generation,
        length: tar.length,
        sha256,
        signer,
      });
      return { client, tar, header, signature: await findSignature(previous, header) };
    }),
  );
  const waiting = unsigned.filter(({ signature }) => signature === undefined);
  const signatures =
    waiting.length === 0
      ? []
      : await signHeaders(
          waiting.map(({ header }) => header),
          await findSeedKey(folder),
          signal,
        );
  const signed = new Map(waiting.map(({ client }, index) => [client.client, signatures[index]]));
  return unsigned.map(({ client, tar, header, signature = signed.get(client.client) }) => {
    if (!signature) throw new Failure(`Cannot sign the seed of "${client.client}"`, { hint: 'Run the same command again' });
    return { client, seed: assembleSeed(header, tar, signature), signer };
  });
}

/** An agent or a token may hold the private half; without that, ssh-keygen's own words would be all that is said. */
async function findSeedKey(folder: string): Promise<string> {
  const file = seedKeyFile(folder);
  if (existsSync(file) || process.env['SSH_AUTH_SOCK']) return existsSync(file) ? file : `${file}.pub`;
  throw new Failure(`Cannot sign seeds: of the key that signs them, only "${file}.pub" is here`, {
    hint: 'Make seeds where the private half is, or load it into your ssh-agent',
  });
}

async function findSignature(previous: string, header: Buffer): Promise<Buffer | undefined> {
  const seed = await readFile(previous).catch(() => undefined);
  return seed?.subarray(0, HEADER_BYTES).equals(header) ? seed.subarray(-SIGNATURE_BYTES) : undefined;
}
