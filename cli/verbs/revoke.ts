import type { Command } from 'commander';
import { revokeCard } from '../../builder/cards/revoke-card.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient } from '../../builder/workspace/find-named.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

export function addRevoke(program: Command, run: RunVerb): void {
  program
    .command('revoke')
    .argument('<client>')
    .description("shut out a client's card and every image made for it, at once and for good (semeur reissue CLIENT begins again)")
    .addHelpText('after', examples('semeur revoke durand'))
    .action((client: string) => run((session) => revoke(session, client)));
}

async function revoke(session: Session, name: string): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const { generation } = await revokeCard(workspace, findClient(workspace, name));
  const text = [`Revoked "${name}" up to generation ${generation}: home shuts it out within two seconds of reading out/orders/${name}.json`];
  return { json: { client: name, generation, revoked: true }, text };
}
