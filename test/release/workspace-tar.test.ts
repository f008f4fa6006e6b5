import { chmod, readFile, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unpackWorkspace, WORKSPACE_TAR, writeWorkspaceTar } from '../../builder/release/folder/workspace-tar.ts';
import { findProfile } from '../../builder/workspace/find-named.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { withRelease } from './sample-release.ts';

const EPOCH = 1_780_000_000;

describe("a release's workspace.tar", () => {
  it("is the same bytes under any umask, and keeps a service's links as they are written: none of this machine's paths is in it", () =>
    withRelease(async ({ workspace, folder }) => {
      await symlink('../bin/blog', join(workspace, 'overlays/blog/files/usr/bin/journal'));
      const loaded = await loadWorkspace(workspace);
      const write = async () => {
        await writeWorkspaceTar(join(folder, WORKSPACE_TAR), loaded, findProfile(loaded, 'maison'), EPOCH);
        return readFile(join(folder, WORKSPACE_TAR));
      };
      const tar = await write();
      expect(tar.toString('latin1')).not.toContain(folder);
      await unpackWorkspace(folder, join(folder, 'again'));
      expect(await readlink(join(folder, 'again/overlays/blog/files/usr/bin/journal'))).toBe('../bin/blog');
      await chmod(join(workspace, 'overlays/blog/page.hbs'), 0o600);
      const umask = process.umask(0o077);
      expect((await write().finally(() => process.umask(umask))).equals(tar)).toBe(true);
    }));
});
