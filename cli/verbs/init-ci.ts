import { resolve } from 'node:path';
import type { Command } from 'commander';
import { findSemeurSource } from '../../builder/house/semeur-source.ts';
import { type Forge, findMissing, planCiFiles, SEED_KEY_COPY } from '../../builder/release/making/ci-files.ts';
import { writeFiles } from '../../builder/workspace/write-files.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report } from '../../kit/session.ts';

/** Gives a workspace that is there already what makes its releases by CI, and nothing else. */
export async function addCi(dir: string, forge: Forge, url: string | undefined, command: Command): Promise<Report> {
  const folder = resolve(dir);
  refuseOthers(dir, command);
  const source = await findSemeurSource(url);
  const planned = await planCiFiles(folder, forge, source);
  const missing = await findMissing(folder, planned);
  await writeFiles(folder, missing);
  const files = [...missing.keys()];
  const text = [...describeFiles(dir, forge, files), 'Next:', ...describeCiNext(source.commit, planned.has(SEED_KEY_COPY))];
  return { json: { folder, forge, semeur: source, files }, text };
}

/** Refuses options that describe a new workspace: none would be heard. */
function refuseOthers(dir: string, command: Command): void {
  const heard = ['ci', 'semeur', 'json', 'workspace'];
  const other = command.options.find(
    (option) => !heard.includes(option.attributeName()) && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (!other) return;
  throw new Failure(`Cannot take ${other.long} with --ci: there is a workspace in "${dir}" already`, {
    hint: `Change its files by hand, or leave ${other.long} out`,
    exitCode: EXIT.usage,
  });
}

function describeFiles(dir: string, forge: Forge, files: readonly string[]): string[] {
  return files.length === 0 ? [`"${dir}" has all that "${forge}" needs already`] : files.map((file) => `Wrote "${file}"`);
}

function describeCiNext(commit: string, hasSeedKey: boolean): string[] {
  return [
    ...(hasSeedKey ? [] : [`  - after your first build: cp secrets/seed_key.pub ${SEED_KEY_COPY}`]),
    '  - commit these files and the locks, profiles/*.lock',
    '  - set the secrets: docs/ci.md of Semeur says which, where',
    `  - see that the commit ${commit.slice(0, 12)} of Semeur is where CI fetches it`,
    '  - release: git tag v1 && git push origin v1',
  ];
}
