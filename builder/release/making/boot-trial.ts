import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../../kit/failure.ts';
import { innerProgress } from '../../../kit/inner-progress.ts';
import type { Session } from '../../../kit/session.ts';
import { writeTrialFiles } from '../../cards/trial-workspace.ts';
import { makeTrialCard, tryCard } from '../../cards/try-card.ts';
import { withWorkFolder } from '../../sandbox/sandbox.ts';
import type { LoadedWorkspace } from '../../workspace/load.ts';
import type { Profile } from '../../workspace/schema.ts';
import { seedKeyFile } from '../../workspace/secrets.ts';
import { copyWorkspace } from '../folder/workspace-tar.ts';

/** Whose card is booted: nobody's. */
const CLIENT = 'release-trial';
const BOOT_SECONDS = 900;
const WELL_SECONDS = 600;

/** What home says of the trial's card, read in home's own folder: the builder doesn't know what lies there, so whoever knows both tells it. */
export type AskHome = (state: string) => string | undefined;

/** How an image did in QEMU, beside a home of its own. */
export interface BootReport {
  /** "well": claimed, its first boot done, and home has heard so of it. */
  readonly state: 'well';
  readonly machine: string;
  /** Whose kernel was booted: the image's own, or Debian's in its place. */
  readonly kernel: string;
  /** Digest of the prefix: this profile's, with the seed of a client made for the trial behind it. */
  readonly prefix: string;
  readonly seconds: Readonly<Record<string, number | null>>;
  /** What the console said. */
  readonly console: string;
}

/**
 * Boots the profile as the card of a client of its own, until home hears that it is well.
 * @throws {Failure} when it doesn't come so far, with the end of its console.
 */
export async function tryBoot(session: Session, workspace: LoadedWorkspace, profile: Profile, askHome: AskHome): Promise<BootReport> {
  return withWorkFolder(async (work) => {
    const folder = join(work.path, 'trial');
    await makeTrialWorkspace(folder, workspace, profile);
    const card = await session.progress.step('Making the card of the trial', (note) =>
      makeTrialCard({ ...session, progress: innerProgress(note) }, folder, CLIENT),
    );
    const booted = await tryCard(session, card, {
      timeoutSeconds: BOOT_SECONDS,
      log: join(work.path, 'boot.txt'),
      visit: ({ state }) => waitUntilWell(session, () => askHome(state)),
    });
    const { machine, kernel, seconds } = booted;
    return { state: 'well', machine, kernel, prefix: card.manifest.prefix, seconds, console: await readFile(booted.console, 'utf8') };
  });
}

/** The workspace as the release carries it, for one client that is nobody. */
async function makeTrialWorkspace(folder: string, workspace: LoadedWorkspace, profile: Profile): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await copyWorkspace(folder, workspace, profile);
  await writeTrialFiles(folder, workspace.operator, { client: CLIENT, name: CLIENT, profile: profile.profile });
  const key = seedKeyFile(workspace.folder);
  await copyFile(key, seedKeyFile(folder)).catch((cause: NodeJS.ErrnoException) => {
    throw new Failure(`Cannot try the image: a card needs a seed, and the key that signs seeds is not in "${key}"`, {
      hint: 'Put the private half there, or leave the trial out: --no-boot',
      cause,
    });
  });
}

async function waitUntilWell({ signal }: Session, ask: () => string | undefined): Promise<void> {
  let last = 'unknown';
  for (const end = performance.now() + WELL_SECONDS * 1000; performance.now() < end; await wait(3000, undefined, { signal })) {
    last = ask() ?? 'unknown';
    if (last === 'well') return;
  }
  throw new Failure(`Cannot release the image: its card was not well after ${WELL_SECONDS} s, but "${last}"`, {
    hint: 'Look for what fails: semeur boot on an image of this profile',
  });
}
