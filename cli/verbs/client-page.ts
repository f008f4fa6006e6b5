import { createWriteStream } from 'node:fs';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { loadClientFile, loadOperator } from '../../builder/workspace/load.ts';
import { LANGUAGES, type Operator } from '../../builder/workspace/schema.ts';
import { openComposed, PrefixUnavailable } from '../../home/download/composed-file.ts';
import { renderDocument } from '../../home/download/frame.ts';
import { renderImagerManifest } from '../../home/download/imager-manifest.ts';
import { readPlan } from '../../home/download/plan.ts';
import { renderSteps } from '../../home/download/steps-page.ts';
import { type Visit, WORDS } from '../../home/download/visit.ts';
import { writeAtomically, writeFileAtomically } from '../../kit/atomic-file.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { type DownloadPlan, planFile } from '../../protocol/download.ts';
import { ICON } from '../../web/pictures.ts';
import { examples } from './examples.ts';
import { warnOfTokens } from './token-news.ts';
import type { RunVerb } from './verb.ts';

interface PageFlags {
  readonly out: string;
  readonly url: string;
}

/** A web server runs as somebody else, and what sends the files there keeps their rights: it is the folder's name that nobody guesses. */
const PUBLIC = { file: 0o644, folder: 0o755 } as const;

/** Under `client`: the download page as files, for those whose home offers none. */
export function addClientPage(client: Command, run: RunVerb): void {
  client
    .command('page')
    .argument('<client>')
    .description(
      "a client's download page, image and small file as files, for any web server; who finds them has the client's keys until their card has called",
    )
    .requiredOption('--out <dir>', 'where to write them')
    .requiredOption('--url <https://…>', 'where the folder will be on the internet: choose a name that nobody guesses', readUrl)
    .addHelpText('after', examples('semeur client page durand --out ~/www/k7wq3n5x --url https://example.org/k7wq3n5x'))
    .action((name: string, flags: PageFlags) => run((session) => writePage(session, name, flags)));
}

function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.search !== '' || url.hash !== '')
    throw new InvalidArgumentError('Give the address of a folder, beginning with "https://".');
  return text.replace(/\/+$/, '');
}

async function writePage(session: Session, name: string, { out, url }: PageFlags): Promise<Report> {
  const folder = findWorkspace(session);
  const operator = await loadOperator(folder);
  const plans = join(folder, 'out', 'downloads');
  const plan = await readPlan(plans, { client: name }, { info() {}, warn() {}, error: (_, message) => session.progress.warn(message) });
  const { tail, client } = plan ?? {};
  if (!plan || tail === undefined || client?.seed === undefined) {
    throw new Failure(`Cannot find what "${name}" may download`, { hint: `Make it: semeur build ${name} --seed-only`, exitCode: EXIT.usage });
  }
  const target = resolve(out);
  const { language = operator.language } = await loadClientFile(folder, name);
  await warnOfTokens(session, folder, [name], new Date());
  // One that was there may be somebody's own.
  if ((await mkdir(target, { recursive: true })) !== undefined) await chmod(target, PUBLIC.folder);
  const { mtimeMs: made } = await stat(planFile(plans, { client: name }));
  const manifest = `${name}.rpi-imager-manifest`;
  const links = { manifest, image: plan.file, seed: 'semeur.seed' };
  const facts = { name: client.name, image: `${url}/${plan.file}`, icon: `${url}/icon.svg`, made };
  await writeImageFile(join(target, plan.file), plan);
  const pages = LANGUAGES.flatMap((one) => {
    const visit = visitIn(one, operator);
    const text = renderDocument(visit, visit.words.title(client.name), renderSteps(visit, plan, client.name, links));
    return [`${one}.html`, ...(one === language ? ['index.html'] : [])].map((file) => [file, text] as const);
  });
  const files: readonly (readonly [string, string | Buffer])[] = [
    ['semeur.seed', Buffer.from(client.seed, 'base64')],
    ['icon.svg', ICON],
    [manifest, renderImagerManifest(visitIn(language, operator), plan, facts)],
    ...pages,
  ];
  for (const [file, content] of files) await writeFileAtomically(join(target, file), content);
  // Whatever this shell's umask.
  for (const file of [plan.file, ...files.map(([name]) => name)]) await chmod(join(target, file), PUBLIC.file);
  return { json: { client: name, out: target, url }, text: [`${target}: send it to ${url}, and take it away when the card has called`] };
}

function visitIn(language: 'fr' | 'en', { operator, email, phone, timezone }: Operator): Visit {
  const words = WORDS[language];
  return { language, words, contact: { operator, email, phone, timezone }, other: `${words.other.code}.html` };
}

async function writeImageFile(file: string, plan: DownloadPlan): Promise<void> {
  const composed = await openComposed(plan, cacheFolder('prefixes')).catch((error: unknown) => {
    if (!(error instanceof PrefixUnavailable)) throw error;
    throw new Failure(`Cannot put the image together: ${error.message}`, {
      hint: `Make it anew: semeur build ${plan.client?.client} --seed-only`,
      cause: error,
    });
  });
  try {
    await writeAtomically(file, async (_, temporary) => {
      const to = createWriteStream(temporary, { flags: 'r+' });
      const written = finished(to);
      // What fails is thrown by the one that writes; else nobody would hear of the other in time.
      written.catch(() => undefined);
      await composed.writeRange({ first: 0, last: plan.bytes - 1 }, to);
      to.end();
      await written;
    });
  } finally {
    await composed.close();
  }
}
