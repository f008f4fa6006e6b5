import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withWorkFolder } from '../builder/base/sandbox.ts';
import { formatByteSize } from '../builder/byte-size.ts';
import { runCommand } from '../builder/command.ts';
import { readBootFiles } from '../builder/try/boot-files.ts';
import { planCardSize } from '../builder/try/disk.ts';
import { startMachine } from '../builder/try/start-machine.ts';
import { withTrial } from '../builder/try/trial.ts';
import { loadWorkspace } from '../builder/workspace/load.ts';
import { buildBenchCard } from './bench-card.ts';
import type { Benchmark } from './benchmark.ts';

const MAIN = join(import.meta.dirname, '../builder/main.ts');
/** After a first boot there is still something to settle. */
const SETTLE_SECONDS = 600;
const SECONDS = 3600;
const DAY = 86_400;

/** Counted by the card's own kernel, read through one visit before and one after. */
export const idleBenchmark: Benchmark = {
  name: 'idle',
  title: 'what an enrolled card that nobody uses sends, receives and writes a day, from an hour of its life',
  run: (session) =>
    withWorkFolder(async (work) => {
      const client = 'lherbier';
      const { workspace: folder, image } = await buildBenchCard(session, client);
      const [disk, state] = [join(work.path, 'idle.qcow2'), join(work.path, 'home')];
      const bytes = String(planCardSize((await stat(image)).size));
      await runCommand(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', image, disk, bytes]);
      const files = await readBootFiles(session, image, work.path);
      const used = await withTrial(session, await loadWorkspace(folder), state, async ({ enter }) => {
        const machine = await startMachine(session, { machine: 'virt', files, disk, log: join(work.path, 'idle.log'), enter });
        const visit = ['ssh', '--workspace', folder, '--state', state, client, 'cat', '/proc/net/dev', '/proc/diskstats'];
        const argv = [...enter, process.execPath, '--disable-warning=ExperimentalWarning', MAIN, ...visit];
        const count = async () => readCounters((await runCommand(argv, { signal: session.signal })).toString('utf8'));
        try {
          await machine.waitFor('the enrolled card', 600, ({ seconds }) => seconds.ready !== null);
          await session.progress.step('Letting the card settle', () => wait(SETTLE_SECONDS));
          const before = await count();
          await session.progress.step('Leaving the card alone for an hour', () => wait(SECONDS));
          const after = await count();
          return { sent: after.sent - before.sent, received: after.received - before.received, written: after.written - before.written };
        } finally {
          await machine.powerOff();
        }
      });
      const aDay = (amount: number) => (amount / SECONDS) * DAY;
      return {
        columns: ['a day', ''],
        rows: [
          ['sent', formatByteSize(aDay(used.sent))],
          ['received', formatByteSize(aDay(used.received))],
          ['written to the card', formatByteSize(aDay(used.written))],
        ],
        json: { sentBytesADay: aDay(used.sent), receivedBytesADay: aDay(used.received), writtenBytesADay: aDay(used.written) },
      };
    }),
};

/** The network's bytes on eth0, the whole disk's sectors of 512. */
function readCounters(text: string): { sent: number; received: number; written: number } {
  const network = /^\s*eth0:\s*(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  const disk = /^\s*\d+\s+\d+\s+vda\s+(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  return { received: network[0] ?? Number.NaN, sent: network[8] ?? Number.NaN, written: (disk[6] ?? Number.NaN) * 512 };
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
