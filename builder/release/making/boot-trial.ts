import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import { writeFileAtomically } from '../../../kit/atomic-file.ts';
import { runCommand } from '../../../kit/command.ts';
import { Failure } from '../../../kit/failure.ts';
import type { Session } from '../../../kit/session.ts';
import { withWorkFolder } from '../../sandbox/sandbox.ts';
import { bootImage } from '../../try/boot-image.ts';
import { SEMEUR, withTrial } from '../../try/trial.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../workspace/load.ts';
import type { Profile } from '../../workspace/schema.ts';
import { seedKeyFile } from '../../workspace/secrets.ts';
import { copyWorkspace } from '../folder/workspace-tar.ts';

/** Whose card is booted: nobody's. */
const CLIENT = 'release-trial';
/** Where the trial's home answers: an address of examples (RFC 5737). */
const ENDPOINT = '192.0.2.10:51820';
const BOOT_SECONDS = 900;
const WELL_SECONDS = 600;

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
export async function tryBoot(session: Session, workspace: LoadedWorkspace, profile: Profile): Promise<BootReport> {
  return withWorkFolder(async (work) => {
    const folder = join(work.path, 'trial');
    await makeTrialWorkspace(folder, workspace, profile);
    const argv = [...SEMEUR, 'build', CLIENT, '--format', 'img', '--json', '--workspace', folder];
    const built = await session.progress.step('Making the card of the trial', async (note) =>
      JSON.parse(
        String(await runCommand(argv, { doing: 'build the card of the trial', signal: session.signal, onLine: (line) => note(line.trim()) })),
      ),
    );
    const image = join(folder, 'out', `${CLIENT}.img`);
    const [{ prefix }] = built.clients;
    const booted = await withTrial(session, await loadWorkspace(folder), join(folder, 'home'), ({ enter, state }) =>
      bootImage(session, image, {
        machine: 'virt',
        until: 'claimed',
        timeoutSeconds: BOOT_SECONDS,
        enter,
        log: join(work.path, 'boot.txt'),
        visit: () => waitUntilWell(session, state),
      }),
    );
    const { machine, kernel, seconds } = booted;
    return { state: 'well', machine, kernel, prefix, seconds, console: await readFile(booted.console, 'utf8') };
  });
}

/** The profile's workspace, with home where the trial has it, and one client for whom every service is as it is by itself: no real one's words get on the console. */
async function makeTrialWorkspace(folder: string, workspace: LoadedWorkspace, profile: Profile): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await copyWorkspace(folder, workspace, profile);
  const { operator } = workspace;
  const trial = { ...operator, vpn: { ...operator.vpn, endpoints: [ENDPOINT] }, home: { url: operator.home.url } };
  await writeFileAtomically(join(folder, 'semeur.yaml'), stringify(trial));
  const client = { client: CLIENT, name: CLIENT, profile: profile.profile };
  await writeFileAtomically(join(folder, 'clients', `${CLIENT}.yaml`), stringify(client));
  const key = seedKeyFile(workspace.folder);
  await copyFile(key, seedKeyFile(folder)).catch((cause: NodeJS.ErrnoException) => {
    throw new Failure(`Cannot try the image: a card needs a seed, and the key that signs seeds is not in "${key}"`, {
      hint: 'Put the private half there, or leave the trial out: --no-boot',
      cause,
    });
  });
}

async function waitUntilWell(session: Session, state: string): Promise<void> {
  const last = { state: '' };
  for (const end = performance.now() + WELL_SECONDS * 1000; performance.now() < end; await wait(3000, undefined, { signal: session.signal })) {
    const { clients } = JSON.parse(
      String(await runCommand([...SEMEUR, 'fleet', 'list', '--json', '--state', state], { doing: 'ask home about the trial', ...session })),
    );
    last.state = clients[0]?.state ?? 'unknown';
    if (last.state === 'well') return;
  }
  throw new Failure(`Cannot release the image: its card was not well after ${WELL_SECONDS} s, but "${last.state}"`, {
    hint: 'Look for what fails: semeur boot on an image of this profile',
  });
}
