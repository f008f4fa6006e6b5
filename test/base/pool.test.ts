import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePooled } from '../../builder/base/package-set.ts';
import { runCommand } from '../../builder/command.ts';
import { findCheckout } from '../../builder/house/checkout.ts';

const POOL_SH = join(findCheckout(), 'builder/base/sandbox/pool.sh');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-pool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Machine {
  /** What apt keeps there. */
  readonly lists: string;
  run(what: 'in' | 'out'): Promise<void>;
}

/** Somebody's apt with its own sources, and a pool that all of them share. */
async function makeMachine(name: string, sources: readonly string[]): Promise<Machine> {
  const root = join(folder, name);
  const lists = join(root, 'var/lib/apt/lists');
  for (const path of [lists, join(root, 'var/lib/dpkg')]) await mkdir(path, { recursive: true });
  await writeFile(join(root, 'var/lib/dpkg/status'), '');
  await writeFile(join(root, 'sources'), sources.map((line) => `${line}\n`).join(''));
  const settings = {
    'Dir::State': `${root}/var/lib/apt`,
    'Dir::State::Status': `${root}/var/lib/dpkg/status`,
    'Dir::Cache': `${root}/var/cache/apt`,
    'Dir::Etc::SourceList': `${root}/sources`,
    'Dir::Etc::SourceParts': `${root}/none`,
    'Acquire::Languages': 'none',
  };
  const configuration = join(root, 'apt.conf');
  await writeFile(
    configuration,
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  );
  const env = { WORK: folder, POOL: join(folder, 'pool'), APT_CONFIG: configuration };
  return { lists, run: async (what) => void (await runCommand(['sh', POOL_SH, what, root], { env })) };
}

describe('package lists in the pool', () => {
  it('have names that tell nothing of the mirror, and become those of another one (real apt)', async () => {
    const ours = await makeMachine('ours', [
      'deb http://one.example/debian trixie main',
      'deb http://one.example/debian trixie-updates main',
      'deb http://security.one.example:8080/debian-security/ trixie-security main',
      'deb [trusted=no] https://pi.example/my_debian trixie main',
    ]);
    const names = {
      'one.example_debian_dists_trixie_InRelease': 'archive_dists_trixie_InRelease',
      'one.example_debian_dists_trixie_main_binary-arm64_Packages': 'archive_dists_trixie_main_binary-arm64_Packages',
      'one.example_debian_dists_trixie-updates_InRelease': 'archive_dists_trixie-updates_InRelease',
      'security.one.example:8080_debian-security_dists_trixie-security_InRelease': 'archive_dists_trixie-security_InRelease',
      'pi.example_my%5fdebian_dists_trixie_InRelease': 'archive2_dists_trixie_InRelease',
    };
    for (const name of Object.keys(names)) await writeFile(join(ours.lists, name), `what ${name} says\n`);
    await ours.run('out');
    const kept = await readFile(join(folder, 'lists'), 'utf8');
    expect(parsePooled(kept).map(({ name }) => name)).toEqual(Object.values(names).sort());
    expect(kept).not.toContain('example');

    const theirs = await makeMachine('theirs', [
      'deb http://two.example/mirrors/debian trixie main',
      'deb http://two.example/mirrors/debian trixie-updates main',
      'deb http://two.example/security trixie-security main',
      'deb http://two.example/pi trixie main',
    ]);
    await writeFile(join(folder, 'wanted'), kept);
    await theirs.run('in');
    expect((await readdir(theirs.lists)).filter((name) => name.includes('example')).sort()).toEqual([
      'two.example_mirrors_debian_dists_trixie-updates_InRelease',
      'two.example_mirrors_debian_dists_trixie_InRelease',
      'two.example_mirrors_debian_dists_trixie_main_binary-arm64_Packages',
      'two.example_pi_dists_trixie_InRelease',
      'two.example_security_dists_trixie-security_InRelease',
    ]);
    const pi = await readFile(join(theirs.lists, 'two.example_pi_dists_trixie_InRelease'), 'utf8');
    expect(pi).toBe('what pi.example_my%5fdebian_dists_trixie_InRelease says\n');
    await theirs.run('out');
    expect(await readFile(join(folder, 'lists'), 'utf8')).toBe(kept);
  });
});
