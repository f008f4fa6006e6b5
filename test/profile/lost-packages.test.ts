import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Deb } from '../../builder/debian/package-set.ts';
import { findCheckout } from '../../builder/house/checkout.ts';
import { type ProfileLock, renderLock } from '../../builder/profile/lock.ts';
import { startServer } from '../fetch/image-server.ts';
import { withFolder } from '../raspios/sample-image.ts';

const MAIN = join(findCheckout(), 'cli/main.ts');
const TOOL: Deb = {
  sha256: 'a'.repeat(64),
  name: `apt_3.0.3_${process.arch === 'x64' ? 'amd64' : process.arch}.deb`,
  ...{ bytes: 1000, archive: 'debian', path: 'pool/main/a/apt/apt_3.0.3.deb', priority: 'required' },
};
const LOCK: ProfileLock = { lock: 2, epoch: 1_790_000_000, toolbox: { debs: [TOOL] }, base: { debs: [] }, added: { packages: [], debs: [] } };

/** Runs a command in the example workspace, with an empty cache, this lock, and a mirror on loopback that has nothing. */
async function run(lock: ProfileLock, ...args: string[]) {
  return withFolder(async (folder) => {
    await using server = await startServer({});
    const workspace = join(folder, 'workspace');
    await cp(join(findCheckout(), 'examples'), workspace, { recursive: true });
    await mkdir(join(folder, 'cache'));
    const yaml = join(workspace, 'semeur.yaml');
    await writeFile(yaml, `${await readFile(yaml, 'utf8')}\nmirror: ${server.url}/debian\n`);
    const text = renderLock(lock);
    await writeFile(join(workspace, 'profiles', 'maison.lock'), text);
    const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), no_proxy: '127.0.0.1' };
    const done = await new Promise<{ code: number; stderr: string }>((end) => {
      execFile(process.execPath, [MAIN, ...args], { cwd: workspace, env }, (error, _, stderr) => end({ code: Number(error?.code ?? 0), stderr }));
    });
    const kept = (await readFile(join(workspace, 'profiles', 'maison.lock'), 'utf8')) === text;
    return { ...done, kept, asked: server.requests.map(({ url }) => url) };
  });
}

describe('a lock whose packages are nowhere', () => {
  it.each([
    ['build', 'durand'],
    ['profile', 'build', 'maison', '--locked'],
  ])('ends "semeur %s %s" with their names and a command that there is, and stays', async (...args) => {
    const { code, stderr, kept, asked } = await run(LOCK, ...args);
    expect({ code, kept, asked }).toEqual({ code: 1, kept: true, asked: [`/debian/${TOOL.path}`] });
    expect(stderr).toContain('semeur: Cannot get 1 package by the lock:\n  apt 3.0.3 (');
    expect(stderr).toContain('the server answered 404 Not Found');
    expect(stderr).toContain('→ Take the newest packages: semeur profile build maison --update; or, to keep these, name in semeur.yaml');
    expect(stderr).not.toContain('    at ');
  });

  it('and one of an older Semeur, which says of no package where it lies', async () => {
    const { sha256, name } = TOOL;
    const old: ProfileLock = {
      lock: 1,
      epoch: 1,
      toolbox: { lists: [], debs: [{ sha256, name }] },
      base: { lists: [], debs: [] },
      added: { lists: [], debs: [] },
    };
    const { code, stderr, kept } = await run(old, 'build', 'durand');
    expect({ code, kept }).toEqual({ code: 1, kept: true });
    expect(stderr).toContain('the lock is of an older Semeur, and does not say where it lies');
  });
});
