import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Deb, formatDebs, parseDebs, parsePooled, readInstalled } from '../../builder/debian/package-set.ts';
import { findCheckout } from '../../builder/house/checkout.ts';
import { runCommand } from '../../kit/command.ts';
import { hashFile } from '../../kit/hash-file.ts';

const POOL_SH = join(findCheckout(), 'builder/sandbox/pool.sh');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-pool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Machine {
  /** What apt keeps there. */
  readonly lists: string;
  run(what: 'lists-in' | 'lists-out' | 'in' | 'out', ...args: string[]): Promise<void>;
  /** What a program of apt prints there. */
  ask(...argv: string[]): Promise<string>;
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
  return {
    lists,
    run: async (what, ...args) => void (await runCommand(['sh', POOL_SH, what, root, ...args], { env })),
    ask: async (...argv) => String(await runCommand(argv, { env })),
  };
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
    await ours.run('lists-out');
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
    await theirs.run('lists-in');
    expect((await readdir(theirs.lists)).filter((name) => name.includes('example')).sort()).toEqual([
      'two.example_mirrors_debian_dists_trixie-updates_InRelease',
      'two.example_mirrors_debian_dists_trixie_InRelease',
      'two.example_mirrors_debian_dists_trixie_main_binary-arm64_Packages',
      'two.example_pi_dists_trixie_InRelease',
      'two.example_security_dists_trixie-security_InRelease',
    ]);
    const pi = await readFile(join(theirs.lists, 'two.example_pi_dists_trixie_InRelease'), 'utf8');
    expect(pi).toBe('what pi.example_my%5fdebian_dists_trixie_InRelease says\n');
    await theirs.run('lists-out');
    expect(await readFile(join(folder, 'lists'), 'utf8')).toBe(kept);
  });
});

/** A package as small as can be, in the pool. */
async function makeDeb(name: string, version: string, fields: string, offered: Partial<Deb> = {}): Promise<Deb> {
  const tree = join(folder, 'trees', name);
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: x <x@x.example>\n${fields}Description: x\n more of it\n`;
  await writeFile(join(tree, 'DEBIAN', 'control'), control);
  const built = join(folder, `${name}.deb`);
  await runCommand(['dpkg-deb', '--root-owner-group', '--build', tree, built]);
  const deb = { ...offered, sha256: await hashFile(built), name: `${name}_${version.replace(':', '%3a')}_all.deb` };
  await mkdir(join(folder, 'pool', deb.sha256), { recursive: true });
  await rename(built, join(folder, 'pool', deb.sha256, deb.name));
  return deb;
}

describe('packages of a lock', () => {
  it("are all that apt sees, with the archive's word for their priority (real apt), and those installed are named", async () => {
    const place = { bytes: 1, archive: 'debian', path: 'pool/main/a/a.deb' } as const;
    const one = await makeDeb('one', '1:2-3', 'Priority: optional\nDepends: two (>= 1)\n', { ...place, priority: 'required' });
    const two = await makeDeb('two', '1.0~rc1', 'Priority: extra\n');
    const { lists, run, ask } = await makeMachine('ours', ['deb [trusted=yes] copy:/locked trixie main']);
    await writeFile(join(folder, 'wanted'), formatDebs([one, two]));
    await run('in', 'trixie');
    expect((await readdir(lists)).map((name) => name.replace(/-\w+_/, '-ARCH_'))).toEqual([
      '_locked_dists_trixie_InRelease',
      '_locked_dists_trixie_main_binary-ARCH_Packages',
    ]);
    expect((await ask('apt-cache', 'pkgnames')).trim().split('\n').sort()).toEqual(['one', 'two']);
    const shown = await ask('apt-cache', 'show', 'one', 'two');
    expect([...shown.matchAll(/^(?:Version|Priority|SHA256): (.*)$/gm)].map((match) => match[1])).toEqual([
      ...['1:2-3', 'required', one.sha256],
      ...['1.0~rc1', 'extra', two.sha256],
    ]);
    const plan = await ask('apt-get', '--simulate', 'install', '?narrow(?codename(^trixie$),?priority(required))');
    expect(plan.match(/^Inst .*(?= \()/gm)).toEqual(['Inst two', 'Inst one']);
    // Nothing is named of what was there before, nor of what wasn't installed.
    const paragraph = (name: string, version: string) => `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nVersion: ${version}\n\n`;
    await writeFile(join(folder, 'before'), paragraph('old', '1'));
    await writeFile(join(folder, 'ours/var/lib/dpkg/status'), paragraph('old', '1') + paragraph('one', '1:2-3'));
    await run('out', join(folder, 'before'));
    expect(await readInstalled(folder, [one, two])).toEqual([one]);
  });

  it('are written down and read again as they were', async () => {
    const debs: Deb[] = [
      { sha256: 'a'.repeat(64), name: 'one_1_all.deb', bytes: 7, archive: 'security', path: 'pool/updates/main/o/one.deb', priority: 'optional' },
      { sha256: 'b'.repeat(64), name: 'two_1_all.deb' },
    ];
    expect(parseDebs(formatDebs(debs))).toEqual(debs);
  });
});
