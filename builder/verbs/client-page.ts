import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { openComposed, PrefixUnavailable } from '../../home/download/composed-file.ts';
import { renderDocument } from '../../home/download/frame.ts';
import { renderImagerManifest } from '../../home/download/imager-manifest.ts';
import { ICON } from '../../home/download/pictures.ts';
import { planFile, readPlan } from '../../home/download/plan.ts';
import { renderSteps } from '../../home/download/steps-page.ts';
import { type Visit, WORDS } from '../../home/download/visit.ts';
import type { DownloadPlan } from '../../protocol/download.ts';
import { writeAtomically, writeFileAtomically } from '../atomic-file.ts';
import { cacheFolder } from '../cache-folder.ts';
import { EXIT, Failure } from '../failure.ts';
import type { Report, Session } from '../session.ts';
import { findWorkspace } from '../workspace/find.ts';
import { loadOperator } from '../workspace/load.ts';
import { LANGUAGES, type Operator } from '../workspace/schema.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

interface PageFlags {
  readonly out: string;
  readonly url: string;
}

/** Whoever reads one has the client's keys. */
const SECRET = { mode: 0o600 } as const;

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
  const { mtimeMs: made } = await stat(planFile(plans, { client: name }));
  const manifest = `${name}.rpi-imager-manifest`;
  const links = { manifest, image: plan.file, seed: 'semeur.seed' };
  const facts = { name: client.name, image: `${url}/${plan.file}`, icon: `${url}/icon.svg`, made };
  await writeImageFile(join(target, plan.file), plan);
  await writeFileAtomically(join(target, 'semeur.seed'), Buffer.from(client.seed, 'base64'), SECRET);
  await writeFileAtomically(join(target, 'icon.svg'), ICON);
  await writeFileAtomically(join(target, manifest), renderImagerManifest(visitIn(operator.language, operator), plan, facts), SECRET);
  for (const language of LANGUAGES) {
    const visit = visitIn(language, operator);
    const text = renderDocument(visit, visit.words.title(client.name), renderSteps(visit, plan, client.name, links));
    // The first one that somebody sees is in the operator's own language, since the plan names no other.
    for (const file of [`${language}.html`, ...(language === operator.language ? ['index.html'] : [])])
      await writeFileAtomically(join(target, file), text, SECRET);
  }
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
    await writeAtomically(
      file,
      async (_, temporary) => {
        const to = createWriteStream(temporary, { flags: 'r+' });
        const written = finished(to);
        // What fails is thrown by the one that writes; else nobody would hear of the other in time.
        written.catch(() => undefined);
        await composed.writeRange({ first: 0, last: plan.bytes - 1 }, to);
        to.end();
        await written;
      },
      SECRET,
    );
  } finally {
    await composed.close();
  }
}
