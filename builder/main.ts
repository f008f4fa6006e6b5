import { Command, CommanderError } from 'commander';
import { EXIT, Failure } from './failure.ts';
import { explainMachine, reasonOf } from './machine-trouble.ts';
import { createProgress } from './progress.ts';
import type { Report, Session } from './session.ts';

/** In the order of the help. A verb is loaded when it is called for: a server doesn't carry what makes images. */
const VERBS = {
  base: async () => (await import('./verbs/base.ts')).addBase,
  boot: async () => (await import('./verbs/boot.ts')).addBoot,
  cache: async () => (await import('./verbs/cache.ts')).addCache,
  check: async () => (await import('./verbs/check.ts')).addCheck,
  client: async () => (await import('./verbs/client.ts')).addClient,
  completion: async () => (await import('./verbs/completion.ts')).addCompletion,
  doctor: async () => (await import('./verbs/doctor.ts')).addDoctor,
  fleet: async () => (await import('./verbs/fleet.ts')).addFleet,
  home: async () => (await import('./verbs/home.ts')).addHome,
  init: async () => (await import('./verbs/init.ts')).addInit,
  ssh: async () => (await import('./verbs/ssh.ts')).addSsh,
  test: async () => (await import('./verbs/test.ts')).addTest,
  bench: async () => (await import('./verbs/bench.ts')).addBench,
  build: async () => (await import('./verbs/build.ts')).addBuild,
  demo: async () => (await import('./verbs/demo.ts')).addDemo,
  inspect: async () => (await import('./verbs/inspect.ts')).addInspect,
  plant: async () => (await import('./verbs/plant.ts')).addPlant,
  overlay: async () => (await import('./verbs/overlay.ts')).addOverlay,
  profile: async () => (await import('./verbs/profile.ts')).addProfile,
  release: async () => (await import('./verbs/release.ts')).addRelease,
  reissue: async () => (await import('./verbs/reissue.ts')).addReissue,
  revoke: async () => (await import('./verbs/revoke.ts')).addRevoke,
  verify: async () => (await import('./verbs/verify.ts')).addVerify,
  wizard: async () => (await import('./verbs/wizard.ts')).addWizard,
};

const interruption = new AbortController();
// Not once(): execa ends this process at once when it finds no other listener left, and nothing would be tidied.
process.on('SIGINT', () => interruption.abort());
process.on('SIGTERM', () => interruption.abort());

const program = new Command('semeur')
  .description('Makes SD-card images that phone home: describe a client in ten lines of YAML, get the card of their Raspberry Pi.')
  .option('--workspace <dir>', 'the workspace folder (default: the nearest semeur.yaml upwards)')
  .option('--json', 'one JSON document on stdout, everything else on stderr')
  .exitOverride()
  // What follows a client of `ssh` is the card's.
  .enablePositionalOptions()
  .showHelpAfterError('(see "semeur --help")')
  .showSuggestionAfterError();

/** Runs a verb and prints what it reports: the only place that writes to stdout. */
async function run(verb: (session: Session) => Promise<Report>): Promise<void> {
  const options = program.opts<{ workspace?: string; json?: boolean }>();
  const session: Session = {
    progress: createProgress(process.stderr),
    signal: interruption.signal,
    workspace: options.workspace,
    terminal: process.stdin.isTTY && process.stderr.isTTY ? { input: process.stdin, output: process.stderr } : undefined,
  };
  const report = await verb(session);
  const text = options.json ? JSON.stringify(report.json, null, 2) : report.text.join('\n');
  if (text !== '') process.stdout.write(`${text}\n`);
  process.exitCode = report.exitCode ?? EXIT.done;
}

for (const name of wantedVerbs(process.argv.slice(2))) (await VERBS[name]())(program, run);
for (const verb of program.commands) inheritSettings(verb);

/** All of them where none is named, and for what speaks of the whole. */
function wantedVerbs([first = '', ...rest]: readonly string[]): (keyof typeof VERBS)[] {
  const names = Object.keys(VERBS) as (keyof typeof VERBS)[];
  const named = names.filter((name) => [first, ...rest].includes(name));
  return named.length === 0 || ['completion', 'help', '--help', '-h'].includes(first) ? names : named;
}

/** Global options may stand after the verb too, and wrong use anywhere exits with 2. */
function inheritSettings(verb: Command): void {
  verb.copyInheritedSettings(program);
  verb.option('--json', 'one JSON document on stdout');
  verb.option('--workspace <dir>', 'the workspace folder');
  verb.hook('preAction', (_, action) => {
    const { json, workspace } = action.opts();
    if (json !== undefined) program.setOptionValue('json', json);
    if (workspace !== undefined) program.setOptionValue('workspace', workspace);
  });
  for (const child of verb.commands) inheritSettings(child);
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
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
  setInterval(leaveLookUps, 100).unref();
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
    process.stderr.write(
      [`semeur: ${failure.message}`, ...(failure.hint ? [`  → ${failure.hint}`] : []), ...failure.details.map((line) => `  ${line}`), ''].join('\n'),
    );
    return failure.exitCode;
  }
  process.stderr.write(`semeur: this is a bug, please report it with these lines\n${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.failure;
}
