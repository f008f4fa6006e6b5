import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { showUrl } from '../../builder/fetch/web-request.ts';
import type { ImageDifference } from '../../builder/release/comparing/image-difference.ts';
import { KEY_STATEMENTS, rotateKey } from '../../builder/release/folder/key-rotation.ts';
import { signRelease } from '../../builder/release/folder/sign.ts';
import { reproduceRelease } from '../../builder/release/making/reproduce.ts';
import { downloadRelease, fetchSignedList, isUrl } from '../../builder/release/taking/download-release.ts';
import { verifyRelease } from '../../builder/release/taking/verify-release.ts';
import { withWorkFolder } from '../../builder/sandbox/sandbox.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { addReleaseDiff } from './release-diff.ts';
import { readTrusted, SIGNERS } from './release-signers.ts';
import type { RunVerb } from './verb.ts';

interface Trust {
  readonly signers?: string;
}

/** Under `release`: what is done with one that is there. */
export function addReleaseChecks(release: Command, run: RunVerb): void {
  release
    .command('sign')
    .argument('<dir>', 'a release that was made with --unsigned')
    .description('sign a release, where nothing but its folder and the key is needed')
    .requiredOption('--key <file>', 'the key that signs, or the public half of one in your ssh-agent')
    .addHelpText('after', examples('semeur release sign ../release --key ~/.ssh/release_key'))
    .action((dir: string, { key }: { key: string }) => run((session) => sign(session, dir, key)));
  release
    .command('rotate')
    .description('hand over from the key that signs releases to a new one, by a statement that both sign and that each release carries')
    .requiredOption('--from <file>', 'the key that signed until now')
    .requiredOption('--to <file>', 'the new one')
    .addHelpText('after', examples('semeur release rotate --from secrets/release_key --to secrets/release_key_2027'))
    .action((keys: { from: string; to: string }) => run((session) => rotate(session, keys)));
  release
    .command('verify')
    .argument('<dir-or-url>', "a release's folder, here or on the internet")
    .description('check a release with nothing but the public key: who signed it, every file, and the image')
    .option(...SIGNERS)
    .addHelpText('after', examples('semeur release verify ../release --signers release.pub', 'semeur release verify https://example.org/release'))
    .action((source: string, flags: Trust) => run((session) => verify(session, source, flags)));
  release
    .command('reproduce')
    .argument('<dir>', "a release's folder")
    .description('make a release again from what it carries, with an empty cache, and compare bit by bit')
    .option(...SIGNERS)
    .addHelpText('after', examples('semeur release reproduce ../release --signers release.pub'))
    .action((dir: string, flags: Trust) => run((session) => reproduce(session, dir, flags)));
  addReleaseDiff(release, run);
}

async function rotate(session: Session, keys: { readonly from: string; readonly to: string }): Promise<Report> {
  const workspace = findWorkspace(session);
  const files = { from: resolve(keys.from), to: resolve(keys.to) };
  for (const file of Object.values(files)) if (!existsSync(file)) throw new Failure(`Cannot find the key "${file}"`, { exitCode: EXIT.usage });
  const { from, to } = await rotateKey(workspace, files, new Date().toISOString().slice(0, 10), session.signal);
  const text = [
    `${KEY_STATEMENTS}: ${from} hands over to ${to}; whoever trusts the first follows`,
    `Commit it, and sign from now on with ${keys.to}`,
  ];
  return { json: { workspace, from, to }, text };
}

async function sign(session: Session, dir: string, key: string): Promise<Report> {
  const folder = resolve(dir);
  const file = resolve(key);
  if (!existsSync(file)) throw new Failure(`Cannot sign "${dir}": there is no key "${key}"`, { exitCode: EXIT.usage });
  const signer = await signRelease(folder, file, session.signal);
  return { json: { folder, signer }, text: [`Signed by ${signer}`] };
}

async function verify(session: Session, source: string, { signers }: Trust): Promise<Report> {
  const trusted = await readTrusted(session, signers);
  if (!isUrl(source)) return reportVerified(source, await verifyRelease(session, resolve(source), trusted));
  return withWorkFolder(async (work) => {
    const folder = join(work.path, 'release');
    await downloadRelease(session, await fetchSignedList(session, source, trusted), folder);
    return reportVerified(showUrl(source), await verifyRelease(session, folder, trusted));
  });
}

function reportVerified(source: string, verified: Awaited<ReturnType<typeof verifyRelease>>): Report {
  return { json: { source, ...verified }, text: [source, ...verified.checked.map((line) => `  ${line}`)] };
}

async function reproduce(session: Session, dir: string, { signers }: Trust): Promise<Report> {
  const folder = resolve(dir);
  const { profile } = await verifyRelease(session, folder, await readTrusted(session, signers));
  const found = await reproduceRelease(session, folder, profile);
  const text = [
    ...found.same.map((path) => `the same  ${path}`),
    ...found.different.map((path) => `another   ${path}`),
    ...(found.image ? [describe(found.image)] : []),
  ];
  return { json: { folder, profile, ...found }, text, ...(found.different.length > 0 && { exitCode: EXIT.failure }) };
}

function describe({ where, path, first, second, files }: ImageDifference): string {
  if (path === null) return `The images differ in the ${where}, in no file of it`;
  return `The images differ in the ${where}, in ${files} ${files === 1 ? 'file' : 'files'}; the first is ${path}:\n  released   ${first ?? 'not there'}\n  made again ${second ?? 'not there'}`;
}
