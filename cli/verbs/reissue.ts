import type { Command } from 'commander';
import { reissueCard } from '../../builder/cards/reissue-card.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient } from '../../builder/workspace/find-named.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
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

/** The wizard calls it too. */
export async function reissue(session: Session, name: string, now = new Date()): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const issued = await reissueCard(session, workspace, findClient(workspace, name), now);
  const text = [
    `Issued "${name}" anew, as generation ${issued.generation}: ${issued.seed}`,
    `For a new card: semeur build ${name}. For the card it has: put the file on its boot partition, as semeur.seed`,
  ];
  return { json: { client: name, ...issued }, text };
}
