import { join } from 'node:path';
import type { Command } from 'commander';
import { overlaysOf } from '../../builder/profile/contents.ts';
import { reissueClientKeys } from '../../builder/seed/keys.ts';
import { makeSeeds } from '../../builder/seed/make.ts';
import { writeOrders } from '../../builder/seed/order.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient, findProfile } from '../../builder/workspace/find-named.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { ensureSecrets } from '../../builder/workspace/secrets.ts';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { checkWorkspaceClock } from './sound-tokens.ts';
import type { RunVerb } from './verb.ts';

export function addReissue(program: Command, run: RunVerb): void {
  program
    .command('reissue')
    .argument('<client>')
    .description(
      'new keys, a new token and a new seed for a client: the image before is worth nothing; a card that runs goes on until the new one calls',
    )
    .addHelpText('after', examples('semeur reissue durand'))
    .action((client: string) => run((session) => reissue(session, client)));
}

/** Keys, then seed, then order: cut anywhere, the same command again issues anew, and home hears of nothing that was not written. */
export async function reissue(session: Session, name: string, now = new Date()): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const client = findClient(workspace, name);
  // Its own token is about to go: one of a clock that was ahead is mended so.
  await checkWorkspaceClock(workspace, [], now);
  await ensureSecrets(workspace.folder);
  const { generation, tokenExpires } = await reissueClientKeys(workspace.folder, name, now);
  const services = overlaysOf(workspace, findProfile(workspace, client.profile)).map(({ overlay }) => overlay);
  const file = join(workspace.folder, 'out', `${name}.seed`);
  const [made] = await makeSeeds(workspace, [{ client, services, previous: file }], session.signal, now);
  if (!made) throw new Error('no seed was made');
  await writeFileAtomically(file, made.seed, { mode: 0o600 });
  await writeOrders(workspace, [client]);
  const text = [
    `Issued "${name}" anew, as generation ${generation}: ${file}`,
    `For a new card: semeur build ${name}. For the card it has: put the file on its boot partition, as semeur.seed`,
  ];
  return { json: { client: name, generation, seed: file, tokenExpires }, text };
}
