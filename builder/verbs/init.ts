import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { writeFileAtomically } from '../atomic-file.ts';
import { EXIT, Failure } from '../failure.ts';
import type { Report } from '../session.ts';
import { readOverlays } from '../workspace/overlays.ts';
import { refuseTimeZone } from '../workspace/rules/names.ts';
import { LANGUAGES, type Operator, operatorSchema } from '../workspace/schema.ts';
import { IGNORED, planStarter } from '../workspace/starter.ts';
import type { RunVerb } from './verb.ts';

interface InitOptions {
  readonly operator?: string;
  readonly language?: Operator['language'];
}

export function addInit(program: Command, run: RunVerb): void {
  program
    .command('init')
    .description('start a workspace: your addresses, a profile, and a client as an example')
    .argument('<dir>', 'the folder to make it in')
    .option('--operator <name>', 'the name of your co-operative, as people read it')
    .addOption(new Option('--language <language>', "of the files' comments, and of clients that name no other").choices(LANGUAGES))
    .action((dir: string, options: InitOptions) => run(() => initWorkspace(dir, options)));
}

async function initWorkspace(dir: string, { language = ownLanguage(), operator = DEFAULT_NAMES[language] }: InitOptions): Promise<Report> {
  const folder = resolve(dir);
  checkOperatorName(operator);
  const website = (await readOverlays(folder)).overlays.get('website')?.value;
  const files = planStarter({ operator, language, timezone: ownTimeZone(), prefix: drawPrefix(), services: website ? [website] : [] });
  checkFree(folder, dir, files.keys());
  for (const [path, text] of files) {
    await writeFileAtomically(join(folder, path), path === '.gitignore' ? await extendIgnored(join(folder, path)) : text);
  }
  return { json: { folder, files: [...files.keys()] }, text: describeNext(dir, operator, files.keys()) };
}

const DEFAULT_NAMES = { fr: 'Ma coopérative', en: 'My co-operative' } as const;

function ownLanguage(): Operator['language'] {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  return (LC_ALL || LC_MESSAGES || LANG || '').startsWith('fr') ? 'fr' : 'en';
}

/** This machine's, unless it is a server's. */
function ownTimeZone(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === 'UTC' || refuseTimeZone(zone) ? 'Europe/Paris' : zone;
}

/** RFC 4193, section 3.2: 40 random bits, so that no two networks ever clash. */
function drawPrefix(): string {
  const hex = randomBytes(5).toString('hex');
  const group = (from: number) => Number.parseInt(hex.slice(from, from + 4), 16).toString(16);
  return `fd${hex.slice(0, 2)}:${group(2)}:${group(6)}::/48`;
}

function checkOperatorName(operator: string): void {
  const issue = operatorSchema.shape.operator.safeParse(operator).error?.issues[0];
  if (issue) throw new Failure(`Cannot take this name of a co-operative: ${issue.message}`, { exitCode: EXIT.usage });
}

function checkFree(folder: string, dir: string, paths: Iterable<string>): void {
  if (existsSync(join(folder, 'semeur.yaml'))) {
    throw new Failure(`Cannot start a workspace in "${dir}": there is one already`, {
      hint: `See how it is: semeur check --workspace ${dir}`,
      exitCode: EXIT.usage,
    });
  }
  const taken = [...paths].find((path) => path !== '.gitignore' && existsSync(join(folder, path)));
  if (taken !== undefined) {
    throw new Failure(`Cannot start a workspace in "${dir}": it has a file "${taken}" already`, {
      hint: 'Name another folder',
      exitCode: EXIT.usage,
    });
  }
}

/** A folder that is a git repository may ignore other things already. */
async function extendIgnored(file: string): Promise<string> {
  const before = existsSync(file) ? await readFile(file, 'utf8') : '';
  const added = IGNORED.filter((rule) => !before.split('\n').includes(rule));
  const start = before === '' || before.endsWith('\n') ? before : `${before}\n`;
  return `${start}${added.map((rule) => `${rule}\n`).join('')}`;
}

function describeNext(dir: string, operator: string, paths: Iterable<string>): string[] {
  const example = [...paths].find((path) => path.startsWith('clients/')) ?? '';
  return [
    `Started a workspace for "${operator}" in "${dir}"`,
    'Next:',
    `  1. put your own addresses in ${join(dir, 'semeur.yaml')}`,
    `  2. describe your first client in ${join(dir, example)}, or type: semeur client new NAME --workspace ${dir}`,
    `  3. type: semeur check --workspace ${dir}`,
    `  4. make the cards: semeur build --all --workspace ${dir}`,
  ];
}
