import { access } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { renderLeaflet } from '../../builder/leaflet/leaflet.ts';
import { platformOf } from '../../builder/platform/platforms.ts';
import { ensurePeople } from '../../builder/seed/named-people.ts';
import { BUILT_IN } from '../../builder/workspace/built-in.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient } from '../../builder/workspace/find-named.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import type { Client } from '../../builder/workspace/schema.ts';
import { writeAtomically, writeFileAtomically } from '../../kit/atomic-file.ts';
import { runCommand } from '../../kit/command.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { warnOfTokens } from './token-news.ts';
import type { RunVerb } from './verb.ts';

interface LeafletFlags {
  readonly link?: string;
  readonly large?: boolean;
  readonly pdf?: boolean;
}

/** The client's passwords are on it. */
const SECRET = { mode: 0o600 } as const;
/** Debian's, smallest first. */
const BROWSERS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** Under `client`: what goes into the parcel, or to the client's printer. */
export function addClientLeaflet(client: Command, run: RunVerb): void {
  client
    .command('leaflet')
    .argument('<client>')
    .description('a sheet of A4 for the client: what to do, what the light means, whom to call, their passwords under a fold; out/NAME.leaflet.html')
    .option('--link <https://…>', 'of their download page (semeur home link add); its QR code is on the sheet', readLink)
    .option('--large', 'large print, on two sheets')
    .option('--pdf', 'a PDF beside it, by Chromium')
    .addHelpText('after', examples('semeur client leaflet durand', 'semeur client leaflet durand --large --pdf'))
    .action((name: string, flags: LeafletFlags) => run((session) => writeLeaflet(session, name, flags)));
}

function readLink(text: string): string {
  if (URL.parse(text)?.protocol !== 'https:') throw new InvalidArgumentError('Give an address that begins with "https://".');
  return text;
}

async function writeLeaflet(session: Session, name: string, { link, large = false, pdf }: LeafletFlags): Promise<Report> {
  const browser = pdf && (await findBrowser());
  const folder = findWorkspace(session);
  const workspace = await loadWorkspace(folder);
  const client = findClient(workspace, name);
  await warnOfTokens(session, folder, [name], new Date());
  const file = join(folder, 'out', `${name}.leaflet.html`);
  await writeFileAtomically(file, await render(workspace, client, link, large), SECRET);
  const files = [file, ...(browser ? [await printPdf(session, browser, file)] : [])].map((one) => relative(process.cwd(), resolve(one)));
  return { json: { client: name, files }, text: files };
}

async function render(workspace: LoadedWorkspace, client: Client, link: string | undefined, large: boolean): Promise<string> {
  const { operator, profiles, overlays } = workspace;
  const { keys, people } = await ensurePeople(workspace, client);
  const { account, code, backupKey } = keys;
  const { language, hostname } = client;
  const profile = profiles.get(client.profile);
  const services = profile?.services ?? [];
  const hasLight = profile !== undefined && platformOf(profile.base).light !== undefined;
  return renderLeaflet({
    ...{ language, large, hasLight, link, hostname, name: client.name, phone: client.phone },
    contact: { operator: operator.operator, email: operator.email, phone: operator.phone },
    services: services.flatMap((service) => (BUILT_IN.includes(service) ? [] : (overlays.get(service)?.title[language] ?? []))),
    secrets: {
      ...{ code: code.text, account: client.client, password: account.password, backupKey },
      people: people.map(({ title, name, password }) => ({ title: title[language], name, password })),
    },
  });
}

async function findBrowser(): Promise<string> {
  for (const browser of BROWSERS) {
    const isThere = await access(browser).then(
      () => true,
      () => false,
    );
    if (isThere) return browser;
  }
  throw new Failure('Cannot write a PDF: Chromium is not installed', {
    hint: 'As root: apt-get install chromium-headless-shell; or open the HTML in any browser and print it',
    exitCode: EXIT.missingProgram,
  });
}

async function printPdf({ signal }: Session, browser: string, file: string): Promise<string> {
  const pdf = file.replace(/html$/, 'pdf');
  // Chromium's sandbox refuses root, and what is shown is our own.
  const flags = ['--headless', '--no-pdf-header-footer', '--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
  const print = async (part: string) =>
    void (await runCommand([browser, ...flags, `--print-to-pdf=${part}`, `file://${resolve(file)}`], { doing: 'print the leaflet', signal }));
  await writeAtomically(pdf, (_, part) => print(part), SECRET);
  return pdf;
}
