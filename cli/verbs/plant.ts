import type { Command } from 'commander';
import { plantCard } from '../../builder/cards/plant-card.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient } from '../../builder/workspace/find-named.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { askHome } from './token-news.ts';
import type { RunVerb } from './verb.ts';

export function addPlant(program: Command, run: RunVerb): void {
  program
    .command('plant')
    .argument('<client>')
    .argument('<target>', "an .img, or the card's device, such as /dev/sda")
    .description("write a client's seed onto an already flashed card or a raw image of its profile")
    .addHelpText('after', examples('semeur plant durand /dev/sda', 'semeur plant durand out/profiles/maison.img'))
    .action((client: string, target: string) => run((session) => plant(session, client, target)));
}

async function plant(session: Session, name: string, target: string): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const client = findClient(workspace, name);
  const where = await plantCard(session, workspace, client, target, { hasCalled: askHome(workspace.folder), now: new Date() });
  const text =
    where === 'region'
      ? `The seed of "${name}" is in the seed region of ${target}`
      : `The seed of "${name}" is on the boot partition of ${target}, as semeur.seed: the card has grown over its seed region`;
  return { json: { client: name, target, where }, text: [text] };
}
