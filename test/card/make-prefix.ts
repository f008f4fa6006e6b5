import { makeProfile } from '../../builder/profile/build.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { createProgress } from '../../cli/terminal/progress.ts';

/** A program of its own, so that it can run as another user and with another cache: makes a profile's prefix, uncompressed, and prints its digest. */
const [folder = '', profile = '', update] = process.argv.slice(2);
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interruption.abort());
const session = { progress: createProgress(process.stderr), signal: interruption.signal, workspace: folder, program: [] };
try {
  const { prefix } = await makeProfile(session, await loadWorkspace(folder), profile, { update: update === 'update' });
  process.stdout.write(prefix.digest);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
