import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from './finding.ts';

/** Folders that hold keys, seeds with tokens, and home's database: never for others on this machine, nor for git. */
const PRIVATE = ['secrets', 'out'];
/** Only on the machine where home runs. */
const OF_HOME = 'home';

/** Whether others on this machine, or readers of the repository, could see the operator's secrets. */
export async function checkSecrets(workspace: string): Promise<Finding[]> {
  const ignored = await readFile(join(workspace, '.gitignore'), 'utf8').catch(() => '');
  const folders = (await stat(join(workspace, OF_HOME)).catch(() => undefined)) ? [...PRIVATE, OF_HOME] : PRIVATE;
  return [...folders.filter((name) => !isIgnored(ignored, name)).map(findUnignored), ...(await findReadable(workspace, 'secrets'))];
}

function findUnignored(name: string): Finding {
  return {
    file: '.gitignore',
    line: 1,
    column: 1,
    level: 'warning',
    message: `Git does not ignore "${name}/", which holds secrets`,
    hint: `Add a line "/${name}/" to .gitignore`,
  };
}

function isIgnored(gitignore: string, name: string): boolean {
  const rules = gitignore.split('\n').map((rule) => rule.trim());
  const last = rules.findLast((rule) => new RegExp(`^!?/?${name}(/(\\*{1,2})?)?$`).test(rule));
  return last !== undefined && !last.startsWith('!');
}

async function findReadable(workspace: string, path: string): Promise<Finding[]> {
  // Windows has no such modes.
  if (process.platform === 'win32') return [];
  const file = join(workspace, path);
  const found = await stat(file).catch(() => undefined);
  if (!found) return [];
  const below = found.isDirectory() ? await readdir(file).catch(() => []) : [];
  const findings = await Promise.all(below.sort().map((name) => findReadable(workspace, `${path}/${name}`)));
  // The public half of a key is no secret, and ssh-keygen writes it 0644.
  const open = (found.mode & 0o077) !== 0 && !path.endsWith('.pub');
  return [...(open ? [describeReadable(file, path)] : []), ...findings.flat()];
}

function describeReadable(file: string, path: string): Finding {
  const quoted = /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`;
  return {
    file: path,
    line: 1,
    column: 1,
    level: 'error',
    message: 'Others on this machine can read this secret',
    hint: `Type: chmod go= ${quoted}`,
  };
}
