import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import { tellWhole } from '../whole-failure.ts';

const ACCOUNT = {
  passwd: 'sower:x:4242:4242::/nonexistent:/bin/sh',
  group: 'sower:x:4242:',
  subuid: 'sower:300000:65536',
  subgid: 'sower:300000:65536',
};

/** Another mirror than that of the machine that built first, and nobody answers there. */
const SOURCES = ['trixie', 'trixie-updates', 'trixie-security'].map((suite) => `deb http://elsewhere.invalid/debian ${suite} main\n`).join('');
/** $0 is the folder. */
const HIDE = `
for f in passwd group subuid subgid; do mount --bind "$0/$f" "/etc/$f"; done
mount --bind "$0/sources.list.d" /etc/apt/sources.list.d
[ ! -e /etc/apt/sources.list ] || mount --bind /dev/null /etc/apt/sources.list
exec setpriv --reuid=4242 --regid=4242 --clear-groups "$@"
`;

/**
 * Runs a program, for root, as an ordinary user of a machine with another mirror, both of which exist only in a mount namespace: the machine's own files
 * stay as they are.
 * @param folder where the test works; the user may enter it. @param owned what is theirs.
 */
export async function runAsOrdinaryUser(
  folder: string,
  owned: readonly string[],
  argv: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  for (const [name, line] of Object.entries(ACCOUNT)) {
    const before = await readFile(`/etc/${name}`, 'utf8').catch(() => '');
    await writeFile(join(folder, name), `${before}${line}\n`);
  }
  await mkdir(join(folder, 'sources.list.d'), { recursive: true });
  await writeFile(join(folder, 'sources.list.d', 'elsewhere.list'), SOURCES);
  await runCommand(['chown', '-R', '4242:4242', ...owned]);
  await runCommand(['chmod', '755', folder]);
  const enter = ['unshare', '--mount', '--propagation=private', 'sh', '-euc', HIDE, folder];
  return (await runCommand([...enter, ...argv], { env }).catch(tellWhole)).toString('utf8');
}
