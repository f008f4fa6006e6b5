import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, Failure } from '../../../kit/failure.ts';
import { compileTemplate } from '../../seed/render.ts';
import { readSeedKey } from '../../workspace/secrets.ts';

/** Where forges look for what their CI does. */
const CI_FILES = { github: '.github/workflows/semeur.yml', gitlab: '.gitlab-ci.yml', forgejo: '.forgejo/workflows/semeur.yml' } as const;

export type Forge = keyof typeof CI_FILES;
export const FORGES = Object.keys(CI_FILES) as readonly Forge[];

/** Where CI fetches Semeur: a commit, since a branch moves. */
export interface SemeurSource {
  readonly url: string;
  readonly commit: string;
}

const TEMPLATES = join(import.meta.dirname, '../../../templates/ci');
/** Where git has the seed key's public half: secrets/ is not in git. */
export const SEED_KEY_COPY = 'ci/seed_key.pub';

/**
 * What an operator's repository needs to make signed releases by CI, by path: the forge's own file, the program that it calls,
 * and the seed key's public half, once the workspace has one.
 */
export async function planCiFiles(folder: string, forge: Forge, source: SemeurSource): Promise<Map<string, string>> {
  const template = join(TEMPLATES, `${forge}.yml.hbs`);
  const seedKey = await readSeedKey(folder).catch(() => undefined);
  return new Map([
    [CI_FILES[forge], compileTemplate(template, await readFile(template, 'utf8'))(source)],
    ['ci/release.sh', await readFile(join(TEMPLATES, 'release.sh'), 'utf8')],
    ...(seedKey === undefined ? [] : [[SEED_KEY_COPY, seedKey] as const]),
  ]);
}

/** Those that are not there yet. @throws {Failure} where one is there with another content: it is the operator's. */
export async function findMissing(folder: string, files: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const missing = new Map<string, string>();
  for (const [path, text] of files) {
    const found = await readFile(join(folder, path), 'utf8').catch(() => undefined);
    if (found === undefined) missing.set(path, text);
    else if (found !== text) throw refuseOther(folder, path);
  }
  return missing;
}

function refuseOther(folder: string, path: string): Failure {
  return new Failure(`Cannot write "${path}": "${folder}" has another one already`, {
    hint: `Keep yours, or move it away, run this again and compare: git mv ${path} ${path}.old`,
    exitCode: EXIT.usage,
  });
}
