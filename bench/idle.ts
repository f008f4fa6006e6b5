import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { withWorkFolder } from '../builder/sandbox/sandbox.ts';
import { readBootFiles } from '../builder/try/boot-files.ts';
import { makeCard } from '../builder/try/disk.ts';
import { startMachine } from '../builder/try/start-machine.ts';
import { withTrial } from '../builder/try/trial.ts';
import { loadWorkspace } from '../builder/workspace/load.ts';
import { formatByteSize } from '../kit/byte-size.ts';
import { runCommand } from '../kit/command.ts';
import { Failure } from '../kit/failure.ts';
import type { Session } from '../kit/session.ts';
import { buildBenchCard } from './bench-card.ts';
import type { Benchmark } from './benchmark.ts';

const CHECKOUT = join(import.meta.dirname, '..');
/** All that a card can offer. Nobody answers where its backups go: there is one a night at most. */
const EVERYTHING = {
  website: {},
  calendar: {},
  share: {},
  files: {},
  chat: {},
  dns: {},
  updates: {},
  backup: { to: 'sftp:root@192.0.2.10:herbier' },
};
/** After a first boot there is still something to settle. */
const SETTLE_SECONDS = 600;
const SECONDS = 3600;
const DAY = 86_400;

/** Counted by the card's own kernel and read by visits, whose own traffic is taken off; a Prometheus with our configuration asks the card as it would a client's. */
export const idleBenchmark: Benchmark = {
  name: 'idle',
  title: 'what an enrolled card with every service, watched and used by nobody, sends, receives and writes a day, from an hour of its life',
  run: (session) =>
    withWorkFolder(async (work) => {
      const client = 'lherbier';
      const { workspace: folder, image } = await buildBenchCard(session, client, EVERYTHING);
      const [disk, state] = [join(work.path, 'idle.qcow2'), join(work.path, 'home')];
      await makeCard(session, image, disk);
      const files = await readBootFiles(session, image, work.path);
      const used = await withTrial(session, await loadWorkspace(folder), state, async ({ enter }) => {
        const machine = await startMachine(session, { machine: 'virt', files, disk, log: join(work.path, 'idle.log'), enter });
        const visit = ['ssh', '--workspace', folder, '--state', state, client, 'cat', '/proc/net/dev', '/proc/diskstats', '/proc/meminfo'];
        const argv = [...enter, ...session.program, ...visit];
        const watching = watch(session, enter, join(work.path, 'prometheus'));
        const count = async () => readCounters((await runCommand(argv, { signal: session.signal })).toString('utf8'));
        try {
          await machine.waitFor('the enrolled card', 600, ({ seconds }) => seconds.ready !== null);
          await session.progress.step('Letting the card settle', () => watching.during(wait(SETTLE_SECONDS, session)));
          const before = await count();
          await session.progress.step('Leaving the card alone for an hour', () => watching.during(wait(SECONDS, session)));
          const after = await count();
          // Between two visits one after the other there is nothing but a visit.
          const visited = subtract(await count(), after);
          return { ...subtract(subtract(after, before), visited), memory: after.memory };
        } finally {
          await machine.powerOff();
          await watching.stop();
        }
      });
      const aDay = (amount: number) => (amount / SECONDS) * DAY;
      const [tunnel, network] = [used.tunnel, used.network].map(({ sent, received }) => ({ sent: aDay(sent), received: aDay(received) }));
      return {
        columns: ['a day', 'sent', 'received'],
        rows: [
          ['through the tunnel', ...showTraffic(tunnel)],
          ['in all, by its network', ...showTraffic(network)],
          ['written to the card', formatByteSize(aDay(used.written)), ''],
          ['memory in use, of 1 GiB', formatByteSize(used.memory), ''],
        ],
        json: { tunnelBytesADay: tunnel, networkBytesADay: network, writtenBytesADay: aDay(used.written), memoryBytes: used.memory },
      };
    }),
};

interface Watching {
  /** Waits for a task as long as Prometheus runs. @throws what it says when it ends by itself */
  during(task: Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Debian's Prometheus, from the co-operative's own machine. */
function watch({ signal }: Session, enter: readonly string[], folder: string): Watching {
  const end = new AbortController();
  const configuration = join(CHECKOUT, 'monitoring', 'prometheus.yml');
  const argv = ['prometheus', `--config.file=${configuration}`, `--storage.tsdb.path=${folder}`, '--web.listen-address=127.0.0.1:9090'];
  const prometheus = runCommand([...enter, ...argv], { signal: AbortSignal.any([signal, end.signal]) });
  const failed = prometheus
    .then(() => {
      throw new Failure('Prometheus ended by itself');
    })
    .catch((error: unknown) => {
      if (!end.signal.aborted) throw error;
    });
  // It is told by whoever waits next.
  failed.catch(() => undefined);
  return {
    async during(task) {
      await Promise.race([task, failed]);
    },
    async stop() {
      end.abort();
      await failed;
    },
  };
}

interface Traffic {
  readonly sent: number;
  readonly received: number;
}

interface Counters {
  readonly tunnel: Traffic;
  readonly network: Traffic;
  readonly written: number;
}

/** Bytes on the tunnel's interface and on eth0, the whole disk's sectors of 512, memory that nothing else could have. */
function readCounters(text: string): Counters & { readonly memory: number } {
  const disk = /^\s*\d+\s+\d+\s+vda\s+(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1]);
  return {
    tunnel: readTraffic(text, 'semeur'),
    network: readTraffic(text, 'eth0'),
    written: (disk[6] ?? Number.NaN) * 512,
    memory: (kilobytes('MemTotal') - kilobytes('MemAvailable')) * 1024,
  };
}

function readTraffic(text: string, name: string): Traffic {
  const numbers = new RegExp(`^\\s*${name}:\\s*(.*)$`, 'm').exec(text)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  return { received: numbers[0] ?? Number.NaN, sent: numbers[8] ?? Number.NaN };
}

function subtract(after: Counters, before: Counters): Counters {
  const traffic = (name: 'tunnel' | 'network') => ({
    sent: after[name].sent - before[name].sent,
    received: after[name].received - before[name].received,
  });
  return { tunnel: traffic('tunnel'), network: traffic('network'), written: after.written - before.written };
}

function showTraffic(traffic: Traffic | undefined): string[] {
  return [traffic?.sent, traffic?.received].map((bytes) => formatByteSize(bytes ?? Number.NaN));
}

function wait(seconds: number, { signal }: Session): Promise<void> {
  return setTimeout(seconds * 1000, undefined, { signal });
}
