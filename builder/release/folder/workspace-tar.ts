import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { create, extract } from 'tar';
import { stringify } from 'yaml';
import { writeFileAtomically } from '../../../kit/atomic-file.ts';
import { Failure } from '../../../kit/failure.ts';
import { overlaysOf } from '../../profile/contents.ts';
import { lockFile } from '../../profile/lock.ts';
import type { LoadedWorkspace } from '../../workspace/load.ts';
import type { Profile } from '../../workspace/schema.ts';
import { seedKeyFile } from '../../workspace/secrets.ts';

/** In a release's folder: what its image was made from, but for the packages. */
export const WORKSPACE_TAR = 'workspace.tar';

/**
 * A workspace with this profile alone, from which anybody makes the same image: the operator's file without the places that it builds from, which may be their own (a snapshot archive is anybody's), the profile
 * and its lock, their overlays that it uses, and the public half of the key that signs seeds. No client, no secret.
 */
export async function writeWorkspaceTar(file: string, workspace: LoadedWorkspace, profile: Profile, epoch: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-workspace-'));
  try {
    await copyWorkspace(folder, workspace, profile);
    const names = (await readdir(folder, { recursive: true })).sort();
    for (const name of names) await cleanMode(join(folder, name));
    // A folder is what its files make it: listing it too would bring its files twice.
    await create({ file, cwd: folder, portable: true, noDirRecurse: true, mtime: new Date(epoch * 1000) }, names);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param release its folder. @param folder is made. */
export async function unpackWorkspace(release: string, folder: string): Promise<void> {
  await mkdir(folder);
  await extract({ file: join(release, WORKSPACE_TAR), cwd: folder }).catch((cause: Error) => {
    throw new Failure(`Cannot read "${WORKSPACE_TAR}" of the release: it is damaged`, { hint: 'Download the release again', cause });
  });
  await chmod(join(folder, 'secrets'), 0o700);
}

/** Into an empty folder. */
export async function copyWorkspace(folder: string, workspace: LoadedWorkspace, profile: Profile): Promise<void> {
  const { mirror: _mirror, pool: _pool, raspios, ...operator } = workspace.operator;
  const { archive: _archive, list: _list, ...image } = raspios ?? {};
  await writeFileAtomically(join(folder, 'semeur.yaml'), stringify({ ...operator, ...(raspios && { raspios: image }) }));
  await writeFileAtomically(join(folder, '.gitignore'), '/secrets/\n/out/\n');
  const files = [join('profiles', `${profile.profile}.yaml`), relative(workspace.folder, lockFile(workspace.folder, profile.profile))];
  if (raspios?.keys !== undefined) files.push(raspios.keys);
  for (const path of files) await writeFileAtomically(join(folder, path), await readFile(join(workspace.folder, path)));
  await mkdir(join(folder, 'secrets'), { mode: 0o700 });
  const key = `${relative(workspace.folder, seedKeyFile(workspace.folder))}.pub`;
  await writeFileAtomically(join(folder, key), await readFile(join(workspace.folder, key)));
  const own = overlaysOf(workspace, profile).filter((overlay) => dirname(overlay.folder) === join(workspace.folder, 'overlays'));
  // Links stay as they are written: Node.js would make them whole paths of this machine.
  for (const overlay of own) await cp(overlay.folder, join(folder, 'overlays', overlay.overlay), { recursive: true, verbatimSymlinks: true });
}

/** Whoever wrote the files, under whatever umask: one bit is theirs, whether a file is a program. */
async function cleanMode(path: string): Promise<void> {
  const found = await lstat(path);
  if (!found.isSymbolicLink()) await chmod(path, found.isDirectory() || found.mode & 0o100 ? 0o755 : 0o644);
}
