import { join } from 'node:path';
import type { Session } from '../../kit/session.ts';
import type { ClientManifest } from '../image/client-image.ts';
import { type BootOptions, type BootResult, bootImage } from '../try/boot-image.ts';
import { type Trial, withTrial } from '../try/trial.ts';
import { findClient } from '../workspace/find-named.ts';
import { type LoadedWorkspace, loadWorkspace } from '../workspace/load.ts';
import { buildCards } from './build-cards.ts';

/** For cards that nobody is given: the home that they will call is not there yet. */
export const FOR_TRIAL = { forTrial: true, hasCalled: () => false } as const;

export interface TrialCard {
  readonly workspace: LoadedWorkspace;
  readonly image: string;
  readonly manifest: ClientManifest;
}

/** Builds the card of one client of a trial's workspace, as what is booted soonest: a raw image. */
export async function makeTrialCard(session: Session, folder: string, client: string): Promise<TrialCard> {
  const workspace = await loadWorkspace(folder);
  const { out, clients } = await buildCards(session, workspace, [findClient(workspace, client)], { ...FOR_TRIAL, format: 'img', now: new Date() });
  const [manifest] = clients;
  if (!manifest) throw new Error('no card was made');
  return { workspace, image: join(out, manifest.image.file), manifest };
}

export interface TryOptions extends Required<Pick<BootOptions, 'timeoutSeconds'>>, Pick<BootOptions, 'log'> {
  /** What happens once home has taken the card in. */
  readonly visit?: (trial: Trial) => Promise<void>;
}

/** Boots a card beside a home of its own, which keeps its state in the workspace, until that has taken it in. */
export async function tryCard(session: Session, { workspace, image }: Omit<TrialCard, 'manifest'>, options: TryOptions): Promise<BootResult> {
  const { visit, ...boot } = options;
  return withTrial(session, workspace, join(workspace.folder, 'home'), (trial) =>
    bootImage(session, image, { ...boot, machine: 'virt', until: 'claimed', enter: trial.enter, visit: async () => visit?.(trial) }),
  );
}
