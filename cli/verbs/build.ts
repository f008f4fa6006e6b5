import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type BuiltCards, buildCards } from '../../builder/cards/build-cards.ts';
import type { ImageFormat } from '../../builder/image/prefix.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient } from '../../builder/workspace/find-named.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import type { Client } from '../../builder/workspace/schema.ts';
import { formatByteSize } from '../../kit/byte-size.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { askHome } from './token-news.ts';
import type { RunVerb } from './verb.ts';

interface BuildFlags {
  readonly all?: boolean;
  readonly format: ImageFormat;
  readonly seedOnly?: boolean;
}

export function addBuild(program: Command, run: RunVerb): void {
  program
    .command('build')
    .argument('[clients...]', 'names of clients, as in clients/NAME.yaml')
    .description("make clients' images (and their profiles, where they changed), in the workspace's out/")
    .option('--all', 'every client of the workspace')
    .addOption(new Option('--format <format>', 'of the images').choices(['xz', 'zst', 'img']).default('xz'))
    .option(
      '--seed-only',
      'no image: the seed, the tail that follows the cached profile, and the hashes, which is all that a composed download needs',
    )
    .addHelpText('after', examples('semeur build durand', 'semeur build --all --seed-only', 'semeur build durand --format img'))
    .action((clients: string[], flags: BuildFlags) => run((session) => build(session, clients, flags)));
}

/** The wizard calls it too. */
export async function build(session: Session, names: readonly string[], { all, ...options }: BuildFlags, now = new Date()): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const clients = chooseClients(workspace, names, all === true);
  const built = await buildCards(session, workspace, clients, { ...options, hasCalled: askHome(workspace.folder), now });
  return { json: built, text: describeBuilt(built, options.seedOnly) };
}

function chooseClients(workspace: LoadedWorkspace, names: readonly string[], all: boolean): Client[] {
  const { clients } = workspace;
  if (all && clients.size > 0) return [...clients.values()];
  if (all) throw new Failure('Cannot build: the workspace has no client', { hint: 'Add one: semeur client new NAME', exitCode: EXIT.usage });
  if (names.length === 0) throw new Failure('Cannot build: no client was named', { hint: 'Name clients, or say --all', exitCode: EXIT.usage });
  return [...new Set(names)].map((name) => findClient(workspace, name));
}

export function describeBuilt({ out, clients }: BuiltCards, seedOnly = false): string[] {
  const codes = [
    `Each client's code, by which they switch your access off and on: ${join(out, 'CLIENT.code')}`,
    `Each client's name and password for their services, and the key of their backups: ${join(out, 'CLIENT.account')}; both belong on their leaflet`,
  ];
  if (seedOnly) return [`${clients.length} seeds are in ${out}`, ...codes];
  return [...clients.map(({ image }) => `${join(out, image.file)}  ${formatByteSize(image.bytes)}`), ...codes];
}
