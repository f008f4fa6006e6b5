import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../../kit/failure.ts';
import type { Session } from '../../../kit/session.ts';
import { nameModel, renderImagerList } from '../../../protocol/imager-list.ts';
import { arePooled, poolPath } from '../../debian/package-set.ts';
import { type BuiltProfile, profilesFolder } from '../../profile/built.ts';
import { lockFile, type ProfileLock } from '../../profile/lock.ts';
import type { LoadedWorkspace } from '../../workspace/load.ts';
import type { Profile } from '../../workspace/schema.ts';
import { KEY_STATEMENTS } from '../folder/key-rotation.ts';
import { type ReleaseFacts, renderIndexHtml, renderIndexJson } from '../folder/release-index.ts';
import { listFiles, renderSums, SUMS, sumFolder } from '../folder/sums.ts';
import { WORKSPACE_TAR, writeWorkspaceTar } from '../folder/workspace-tar.ts';
import { describeOrigin } from '../software/papers.ts';
import type { BootReport } from './boot-trial.ts';

/** What a release is made of. */
export interface Making {
  /** Where it is written. */
  readonly folder: string;
  readonly workspace: LoadedWorkspace;
  readonly profile: Profile;
  readonly built: BuiltProfile;
  readonly lock: ProfileLock;
  readonly boot: BootReport | undefined;
  /** More texts, by their file's name. */
  readonly papers: ReadonlyMap<string, string>;
}

export interface WriteOptions {
  /** Where the folder will be served, without a slash at the end: Raspberry Pi Imager wants whole addresses. */
  readonly url?: string | undefined;
  /** SVG. */
  readonly icon: string;
  readonly withPool: boolean;
}

/**
 * Writes everything of a release but its signature into a new folder.
 * @returns what its index says.
 */
export async function writeRelease(session: Session, making: Making, options: WriteOptions): Promise<ReleaseFacts> {
  const { folder, workspace, profile, lock, boot, papers } = making;
  await mkdir(folder, { recursive: true });
  await writeImageFiles(making, options);
  await writeWorkspaceTar(join(folder, WORKSPACE_TAR), workspace, profile, lock.epoch);
  const statements = join(workspace.folder, KEY_STATEMENTS);
  if (existsSync(statements)) await copyFile(statements, join(folder, KEY_STATEMENTS));
  for (const [name, text] of papers) await writeFile(join(folder, name), text);
  await writeFile(join(folder, `${profile.profile}.intoto.json`), await tellOrigin(session, making));
  if (options.withPool) await copyPool(folder, profile.profile, lock);
  if (boot) {
    const { console: log, ...report } = boot;
    await mkdir(join(folder, 'boot'));
    await writeFile(join(folder, 'boot', 'console.txt'), log);
    await writeFile(join(folder, 'boot', 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  }
  const facts = await describeRelease(making);
  await writeFile(join(folder, 'index.json'), renderIndexJson(facts));
  await writeFile(join(folder, 'index.html'), renderIndexHtml(facts));
  await writeFile(join(folder, SUMS), renderSums(await sumFolder(folder, session.signal)));
  return facts;
}

async function tellOrigin(session: Session, { folder, workspace, profile, lock }: Making): Promise<string> {
  const subjects = (await sumFolder(folder, session.signal)).map(({ path, sha256 }) => ({ name: path, sha256 }));
  return describeOrigin(session, workspace, { profile: profile.profile, lock, subjects, workspaceTar: join(folder, WORKSPACE_TAR) });
}

async function writeImageFiles({ folder, workspace, profile, built, lock }: Making, { url, icon }: WriteOptions): Promise<void> {
  const { profile: name, boards } = profile;
  const { image, extracted } = built.manifest;
  const from = profilesFolder(workspace.folder);
  for (const file of [image.file, `${name}.bmap`, `${name}.json`]) await copyFile(join(from, file), join(folder, file), constants.COPYFILE_FICLONE);
  await copyFile(lockFile(workspace.folder, name), join(folder, `${name}.lock`));
  // Other compressions are known to this machine's cache alone.
  const { zst: _, ...prefix } = built.prefix;
  await writeFile(join(folder, `${name}.blocks.json`), `${JSON.stringify(prefix)}\n`);
  await writeFile(join(folder, 'icon.svg'), icon);
  const at = url === undefined ? '' : `${url}/`;
  const { operator } = workspace.operator;
  const texts = { name: `${operator}: ${name}`, description: `Semeur, ${boards.map(nameModel).join(', ')}` };
  const list = { ...texts, url: at + image.file, icon: `${at}icon.svg`, bytes: image.bytes, sha256: image.sha256, extracted };
  await writeFile(join(folder, 'os_list.json'), renderImagerList({ ...list, made: lock.epoch * 1000, boards }));
}

/** Lays the file out as the cache does, so that `release reproduce` finds it there. */
async function copyPool(folder: string, profile: string, { toolbox, base, added, containers = [] }: ProfileLock): Promise<void> {
  const sets = [toolbox, base, added];
  // No build needs them.
  const lists = (await arePooled(sets.flatMap((set) => set.lists ?? []))) ? sets.flatMap((set) => set.lists ?? []) : [];
  const files = [...lists, ...sets.flatMap(({ debs }) => debs), ...containers.flatMap(({ blobs }) => blobs)];
  for (const file of files) {
    const to = join(folder, 'pool', file.sha256, file.name);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(poolPath(file), to, constants.COPYFILE_FICLONE).catch((cause: NodeJS.ErrnoException) => {
      throw new Failure(`Cannot put "${file.name}" into the pool: the cache has let go of it`, {
        hint: `Take newer ones: semeur profile build ${profile} --update`,
        cause,
      });
    });
  }
}

async function describeRelease({ folder, workspace, profile, built, lock, boot }: Making): Promise<ReleaseFacts> {
  const { operator, language } = workspace.operator;
  const { manifest, prefix } = built;
  const paths = (await listFiles(folder)).filter((path) => !path.startsWith('pool/'));
  const files = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(join(folder, path))).size })));
  return {
    ...{ operator, language, profile: profile.profile, made: lock.epoch * 1000, prefix: prefix.digest, boards: profile.boards },
    image: { file: manifest.image.file, bytes: manifest.image.bytes, sha256: manifest.image.sha256 },
    extracted: manifest.extracted,
    boot: boot && { state: boot.state, seconds: boot.seconds['ready'] ?? 0 },
    files,
  };
}
