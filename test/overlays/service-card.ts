import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { makeClientAccount } from '../../builder/seed/account.ts';
import { loadSeedTemplates, renderSeedFiles } from '../../builder/seed/contents.ts';
import type { ClientKeys } from '../../builder/seed/keys.ts';
import { openNetwork, whyNoNetwork } from '../../builder/try/network.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { Client } from '../../builder/workspace/schema.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const HOME = { hubKey: 'hub', pins: ['pin'], userCa: 'ca' };

/** What a card has of one service: its overlay's files and what a seed brings, below a folder, with a network of its own to run them in. */
export interface ServiceCard {
  readonly root: string;
  readonly password: string;
  readonly secondPassword: string;
  path(inside: string): string;
  /** Runs a command in the card's network, with the folder as ROOT. @returns what it wrote, both streams. */
  run(...argv: readonly string[]): Promise<{ readonly exitCode: number | undefined; readonly output: string }>;
  /** Starts what runs until the card is closed, or it is told to end. @returns what ends it. */
  start(...argv: readonly string[]): () => Promise<string>;
  /** Shows what the folder has of this path at the path itself, to what runs on the card. */
  show(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Why this can't be tried here; undefined when it can. */
export async function whyNoService(...programs: readonly string[]): Promise<string | undefined> {
  const { failed } = await execa('sh', ['-c', 'PATH=$PATH:/usr/sbin; for one; do command -v "$one" || exit 1; done', 'sh', ...programs], {
    reject: false,
  });
  return failed ? `${programs.join(', ')}: not all are installed` : whyNoNetwork();
}

export async function makeServiceCard(service: string, settings: Readonly<Record<string, string>> = {}): Promise<ServiceCard> {
  const root = await mkdtemp(join(tmpdir(), `semeur-${service}-`));
  await chmod(root, 0o755);
  const path = (inside: string) => join(root, inside);
  await cp(join(REPOSITORY, 'overlays', service, 'files'), root, { recursive: true });
  const [account, second] = [await makeClientAccount(), await makeClientAccount()];
  for (const [name, content] of await renderSettings(service, settings, { account, accounts: { [service]: second } })) {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), content);
  }
  const network = await openNetwork({ signal: new AbortController().signal });
  const env = { ROOT: root, PATH: `${path('fake-bin')}:${process.env['PATH']}:/usr/sbin:/sbin` };
  const started: (() => Promise<string>)[] = [];
  const enter = (argv: readonly string[]) => {
    const [file = '', ...rest] = [...network.enter, ...argv];
    return execa(file, rest, { env, reject: false, all: true, stdin: 'ignore' });
  };
  const run = async (...argv: readonly string[]) => {
    const { exitCode, all } = await enter(argv);
    return { exitCode, output: all };
  };
  return {
    ...{ root, path, run, password: account.password, secondPassword: second.password },
    start(...argv) {
      const child = enter(argv);
      const end = async () => {
        child.kill();
        return (await child).all;
      };
      started.push(end);
      return end;
    },
    async show(shown) {
      await mkdir(path(shown), { recursive: true });
      await run('mount', '--no-mtab', '--bind', path(shown), shown);
    },
    async close() {
      for (const end of started) await end();
      await network.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

type Accounts = Pick<ClientKeys, 'account' | 'accounts'>;

/** The files that a seed brings for this service to the example's client "durand", by their path on the card. */
async function renderSettings(service: string, settings: Readonly<Record<string, string>>, accounts: Accounts): Promise<[string, Buffer][]> {
  const workspace = await loadWorkspace(join(REPOSITORY, 'examples'));
  const durand = workspace.clients.get('durand');
  if (!durand) throw new Error('the example has no client "durand"');
  const client: Client = { ...durand, settings: { [service]: settings } };
  const keys = {
    ...{ generation: 1, vpn: { privateKey: 'private', publicKey: `${'A'.repeat(43)}=` }, presharedKey: 'preshared', token: 'token' },
    ...{ tokenExpires: '2027-01-01T00:00:00Z', code: { text: 'AB2C-D3EF', salt: '0011223344556677' }, backupKey: 'a-b-c', ...accounts },
  };
  const files = renderSeedFiles(await loadSeedTemplates(workspace), workspace.operator, client, keys, HOME, [service]);
  return [...files].flatMap(([name, content]) => (name.startsWith('settings/') ? [[name.replace('settings', ''), content]] : []));
}
