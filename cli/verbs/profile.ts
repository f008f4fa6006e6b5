import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { profilesFolder, readManifest } from '../../builder/profile/built.ts';
import { ensureSoundProfile } from '../../builder/profile/publish.ts';
import type { LockOptions } from '../../builder/profile/stages.ts';
import { isUrl } from '../../builder/release/taking/download-release.ts';
import { fetchProfile } from '../../builder/release/taking/fetch-profile.ts';
import { addServices } from '../../builder/workspace/change-profile.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findProfile } from '../../builder/workspace/find-named.ts';
import { loadPlanned, loadWorkspace } from '../../builder/workspace/load.ts';
import { planFiles } from '../../builder/workspace/planned.ts';
import { writeFiles } from '../../builder/workspace/write-files.ts';
import { formatByteSize } from '../../kit/byte-size.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { addNewProfile } from './profile-new.ts';
import { readTrusted, SIGNERS } from './release-signers.ts';
import type { RunVerb } from './verb.ts';

export function addProfile(program: Command, run: RunVerb): void {
  const profile = program.command('profile').description('the public part of images: base, packages, services; no secret is in it');
  profile
    .command('build')
    .argument('<profile>', 'as in profiles/NAME.yaml')
    .description("make a profile's image in out/profiles/, from what its lock pins")
    .option('--update', 'take the newest packages, and renew the lock')
    .option('--locked', 'fail if the lock would change')
    .addHelpText('after', examples('semeur profile build maison', 'semeur profile build maison --update'))
    .action((name: string, options: LockOptions) => run((session) => buildProfile(session, name, options)));
  addNewProfile(profile, run);
  profile
    .command('list')
    .description('the profiles of the workspace, and which are built')
    .addHelpText('after', examples('semeur profile list'))
    .action(() => run(listProfiles));
  profile
    .command('fetch')
    .argument('<url>', "a release's folder on the internet")
    .description('take a published profile, signature checked, in the place of building it; on any system, without root')
    .option(...SIGNERS)
    .addHelpText('after', examples('semeur profile fetch https://example.org/release --signers release.pub'))
    .action((url: string, { signers }: { signers?: string }) => run((session) => fetchPublished(session, url, signers)));
  profile
    .command('add')
    .argument('<profile>', 'as in profiles/NAME.yaml')
    .argument('<services...>', 'as "semeur overlay list" names them')
    .description('give a profile more services; its clients have them from their next card on')
    .addHelpText('after', examples('semeur profile add maison calendar share'))
    .action((name: string, services: string[]) => run((session) => addToProfile(session, name, services)));
}

async function buildProfile(session: Session, name: string, options: LockOptions): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const { manifest } = await ensureSoundProfile(session, workspace, name, options);
  const file = join(profilesFolder(workspace.folder), manifest.image.file);
  return { json: manifest, text: [`${file}  ${formatByteSize(manifest.image.bytes)}, ${formatByteSize(manifest.extracted.bytes)} on the card`] };
}

async function fetchPublished(session: Session, url: string, signers: string | undefined): Promise<Report> {
  const folder = findWorkspace(session);
  if (!isUrl(url))
    throw new Failure(`Cannot take a profile from "${url}"`, { hint: "Give the address of a release's folder: https://…", exitCode: EXIT.usage });
  const fetched = await fetchProfile(session, folder, url, await readTrusted(session, signers));
  const { profile, signer, bytes } = fetched;
  const size = `${formatByteSize(fetched.fetched)} of ${formatByteSize(bytes)} downloaded`;
  return { json: fetched, text: [`Took the profile "${profile}", ${size}, signed by ${signer}`, 'Next: semeur build --all'] };
}

async function listProfiles(session: Session): Promise<Report> {
  const { folder, profiles, clients } = await loadWorkspace(findWorkspace(session));
  const rows = await Promise.all(
    [...profiles.values()].map(async ({ profile, base, services }) => {
      const manifest = await readManifest(folder, profile);
      const used = [...clients.values()].filter((client) => client.profile === profile).length;
      return { profile, base, services, clients: used, built: manifest?.build ?? null };
    }),
  );
  const text = rows.map(
    ({ profile, base, services, clients: used, built }) =>
      `${profile.padEnd(20)} ${base}, ${services.join(' + ') || 'no service'}, ${used} ${used === 1 ? 'client' : 'clients'}, ${built ? `built ${built.slice(0, 12)}` : 'not built'}`,
  );
  return { json: { profiles: rows }, text };
}

async function addToProfile(session: Session, name: string, services: readonly string[]): Promise<Report> {
  const { folder, profiles } = await loadWorkspace(findWorkspace(session));
  const { profile, services: before } = findProfile({ profiles }, name);
  const [there, added] = [true, false].map((isThere) => [...new Set(services)].filter((service) => before.includes(service) === isThere)) as [
    string[],
    string[],
  ];
  const path = `profiles/${profile}.yaml`;
  const known = there.length > 0 ? [`"${profile}" has this already: ${there.join(', ')}`] : [];
  if (added.length === 0) return { json: { profile, added, there }, text: known };
  const files = new Map([[path, addServices(await readFile(join(folder, path), 'utf8'), added)]]);
  await loadPlanned(folder, planFiles(files));
  await writeFiles(folder, files);
  return { json: { profile, added, there }, text: [...known, `Added ${added.join(', ')} to "${path}"; for new cards: semeur build --all`] };
}
