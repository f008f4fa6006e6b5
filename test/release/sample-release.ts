import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { compressPrefix } from '../../builder/image/compress.ts';
import { readHead } from '../../builder/image/decode.ts';
import { ingestPrefix } from '../../builder/image/ingest.ts';
import type { Prefix } from '../../builder/image/prefix.ts';
import { loadBuiltProfile } from '../../builder/profile/built.ts';
import { overlaysOf, settingsFiles } from '../../builder/profile/contents.ts';
import { lockFile, type ProfileLock, renderLock } from '../../builder/profile/lock.ts';
import { publishImage } from '../../builder/profile/publish.ts';
import { signRelease } from '../../builder/release/folder/sign.ts';
import { readPublicKey, renderSigner } from '../../builder/release/folder/signers.ts';
import { listFiles, SUMS, SUMS_SIGNATURE } from '../../builder/release/folder/sums.ts';
import { type Making, writeRelease } from '../../builder/release/making/write-release.ts';
import { findProfile } from '../../builder/workspace/find-named.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import { ensureSecrets, readSeedKey } from '../../builder/workspace/secrets.ts';
import { runCommand } from '../../kit/command.ts';
import { hostXz } from '../image/host-xz.ts';
import { createQuietSession, MIB, makeCompressedPrefix, withCache } from '../image/sample-prefix.ts';
import { VALID } from '../workspace/sample-workspace.ts';

/** A small release of a made-up disk: everything else of it is written by what writes real ones. */
export interface SampleRelease {
  /** An empty folder for the test, with the cache in it. */
  readonly folder: string;
  /** Where it was made. */
  readonly workspace: string;
  readonly release: string;
  readonly keyFile: string;
  /** Content of an allowed_signers file with its key. */
  readonly signers: string;
}

/** What the first test of a file makes, the next ones copy. */
const made = join(tmpdir(), `semeur-sample-${process.pid}`);
afterAll(() => rm(made, { recursive: true, force: true }));

/** @param change what is released, before it is written. */
export async function withRelease<T>(task: (sample: SampleRelease) => Promise<T>, change: (making: Making) => Making = (same) => same): Promise<T> {
  return withCache(async (folder) => {
    const [workspace, release, keyFile] = ['workspace', 'release', 'release_key'].map((name) => join(folder, name)) as [string, string, string];
    if (existsSync(made)) await runCommand(['cp', '--archive', '--sparse=always', `${made}/.`, folder]);
    else {
      await writeFiles(workspace, VALID);
      await makeKey(folder, 'release_key');
      await publishSample(workspace, await makeCompressedPrefix(folder, 'xz'));
      await runCommand(['cp', '--archive', folder, made]);
    }
    await writeRelease(createQuietSession(), change(await planSample(release, workspace)), { icon: '<svg/>', withPool: false });
    await signRelease(release, keyFile, createQuietSession().signal);
    return task({ folder, workspace, release, keyFile, signers: `${renderSigner(await readPublicKey(keyFile))}\n` });
  });
}

export async function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

export async function makeKey(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  await runCommand(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  return file;
}

/** The release after it, of a disk whose last bytes are others. @returns its files, by path. */
export async function releaseNext(folder: string, workspace: string, release: string, keyFile: string): Promise<Record<string, Buffer>> {
  const session = createQuietSession();
  const raw = join(folder, 'raw.img');
  const disk = await readHead(join(release, 'maison.img.xz'), 'xz', 33 * MIB);
  disk.write('another last block', 32 * MIB + 7);
  await writeFile(raw, disk);
  const prefix = await ingestPrefix(raw, { profile: 'maison', alwaysMapped: [] });
  await publishSample(workspace, await compressPrefix(prefix, 'xz', hostXz, session));
  await rm(release, { recursive: true });
  await writeRelease(session, await planSample(release, workspace), { icon: '<svg/>', withPool: false });
  await signRelease(release, keyFile, session.signal);
  return readRelease(release, [...(await listFiles(release)), SUMS, SUMS_SIGNATURE]);
}

/** Makes up what the profile's build would leave: prefix, lock, out/profiles/. */
async function publishSample(workspace: string, prefix: Prefix): Promise<void> {
  await ensureSecrets(workspace);
  const loaded = await loadWorkspace(workspace);
  const profile = findProfile(loaded, 'maison');
  const settings = settingsFiles(overlaysOf(loaded, profile));
  const facts = { profile: 'maison', build: 'made-up', seedKey: await readSeedKey(workspace), settings, boards: profile.boards };
  await publishImage(createQuietSession(), workspace, prefix, facts);
  await writeFile(lockFile(workspace, 'maison'), renderLock(LOCK));
}

const EMPTY = { lists: [], debs: [] };
const LOCK: ProfileLock = { lock: 1, epoch: 1_780_000_000, toolbox: EMPTY, base: EMPTY, added: EMPTY };

async function planSample(folder: string, workspace: string): Promise<Making> {
  const loaded: LoadedWorkspace = await loadWorkspace(workspace);
  return {
    folder,
    workspace: loaded,
    profile: findProfile(loaded, 'maison'),
    built: await loadBuiltProfile(workspace, 'maison'),
    lock: LOCK,
    boot: undefined,
    papers: new Map([['NOTES.md', '# maison\n']]),
  };
}

/** Every file of a release, its text as bytes. */
export async function readRelease(folder: string, paths: readonly string[]): Promise<Record<string, Buffer>> {
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [`/${path}`, await readFile(join(folder, path))] as const)));
}
