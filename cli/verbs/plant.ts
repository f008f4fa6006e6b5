import type { Command } from 'commander';
import { plantSeed } from '../../builder/cards/plant-seed.ts';
import { overlaysOf } from '../../builder/profile/contents.ts';
import { makeSeeds } from '../../builder/seed/make.ts';
import { writeOrders } from '../../builder/seed/order.ts';
import { readTokens } from '../../builder/seed/token-life.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient, findProfile } from '../../builder/workspace/find-named.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { ensureSecrets } from '../../builder/workspace/secrets.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { checkWorkspaceClock, refreshTokens } from './sound-tokens.ts';
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

async function plant(session: Session, name: string, target: string, now = new Date()): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const client = findClient(workspace, name);
  await checkWorkspaceClock(workspace, await readTokens(workspace.folder, [name]), now);
  await ensureSecrets(workspace.folder);
  await refreshTokens(session, workspace, [name], now);
  const services = overlaysOf(workspace, findProfile(workspace, client.profile)).map(({ overlay }) => overlay);
  const [made] = await makeSeeds(workspace, [{ client, services, previous: `${workspace.folder}/out/${name}.seed` }], session.signal, now);
  if (!made) throw new Error('no seed was made');
  await writeOrders(workspace, [client]);
  const where = await plantSeed(target, made.seed, client.profile);
  const text =
    where === 'region'
      ? `The seed of "${name}" is in the seed region of ${target}`
      : `The seed of "${name}" is on the boot partition of ${target}, as semeur.seed: the card has grown over its seed region`;
  return { json: { client: name, target, where }, text: [text] };
}
