import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { findSemeurSource } from '../../builder/house/semeur-source.ts';
import { BOARDS } from '../../builder/platform/boards.ts';
import { BASES, DEFAULT_BASE, platformOf } from '../../builder/platform/platforms.ts';
import { FORGES, type Forge, planCiFiles } from '../../builder/release/making/ci-files.ts';
import { drawPrefix, ownLanguage, ownTimeZone } from '../../builder/workspace/defaults.ts';
import { isWorkspace } from '../../builder/workspace/find.ts';
import { loadPlanned } from '../../builder/workspace/load.ts';
import { readOverlays } from '../../builder/workspace/overlays.ts';
import { planFiles } from '../../builder/workspace/planned.ts';
import { refuseValue } from '../../builder/workspace/refuse-value.ts';
import { suggestHint } from '../../builder/workspace/rules/suggest.ts';
import { LANGUAGES, type Operator, operatorSchema, type Profile } from '../../builder/workspace/schema.ts';
import { defaultAddresses, exampleClient, planStarter, STARTER_NAMES, type StarterOptions } from '../../builder/workspace/starter.ts';
import { fitIntoFolder, writeFiles } from '../../builder/workspace/write-files.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { addCi } from './init-ci.ts';
import type { RunVerb } from './verb.ts';

interface InitOptions {
  readonly operator?: string;
  readonly language?: Operator['language'];
  readonly email?: string;
  readonly phone?: string;
  readonly timezone?: string;
  readonly prefix?: string;
  readonly endpoint?: string[];
  readonly home?: string;
  readonly profile: string;
  readonly base: Profile['base'];
  readonly board?: Profile['boards'];
  readonly service?: string[] | false;
  readonly example: boolean;
  readonly ci?: Forge;
  readonly semeur?: string;
}

export function addInit(program: Command, run: RunVerb): void {
  program
    .command('init')
    .description('start a workspace: your addresses, a profile, and a client as an example')
    .argument('<dir>', 'the folder to make it in')
    .option('--operator <name>', 'the name of your co-operative, as people read it')
    .addOption(new Option('--language <language>', "of the files' comments, and of clients that name no other").choices(LANGUAGES))
    .option('--email <address>', 'where clients write for help')
    .option('--phone <number>', 'where clients call for help')
    .option('--timezone <zone>', "of clients that name no other (default: this machine's)")
    .option('--prefix <network>', 'the private IPv6 network of your fleet (default: drawn at random)')
    .option('--endpoint <host:port...>', 'where cards reach your VPN, tried in this order')
    .option('--home <url>', 'the public address of your server, with the port where home listens (8443)')
    .option('--profile <name>', 'the name of the first profile', 'maison')
    .addOption(new Option('--base <base>', 'its operating system').choices(BASES).default(DEFAULT_BASE))
    .addOption(new Option('--board <board...>', 'the Raspberry Pi models it must run on').choices(BOARDS))
    .option('--service <name...>', 'what it offers (default: website)')
    .option('--no-service', 'it offers nothing yet')
    .option('--no-example', 'no client yet')
    .addOption(new Option('--ci <forge>', 'also what makes signed releases there; a workspace that is there already gets that alone').choices(FORGES))
    .option('--semeur <url>', 'where CI fetches Semeur (default: where this checkout came from)')
    .addHelpText(
      'after',
      examples(
        "semeur init my-coop --operator 'Les Racines' --language fr",
        'semeur init . --email help@roots.example --endpoint vpn.roots.example:51820 192.0.2.10:443 --home https://home.roots.example:8443 --no-example',
        'semeur init . --ci forgejo --semeur https://git.roots.example/semeur.git',
      ),
    )
    .action((dir: string, options: InitOptions, command: Command) =>
      run(() => (options.ci && isWorkspace(resolve(dir)) ? addCi(dir, options.ci, options.semeur, command) : initWorkspace(dir, options))),
    );
}

async function initWorkspace(dir: string, options: InitOptions): Promise<Report> {
  const folder = resolve(dir);
  if (options.semeur && !options.ci) throw new Failure('Cannot use --semeur without --ci: it is for CI alone', { exitCode: EXIT.usage });
  const starter = await completeOptions(folder, options);
  const ci = options.ci ? await planCiFiles(folder, options.ci, await findSemeurSource(options.semeur)) : [];
  const files = await fitIntoFolder(folder, new Map([...planStarter(starter), ...ci]));
  await loadPlanned(folder, planFiles(files));
  await writeFiles(folder, files);
  return {
    json: { folder, files: [...files.keys()] },
    text: [...describeNext(dir, starter), ...(options.ci ? ['  5. releases by CI: docs/ci.md of Semeur'] : [])],
  };
}

async function completeOptions(folder: string, options: InitOptions): Promise<StarterOptions> {
  const { language = ownLanguage() ?? 'en', base } = options;
  const { operator = STARTER_NAMES[language], timezone = ownTimeZone(), prefix = drawPrefix() } = options;
  checkOperatorName(operator);
  const addresses = defaultAddresses(language);
  const { email = addresses.email, phone, endpoint: endpoints = addresses.endpoints, home = addresses.home } = options;
  return {
    ...{ operator, email, phone, language, timezone, prefix, endpoints, home },
    profile: { profile: options.profile, base, boards: options.board ?? [...platformOf(base).boards] },
    services: await findServices(folder, options.service === false ? [] : (options.service ?? ['website'])),
    clients: options.example ? [exampleClient(language, options.profile)] : [],
  };
}

async function findServices(folder: string, names: readonly string[]) {
  const { overlays } = await readOverlays(folder);
  return names.map((name) => {
    const service = overlays.get(name)?.value;
    if (service) return service;
    throw new Failure(`Cannot find the service "${name}"`, { hint: suggestHint(name, [...overlays.keys()]), exitCode: EXIT.usage });
  });
}

function checkOperatorName(operator: string): void {
  const refusal = refuseValue(operatorSchema.shape.operator, operator);
  if (refusal) throw new Failure(`Cannot take this name of a co-operative: ${refusal.message}`, { exitCode: EXIT.usage });
}

function describeNext(dir: string, { operator, clients: [example] }: StarterOptions): string[] {
  const add = `semeur client new NAME --workspace ${dir}`;
  return [
    `Started a workspace for "${operator}" in "${dir}"`,
    'Next:',
    `  1. put your own addresses in ${join(dir, 'semeur.yaml')}`,
    `  2. describe your first client${example ? ` in ${join(dir, 'clients', `${example.client}.yaml`)}, or type` : ''}: ${add}`,
    `  3. type: semeur check --workspace ${dir}`,
    `  4. make the cards: semeur build --all --workspace ${dir}`,
  ];
}
