import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { hostMirrors } from '../../builder/debian/apt-sources.ts';

/** Why no program of another suite can be had here; undefined when it can. */
export async function whyNoMirror(): Promise<string | undefined> {
  return (await hostMirrors()) === undefined ? "this machine has no mirror of Debian's" : undefined;
}

/**
 * The wireguard-go of each of these suites of Debian, whatever this machine's own is: by an apt with settings of its own, which knows nothing of what is
 * installed. It is a program in Go, which runs beside any C library.
 * @returns the folder that each is in, to be put first in PATH.
 */
export async function fetchWireguard<Suite extends string>(suites: readonly Suite[], folder: string): Promise<Record<Suite, string>> {
  const mirror = (await hostMirrors())?.archive;
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  await mkdir(join(folder, 'archives', 'partial'), { recursive: true });
  // It fetches as another user, who is to reach it.
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'status'), '');
  await writeFile(join(folder, 'sources.list'), suites.map((suite) => `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`).join(''));
  const settings = {
    ...{ 'Dir::Etc::SourceList': join(folder, 'sources.list'), 'Dir::Etc::SourceParts': '/dev/null', 'Dir::Etc::Preferences': '/dev/null' },
    ...{ 'Dir::Etc::PreferencesParts': '/dev/null', 'Dir::State': folder, 'Dir::State::Status': join(folder, 'status'), 'Dir::Cache': folder },
    ...{ 'Acquire::Languages': 'none', 'Acquire::Retries': '3' },
  };
  const apt = async (cwd: string, ...words: string[]) =>
    execa('apt-get', ['--quiet', ...Object.entries(settings).flatMap(([name, value]) => ['--option', `${name}=${value}`]), ...words], { cwd });
  await apt(folder, 'update');
  const found = suites.map(async (suite) => {
    const root = join(folder, suite);
    await mkdir(root);
    await apt(root, 'download', `wireguard-go/${suite}`);
    await execa('sh', ['-c', 'dpkg-deb --extract *.deb .'], { cwd: root });
    return [suite, join(root, 'usr', 'bin')] as const;
  });
  return Object.fromEntries(await Promise.all(found)) as Record<Suite, string>;
}
