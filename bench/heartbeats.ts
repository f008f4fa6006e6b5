import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../home/store/database.ts';
import { runCommand } from '../kit/command.ts';
import type { Session } from '../kit/session.ts';
import type { Benchmark } from './benchmark.ts';
import { registerCards, timePlainHeartbeats } from './heartbeat-cards.ts';
import type { LoadPlan, LoadResult } from './heartbeat-load.ts';
import { startHome } from './home-process.ts';

const CARDS = 10_000;
const PER_SECOND = 5500;
const SECONDS = 14;
/** Home has just started, and every card connects at once: told by itself. */
const WARM_UP = 4;
const CORES = 2;
const CHECKOUT = join(import.meta.dirname, '..');

/** Home is the program that operators run, without its VPN; the load comes from a process of its own. */
export const heartbeatsBenchmark: Benchmark = {
  name: 'heartbeats',
  title: `heartbeats of ${CARDS} cards, half of them on fresh connections, against a transaction for each as SQLite comes`,
  async run(session) {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-bench-'));
    try {
      const state = join(folder, 'home');
      registerCards(state, CARDS);
      const plain = timePlainHeartbeats(join(folder, 'plain'), 500);
      const { load, home } = await session.progress.step(`Sending ${PER_SECOND} heartbeats a second for ${SECONDS} s`, () =>
        measure(session, folder, state),
      );
      const { answered, refused, elapsedSeconds, cpuSeconds, latencies, acknowledged } = load;
      const json = {
        cards: CARDS,
        perSecond: answered / elapsedSeconds,
        refused,
        p50Milliseconds: latencies.p50,
        p99Milliseconds: latencies.p99,
        warmUp: { seconds: WARM_UP, p99Milliseconds: latencies.warmUpP99 },
        lost: countLost(state, acknowledged),
        loadShareOfCores: cpuSeconds / elapsedSeconds / CORES,
        homeShareOfCores: home.cpuSeconds / elapsedSeconds / CORES,
        homeMegabytes: home.megabytes,
        plainPerSecond: plain,
      };
      const row = (name: string, value: string) => [name, value];
      const rows = [
        row('answered per second', json.perSecond.toFixed(0)),
        row('a transaction for each, without HTTP', plain.toFixed(0)),
        row('median, p99', `${json.p50Milliseconds.toFixed(1)} ms, ${json.p99Milliseconds.toFixed(1)} ms`),
        row(`p99 of the first ${WARM_UP} s, left out above`, `${latencies.warmUpP99.toFixed(1)} ms`),
        row('refused or failed', String(refused)),
        row('answered, then lost at kill -9', String(json.lost)),
        row(`home's share of ${CORES} cores`, `${(json.homeShareOfCores * 100).toFixed(0)} %`),
        row(`the load's share of ${CORES} cores`, `${(json.loadShareOfCores * 100).toFixed(0)} %`),
        row("home's memory at most", `${json.homeMegabytes.toFixed(0)} MB`),
      ];
      return { columns: ['', 'heartbeats'], rows, json };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measure(session: Session, folder: string, state: string) {
  const home = await startHome(session, folder, state);
  try {
    const before = await readCpuSeconds(home.pid);
    const plan: LoadPlan = { tunnel: home.places['tunnel'] ?? '', cards: CARDS, perSecond: PER_SECOND, seconds: SECONDS, warmUpSeconds: WARM_UP };
    const argv = [process.execPath, '--disable-warning=ExperimentalWarning', join(CHECKOUT, 'bench/heartbeat-load.ts')];
    const load = JSON.parse((await runCommand(argv, { input: JSON.stringify(plan), signal: session.signal })).toString('utf8')) as LoadResult;
    const status = await readFile(`/proc/${home.pid}/status`, 'utf8');
    const megabytes = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1000;
    return { load, home: { cpuSeconds: (await readCpuSeconds(home.pid)) - before, megabytes } };
  } finally {
    await home.kill();
  }
}

/** Proc(5), stat: utime and stime in hundredths of a second. */
async function readCpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Each heartbeat's uptime is its number among the card's. */
function countLost(state: string, acknowledged: readonly number[]): number {
  const database = openDatabase(state);
  const rows = database.sql("SELECT number, body ->> 'uptime' AS uptime FROM heartbeats JOIN claims USING (client)").all();
  const kept = new Map(rows.map((row) => [Number(row['number']), Number(row['uptime'])]));
  database.close();
  return acknowledged.filter((uptime, index) => uptime > (kept.get(index + 1) ?? 0)).length;
}
