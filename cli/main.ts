import { Command, CommanderError } from 'commander';
import { EXIT, Failure } from '../kit/failure.ts';
import { explainMachine, reasonOf } from '../kit/machine-trouble.ts';
import type { Report, Session } from '../kit/session.ts';
import { fitWords } from './terminal/fit-words.ts';
import { createProgress } from './terminal/progress.ts';
import { explainUsage } from './terminal/usage-error.ts';

/** In the order of the help. A verb is loaded when it is called for: a server doesn't carry what makes images. */
const VERBS = {
  'Begin here:': {
    demo: async () => (await import('./verbs/demo.ts')).addDemo,
    wizard: async () => (await import('./verbs/wizard.ts')).addWizard,
    check: async () => (await import('./verbs/check.ts')).addCheck,
    build: async () => (await import('./verbs/build.ts')).addBuild,
  },
  'Describe:': {
    init: async () => (await import('./verbs/init.ts')).addInit,
    client: async () => (await import('./verbs/client.ts')).addClient,
    profile: async () => (await import('./verbs/profile.ts')).addProfile,
    overlay: async () => (await import('./verbs/overlay.ts')).addOverlay,
  },
  'Make and try:': {
    boot: async () => (await import('./verbs/boot.ts')).addBoot,
    inspect: async () => (await import('./verbs/inspect.ts')).addInspect,
    verify: async () => (await import('./verbs/verify.ts')).addVerify,
    plant: async () => (await import('./verbs/plant.ts')).addPlant,
    base: async () => (await import('./verbs/base.ts')).addBase,
  },
  'Look after:': {
    home: async () => (await import('./verbs/home.ts')).addHome,
    fleet: async () => (await import('./verbs/fleet.ts')).addFleet,
    ssh: async () => (await import('./verbs/ssh.ts')).addSsh,
    reissue: async () => (await import('./verbs/reissue.ts')).addReissue,
    revoke: async () => (await import('./verbs/revoke.ts')).addRevoke,
  },
  'Publish:': {
    release: async () => (await import('./verbs/release.ts')).addRelease,
  },
  'Semeur itself:': {
    doctor: async () => (await import('./verbs/doctor.ts')).addDoctor,
    cache: async () => (await import('./verbs/cache.ts')).addCache,
    completion: async () => (await import('./verbs/completion.ts')).addCompletion,
    test: async () => (await import('./verbs/test.ts')).addTest,
    bench: async () => (await import('./verbs/bench.ts')).addBench,
  },
};

const interruption = new AbortController();
// Not once(): execa ends this process at once when it finds no other listener left, and nothing would be tidied.
process.on('SIGINT', () => interruption.abort());
process.on('SIGTERM', () => interruption.abort());

const program = new Command('semeur')
  .description('Makes SD-card images that phone home: describe a client in ten lines of YAML, get the card of their Raspberry Pi.')
  .option('--workspace <dir>', 'the workspace folder (default: the nearest semeur.yaml upwards)')
  .option('--json', 'one JSON document on stdout, everything else on stderr')
  .option('--version', 'which Semeur this is')
  // What follows a client of `ssh` is the card's.
  .enablePositionalOptions()
  // Wrong use is told by explainUsage().
  .configureOutput({ outputError: () => undefined })
  .configureHelp({ minWidthToWrap: 20 })
  .showSuggestionAfterError();
program.exitOverride(refuser(program));

/** Runs a verb and prints what it reports: the only place that writes to stdout. */
async function run(verb: (session: Session) => Promise<Report>): Promise<void> {
  const options = program.opts<{ workspace?: string; json?: boolean }>();
  const session: Session = {
    progress: createProgress(process.stderr),
    signal: interruption.signal,
    workspace: options.workspace,
    program: [process.execPath, '--disable-warning=ExperimentalWarning', import.meta.filename],
    terminal: process.stdin.isTTY && process.stderr.isTTY ? { input: process.stdin, output: process.stderr } : undefined,
  };
  const report = await verb(session);
  const text = options.json ? JSON.stringify(report.json, null, 2) : fitWords(report.text.join('\n'), process.stdout);
  if (text !== '') process.stdout.write(`${text}\n`);
  process.exitCode = report.exitCode ?? EXIT.done;
}

const isWanted = chooseVerbs(process.argv.slice(2));
for (const [group, verbs] of Object.entries(VERBS)) {
  program.commandsGroup(group);
  for (const [name, load] of Object.entries(verbs)) if (isWanted(name)) (await load())(program, run);
}
addHelp(program);
for (const verb of program.commands) inheritSettings(verb);

/** All of them where none is named, and for what speaks of the whole. */
function chooseVerbs([first = '', ...rest]: readonly string[]): (name: string) => boolean {
  const isNamed = (name: string) => [first, ...rest].includes(name);
  const names = Object.values(VERBS).flatMap((verbs) => Object.keys(verbs));
  return ['completion', 'help', '--help', '-h'].includes(first) || !names.some(isNamed) ? () => true : isNamed;
}

/** What stands before any verb. */
function asksVersion(words: readonly string[]): boolean {
  const first = words.findIndex((word, index) => word !== '--json' && word !== '--workspace' && words[index - 1] !== '--workspace');
  return words[first] === '--version';
}

function refuser(command: Command): (error: CommanderError) => never {
  return (error) => {
    if (error.exitCode === 0 || error.code === 'commander.help') throw error;
    throw explainUsage(error, pathOf(command));
  };
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** Global options may stand after the verb too, and wrong use anywhere exits with 2. */
function inheritSettings(verb: Command): void {
  verb.copyInheritedSettings(program);
  verb.exitOverride(refuser(verb));
  verb.option('--json', 'one JSON document on stdout');
  verb.option('--workspace <dir>', 'the workspace folder');
  verb.hook('preAction', (_, action) => {
    const { json, workspace } = action.opts();
    if (json !== undefined) program.setOptionValue('json', json);
    if (workspace !== undefined) program.setOptionValue('workspace', workspace);
  });
  // It gets one of its own, since the inherited one stands in a group of the program's.
  if (verb.commands.length > 0) addHelp(verb);
  for (const child of verb.commands) inheritSettings(child);
}

function addHelp(command: Command): void {
  command.helpCommand('help [command]', 'what a command does, and how it is used');
}

// A reader that has gone (`| head`) is no failure: the work goes on, and its exit code stays. Anything else is: a full disk, say.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (cause: NodeJS.ErrnoException) => {
    const hint = 'Make room where the output goes, or send it elsewhere';
    if (cause.code !== 'EPIPE') end(new Failure(`Cannot write the output: ${reasonOf(cause)}`, { hint, cause }));
  });
}
process.on('uncaughtException', end);

try {
  await (asksVersion(process.argv.slice(2)) ? runVersion() : program.parseAsync());
} catch (error) {
  process.exitCode = explain(error);
  setInterval(leaveLookUps, 100).unref();
}

async function runVersion(): Promise<void> {
  program.setOptionValue('json', process.argv.includes('--json'));
  await run((await import('./verbs/version.ts')).tellVersion);
}

/** A look-up of a host's name can't be called off, and may take a minute without a network: once nothing else is left, it isn't waited for. */
function leaveLookUps(): void {
  const left = process.getActiveResourcesInfo();
  if (left.includes('GetAddrInfoReqWrap') && !left.some((kind) => /^FSReq|^Process/.test(kind))) process.exit();
}

/** For what fails past every caller. */
function end(error: unknown): void {
  process.exit(explain(error));
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const isTold = error instanceof Failure && error.exitCode === EXIT.interrupted;
  if (interruption.signal.aborted && !isTold) {
    process.stderr.write('semeur: interrupted; what was whole is kept, run the same command to go on\n');
    return EXIT.interrupted;
  }
  const failure = error instanceof Failure ? error : explainMachine(error, [program.opts<{ workspace?: string }>().workspace ?? '.']);
  if (failure) {
    const lines = [`semeur: ${failure.message}`, ...(failure.hint ? [`  → ${failure.hint}`] : []), ...failure.details.map((line) => `  ${line}`)];
    process.stderr.write(`${fitWords(lines.join('\n'), process.stderr)}\n`);
    return failure.exitCode;
  }
  process.stderr.write(`semeur: this is a bug, please report it with these lines\n${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.failure;
}
