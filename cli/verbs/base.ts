import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { TryAgain } from '../../builder/fetch/try-again.ts';
import { BASES, basesFrom, platformOf } from '../../builder/platform/platforms.ts';
import { raspiosLiteArm64 } from '../../builder/platform/raspios-lite-arm64.ts';
import { raspiosSource } from '../../builder/profile/raspios.ts';
import { IMAGE_NAME } from '../../builder/raspios/local-image.ts';
import { ensureOsImage, isCached } from '../../builder/raspios/os-image.ts';
import { fetchOsList, type ListedImage, RASPIOS_SUITES, type RaspiosSuite } from '../../builder/raspios/os-list.ts';
import { findAnyWorkspace } from '../../builder/workspace/find.ts';
import { loadOperator } from '../../builder/workspace/load.ts';
import { releaseDate } from '../../builder/workspace/rules/raspios.ts';
import { suggestHint } from '../../builder/workspace/rules/suggest.ts';
import { formatByteSize } from '../../kit/byte-size.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

const RASPIOS = raspiosLiteArm64.base;

interface FetchOptions {
  readonly suite?: RaspiosSuite;
  readonly release?: string;
}

export function addBase(program: Command, run: RunVerb): void {
  const base = program.command('base').description('operating systems to build on');
  base
    .command('list')
    .description('what can be had: Debian, and the Raspberry Pi OS images of the list, with sizes, and which are in the cache')
    .addHelpText('after', examples('semeur base list', 'semeur base list --json'))
    .action(() => run(listBases));
  base
    .command('fetch')
    .argument('<name>', `"${RASPIOS}", or the path of a .img, .img.xz or .zip`)
    .description('download a Raspberry Pi OS image, check it, and unpack it into the cache; goes on where it was cut')
    .addOption(new Option('--suite <suite>', 'of Debian (default: trixie)').choices(RASPIOS_SUITES))
    .option('--release <date>', 'of the image, as "base list" shows it (default: the newest)', readDate)
    .addHelpText(
      'after',
      examples(`semeur base fetch ${RASPIOS} --suite bookworm`, 'semeur base fetch images/2026-06-18-raspios-trixie-arm64-lite.img.xz'),
    )
    .action((name: string, options: FetchOptions) => run((session) => fetchBase(session, name, options)));
}

function readDate(text: string): string {
  if (releaseDate().safeParse(text).success) return text;
  throw new InvalidArgumentError('Give a date such as "2026-06-18".');
}

async function listBases(session: Session): Promise<Report> {
  const { source } = await findSource(session);
  const { images, failure } = await readList(session, source.list);
  if (failure) session.progress.warn(`The images of Raspberry Pi OS are left out: ${failure.message}\n  → ${failure.hint}`);
  const cached = await Promise.all(images.map(isCached));
  const packages = basesFrom('packages').map((base) => ({ base, boards: platformOf(base).boards }));
  const listed = images.map((image, index) => ({ base: RASPIOS, boards: raspiosLiteArm64.boards, ...image, cached: cached[index] ?? false }));
  const built = packages.map(({ base }) => `${base.padEnd(RASPIOS.length)}  built from Debian's packages`);
  const text = [...built, ...listed.map((image) => describeImage(image, image.cached))];
  return { json: { list: source.list, listFailure: failure?.message ?? null, bases: [...packages, ...listed] }, text };
}

/** What needs no list is listed without a network too. */
async function readList(session: Session, url: string): Promise<{ images: ListedImage[]; failure?: Failure }> {
  try {
    return { images: await fetchOsList(session, url) };
  } catch (error) {
    if (error instanceof Failure && error.cause instanceof TryAgain) return { images: [], failure: error };
    throw error;
  }
}

function describeImage({ suite, release, download, image }: ListedImage, cached: boolean): string {
  const sizes = `${formatByteSize(download.bytes)} to download, ${formatByteSize(image.bytes)} unpacked`;
  return `${RASPIOS}  ${suite.padEnd(8)}  ${release}  ${sizes}${cached ? ', in the cache' : ''}`;
}

async function fetchBase(session: Session, name: string, options: FetchOptions): Promise<Report> {
  const file = readName(name, options);
  const { source } = await findSource(session);
  const found = await ensureOsImage(session, { ...options, file }, { source, folder: process.cwd() });
  const { suite, release, image, raw } = found;
  return {
    json: { base: RASPIOS, ...found },
    text: [`${raw}  ${RASPIOS} ${suite} ${release ?? 'of no known date'}, ${formatByteSize(image.bytes)}`],
  };
}

/** @returns the path of an image of one's own. */
function readName(name: string, { release }: FetchOptions): string | undefined {
  if (name === RASPIOS) return undefined;
  if (IMAGE_NAME.test(name)) {
    if (release === undefined) return resolve(name);
    throw refuse(name, 'a file has no release in the list', 'Leave "--release" out');
  }
  if (basesFrom('packages').some((base) => base === name))
    throw refuse(name, 'it is built from packages', 'Run "semeur profile build NAME", which fetches them');
  throw refuse(name, 'there is no such base', suggestHint(name, BASES));
}

function refuse(name: string, reason: string, hint: string): Failure {
  return new Failure(`Cannot fetch "${name}": ${reason}`, { hint, exitCode: EXIT.usage });
}

/** Looking at what there is needs no workspace yet. */
async function findSource(session: Session) {
  const folder = findAnyWorkspace(session);
  return { folder, source: raspiosSource(folder ?? '.', folder === undefined ? undefined : await loadOperator(folder)) };
}
