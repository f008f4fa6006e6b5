import type { Command } from 'commander';
import { verifyFiles } from '../../builder/cards/verify-files.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

export function addVerify(program: Command, run: RunVerb): void {
  program
    .command('verify')
    .argument('<file...>', 'images or seeds')
    .description('check images and seeds against their hashes, and their seeds against the signing key of the workspace')
    .addHelpText('after', examples('semeur verify out/durand.img.xz out/durand.seed'))
    .action((files: string[]) => run((session) => verify(session, files)));
}

export async function verify(session: Session, files: readonly string[], now = new Date()): Promise<Report> {
  const verified = await verifyFiles(session, await loadWorkspace(findWorkspace(session)), files, now);
  const text = verified.flatMap(({ file, checked, unchecked, ended }) => [
    file,
    ...checked.map((line) => `  ${line}`),
    ...unchecked.map((line) => `  not checked: ${line}`),
    ...ended.map((line) => `  no longer good: ${line}`),
  ]);
  return { json: { files: verified }, text };
}
