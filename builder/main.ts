import { Command, CommanderError } from 'commander';
import { EXIT, Failure } from './failure.ts';
import { createProgress } from './progress.ts';
import type { Report, Session } from './session.ts';
import { addBench } from './verbs/bench.ts';
import { addBoot } from './verbs/boot.ts';
import { addBuild } from './verbs/build.ts';
import { addCache } from './verbs/cache.ts';
import { addCheck } from './verbs/check.ts';
import { addClient } from './verbs/client.ts';
import { addDemo } from './verbs/demo.ts';
import { addDoctor } from './verbs/doctor.ts';
import { addFleet } from './verbs/fleet.ts';
import { addHome } from './verbs/home.ts';
import { addInit } from './verbs/init.ts';
import { addInspect } from './verbs/inspect.ts';
import { addPlant } from './verbs/plant.ts';
import { addProfile } from './verbs/profile.ts';
import { addReissue } from './verbs/reissue.ts';
import { addRevoke } from './verbs/revoke.ts';
import { addSsh } from './verbs/ssh.ts';
import { addTest } from './verbs/test.ts';
import { addVerify } from './verbs/verify.ts';

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
  };
  const report = await verb(session);
  const text = options.json ? JSON.stringify(report.json, null, 2) : report.text.join('\n');
  if (text !== '') process.stdout.write(`${text}\n`);
  process.exitCode = report.exitCode ?? EXIT.done;
}

for (const addVerb of [
  addBoot,
  addCache,
  addCheck,
  addClient,
  addDoctor,
  addFleet,
  addHome,
  addInit,
  addSsh,
  addTest,
  addBench,
  addBuild,
  addDemo,
  addInspect,
  addPlant,
  addProfile,
  addReissue,
  addRevoke,
  addVerify,
])
  addVerb(program, run);
for (const verb of program.commands) inheritSettings(verb);

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

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (interruption.signal.aborted) {
    process.stderr.write('semeur: interrupted; what was whole is kept, run the same command to go on\n');
    return EXIT.interrupted;
  }
  if (error instanceof Failure) {
    process.stderr.write(`semeur: ${error.message}\n`);
    if (error.hint) process.stderr.write(`  → ${error.hint}\n`);
    return error.exitCode;
  }
  process.stderr.write(`semeur: this is a bug, please report it with these lines\n${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.failure;
}
