import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadPrefix } from '../../builder/image/prefix.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { exitCodeOf, runCommand } from '../../kit/command.ts';
import type { Failure } from '../../kit/failure.ts';
import { buildCards, CARDS, CHECKOUT } from './cards.ts';

/** Runs semeur where `folder` is a small file system of its own. @returns its exit code, what it said, and what it left in that folder. */
async function semeurWithin(mib: number, folder: string, ...args: readonly string[]) {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const script = 'mount -t tmpfs -o "size=$1M" tmpfs "$2"; folder=$2; shift 2; status=0; "$@" || status=$?; ls -A "$folder" >&2; exit "$status"';
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', join(CHECKOUT, 'cli/main.ts'), ...args];
  try {
    await runCommand(['unshare', ...user, '--mount', '--propagation=private', 'sh', '-euc', script, 'sh', String(mib), folder, ...command]);
    return { exitCode: 0, said: '' };
  } catch (error) {
    const { message, hint = '', details } = error as Failure;
    return { exitCode: exitCodeOf(error), said: [message, hint, ...details].join('\n') };
  }
}

beforeAll(async () => {
  await buildCards();
});

describe('a full disk', () => {
  it('where images go: says how much is needed, and leaves no part of one', async () => {
    const { exitCode, said } = await semeurWithin(40, join(CARDS, 'out'), 'build', 'durand', '--workspace', CARDS);
    expect(exitCode).toBe(1);
    expect(said).toMatch(/bytes are needed, \d+ are free/);
    expect(said).toContain('\nMake room');
    expect(said).not.toMatch(/\.part\b|durand\.img/);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'where a profile is put together: fails, keeps no half of it, and goes on when there is room (as root: mounting over the cache takes it)',
    async () => {
      const profile = join(CARDS, 'profiles', 'full.yaml');
      await writeFile(profile, `${(await readFile(join(CARDS, 'profiles', 'maison.yaml'), 'utf8')).replace(/^profile:.*$/m, 'profile: full')}`);
      try {
        const before = await readdir(cacheFolder('builds'));
        const { exitCode, said } = await semeurWithin(300, cacheFolder('tmp'), 'profile', 'build', 'full', '--workspace', CARDS);
        expect(exitCode).toBe(1);
        expect(said).toContain('Cannot');
        // Another file's test may have ended a build meanwhile: a whole one.
        for (const build of (await readdir(cacheFolder('builds'))).filter((name) => !before.includes(name))) {
          const digest = await readFile(cacheFolder('builds', build), 'utf8');
          expect(await loadPrefix(digest.trim()), build).toBeDefined();
        }
      } finally {
        await rm(profile);
        await rm(join(CARDS, 'profiles', 'full.lock'), { force: true });
      }
    },
  );
});
