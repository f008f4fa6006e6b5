import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { buildCards } from '../../builder/cards/build-cards.ts';
import { readPublicKey, releaseKeyFile, signSums } from '../../builder/release/folder/signers.ts';
import { renderSums, SUMS, SUMS_SIGNATURE, sumFolder } from '../../builder/release/folder/sums.ts';
import { makeRelease } from '../../builder/release/making/make.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import { listFleet } from '../../home/store/fleet.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { formatByteSize } from '../../kit/byte-size.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { ICON } from '../../web/pictures.ts';
import { examples } from './examples.ts';
import { addReleaseChecks } from './release-checks.ts';
import { askHome } from './token-news.ts';
import type { RunVerb } from './verb.ts';

interface ReleaseFlags {
  readonly out?: string;
  readonly previous?: string;
  readonly key?: string;
  readonly unsigned?: boolean;
  readonly url?: string;
  readonly withPool?: boolean;
  readonly boot: boolean;
  readonly update?: boolean;
  readonly allClients?: boolean;
}

export function addRelease(program: Command, run: RunVerb): void {
  const release = program
    .command('release')
    .argument('<profile>', 'as in profiles/NAME.yaml')
    .description("a folder for any web server: a profile's image, booted once in QEMU, with all that anyone needs to check and to rebuild it, signed")
    // Each verb below it has its own options: "--key" behind "sign" is not this one, nor do they need "--out".
    .enablePositionalOptions()
    .option('--out <dir>', 'where to write it: a new folder, or that of an earlier release, which it replaces')
    .option('--previous <dir>', 'the release before it, for the notes')
    .option('--key <file>', 'the key that signs, or the public half of one in your ssh-agent (default: secrets/release_key)')
    .option('--unsigned', 'sign later, perhaps elsewhere: semeur release sign')
    .option('--url <https://…>', 'where the folder will be on the internet, for the list that Raspberry Pi Imager reads', readAddress)
    .option('--with-pool', 'the packages too, so that it can be rebuilt when no mirror has them any more')
    .option('--no-boot', "don't boot it first")
    .option('--update', 'take the newest packages, and renew the lock')
    .option('--all-clients', "every client's image of the profile as well, in DIR.clients, for you alone: it holds their keys")
    .addHelpText(
      'after',
      examples('semeur release maison --out ../release', 'semeur release maison --out ../release --update --previous ../release-10'),
    )
    .action((name: string, flags: ReleaseFlags) => run((session) => makeOne(session, name, flags)));
  addReleaseChecks(release, run);
}

function readAddress(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || `${url.username}${url.password}${url.search}${url.hash}` !== '')
    throw new InvalidArgumentError('Give the address of a folder, such as "https://example.org/release", with no user and no password.');
  return text.replace(/\/+$/, '');
}

async function makeOne(session: Session, name: string, flags: ReleaseFlags): Promise<Report> {
  if (flags.out === undefined) throw new Failure('Cannot make a release without a folder', { hint: 'Say where: --out DIR', exitCode: EXIT.usage });
  const workspace = await loadWorkspace(findWorkspace(session));
  const keyFile = flags.unsigned ? undefined : await findKey(workspace.folder, flags.key);
  const out = resolve(flags.out);
  const made = await makeRelease(session, workspace, name, {
    out,
    keyFile,
    previous: flags.previous,
    url: flags.url,
    icon: ICON,
    withPool: flags.withPool === true,
    boot: flags.boot ? askState : undefined,
    update: flags.update === true,
  });
  const clients = flags.allClients ? await releaseClients(session, workspace, name, `${out}.clients`, keyFile) : [];
  const { facts, signer, release } = made;
  const text = [
    `${out}: release ${release} of "${name}", ${facts.files.length} files, ${formatByteSize(facts.image.bytes)} the image`,
    facts.boot ? `Its card was well in QEMU, ready ${facts.boot.seconds.toFixed(0)} s after power-on` : 'It was not booted',
    signer ? `Signed by ${signer}` : 'Not signed yet: semeur release sign',
    ...(clients.length > 0 ? [`${out}.clients: ${clients.length} images of clients, for you alone`] : []),
  ];
  return { json: { release, folder: out, signer, ...facts, clients }, text };
}

/** What `fleet list` says of the first card: a trial's home has no other. */
function askState(state: string): string | undefined {
  return withFleet(state, (database) => listFleet(database, Date.now()))[0]?.state;
}

/** @throws {Failure} where there is none: a key made by the way would be one that nobody trusts. */
async function findKey(workspace: string, key: string | undefined): Promise<string> {
  const file = key === undefined ? releaseKeyFile(workspace) : resolve(key);
  if (existsSync(file)) {
    // What can't be signed in the end is told before the hour that it takes to make it.
    await readPublicKey(file);
    return file;
  }
  throw new Failure(`Cannot sign a release: there is no key "${file}"`, {
    hint: `Make one: ssh-keygen -t ed25519 -C 'releases' -f ${releaseKeyFile(workspace)}   (or leave it for later: --unsigned)`,
    exitCode: EXIT.usage,
  });
}

/** Apart from the folder that is published, since each holds its client's secrets; summed and signed as that is. */
async function releaseClients(session: Session, workspace: LoadedWorkspace, profile: string, folder: string, keyFile: string | undefined) {
  const clients = [...workspace.clients.values()].filter((client) => client.profile === profile);
  if (clients.length === 0) return [];
  const built = await buildCards(session, workspace, clients, { format: 'xz', hasCalled: askHome(workspace.folder), now: new Date() });
  if (existsSync(folder) && !existsSync(join(folder, SUMS))) {
    throw new Failure(`Cannot write clients' images to "${folder}": it exists, and is none of Semeur's`, {
      hint: 'Move it away',
      exitCode: EXIT.usage,
    });
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  for (const { client, image } of built.clients) {
    for (const file of [image.file, `${client}.json`]) await copyFile(join(built.out, file), join(folder, file));
  }
  const sums = renderSums(await sumFolder(folder, session.signal));
  if (keyFile !== undefined) await writeFile(join(folder, SUMS_SIGNATURE), await signSums(sums, keyFile, session.signal));
  await writeFile(join(folder, SUMS), sums);
  return clients.map(({ client }) => client);
}
