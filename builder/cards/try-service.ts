import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { runCommand } from '../../kit/command.ts';
import type { Session } from '../../kit/session.ts';
import { DEFAULT_BASE } from '../platform/platforms.ts';
import { requireTrial } from '../try/needs.ts';
import type { LoadedWorkspace } from '../workspace/loaded.ts';
import type { Overlay } from '../workspace/overlay-schema.ts';
import { writeTrialFiles } from './trial-workspace.ts';
import { makeTrialCard, tryCard } from './try-card.ts';

const EXAMINATION = join(import.meta.dirname, '../try/examine-service.sh');
/** The profile and the client that are made for the trial. */
const TRIED = 'tried';
/** A service that starts slowly, emulated, on a busy machine. */
const BOOT_SECONDS = 600;

/** Boots a card that has this service alone, and examines it over SSH: health, ports, sandbox, backup and restore. @returns what was found, and what programs said meanwhile. */
export async function tryService(session: Session, workspace: LoadedWorkspace, overlay: Overlay): Promise<string> {
  await requireTrial(session);
  const folder = await makeServiceWorkspace(workspace, overlay);
  let output = '';
  await tryCard(session, await makeTrialCard(session, folder, TRIED), {
    timeoutSeconds: BOOT_SECONDS,
    visit: async ({ enter, state }) => {
      const remote = `set -- ${overlay.units.enable.join(' ')}\n${await readFile(EXAMINATION, 'utf8')}`;
      // The way to the card begins in the trial's network, and this process is not in it.
      const argv = [...enter, ...session.program, 'ssh', '--workspace', folder, '--state', state, TRIED, remote];
      output = (await runCommand(argv, { doing: 'ask the trial', signal: session.signal })).toString('utf8');
    },
  });
  return output;
}

/** A workspace of its own in the operator's out/: nothing of theirs is issued, and the second trial finds what the first one made. */
export async function makeServiceWorkspace({ folder: from, operator }: LoadedWorkspace, { overlay }: Pick<Overlay, 'overlay'>): Promise<string> {
  const folder = join(from, 'out', 'overlay-tests', overlay);
  // A card's first day: a home that has taken it in before would turn it away, and the keys of a trial of last winter are too old.
  for (const part of ['home', 'secrets/clients', 'out/orders']) await rm(join(folder, part), { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await rm(join(folder, 'overlays'), { recursive: true, force: true });
  await cp(join(from, 'overlays'), join(folder, 'overlays'), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  const profile = { profile: TRIED, base: DEFAULT_BASE, boards: ['pi4'], services: [overlay] };
  await writeFileAtomically(join(folder, 'profiles', `${TRIED}.yaml`), stringify(profile));
  await writeTrialFiles(folder, operator, { client: TRIED, name: 'Trial', profile: TRIED });
  return folder;
}
