import { copyFile, cp, mkdir, open, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { readBootFiles } from '../builder/try/boot-files.ts';
import { bootImage } from '../builder/try/boot-image.ts';
import { makeCard, makeOverlay, planCardSize } from '../builder/try/disk.ts';
import { type Machine, startMachine } from '../builder/try/start-machine.ts';
import { withTrial } from '../builder/try/trial.ts';
import { countLogged, cutPower, type LoggedRequest, readWriteLog, replayWrites } from '../builder/try/write-log.ts';
import type { LoadedWorkspace } from '../builder/workspace/load.ts';
import { databaseFile } from '../home/store/database.ts';
import { listFleet } from '../home/store/fleet.ts';
import { withFleet } from '../home/store/with-fleet.ts';
import { cacheFolder } from '../kit/cache-folder.ts';
import { runCommand } from '../kit/command.ts';
import type { Session } from '../kit/session.ts';

/** A first boot, as its disk and home saw it. */
export interface Recording {
  readonly requests: readonly LoggedRequest[];
  readonly log: string;
  /** What was said on the console, or what home came to know, and how many requests there had been by then. */
  readonly marks: readonly { readonly name: string; readonly count: number }[];
  /** Copies of home's folder, the first one empty. */
  readonly homes: readonly { readonly folder: string; readonly count: number }[];
}

export interface PowerCut {
  /** After so many requests. */
  readonly count: number;
  readonly name: string;
  /** Drops and reorders what no flush had made sure of; else all that was written is there. */
  readonly isHarsh: boolean;
}

const BOOT_SECONDS = 500;
/** A heartbeat comes 85 s after power-on at the latest, and the next one 5.5 minutes after it. */
const WELL_SECONDS = 480;
const LOG_BYTES = 64 * 1024 ** 3;
const LOOK_MS = 200;

/** Boots a card for the first time and logs what it writes, until home finds it well. */
export async function recordFirstBoot(session: Session, workspace: LoadedWorkspace, image: string, folder: string): Promise<Recording> {
  const [disk, log, home] = [join(folder, 'record.qcow2'), join(folder, 'writes.log'), join(folder, 'home')];
  await mkdir(join(folder, 'homes'), { recursive: true });
  await makeSparse(log, LOG_BYTES);
  await makeCard(session, image, disk);
  const files = await readBootFiles(session, image, folder);
  const marks: { name: string; count: number }[] = [];
  const homes: { folder: string; count: number }[] = [{ folder: await copyHome(undefined, folder, 0), count: 0 }];
  await withTrial(session, workspace, home, async ({ enter }) => {
    const machine = await startMachine(session, { machine: 'virt', files, disk, log: join(folder, 'record.txt'), writeLog: log, enter });
    // Only to count what was written by then.
    const seen = async (name: string) => void marks.push({ name, count: await countLogged(log) });
    const ready = machine.waitFor('the enrolled card', BOOT_SECONDS, ({ seconds }, line) => {
      const word = /^semeur: (claimed|confirmed|enrolled|card ready)/.exec(line)?.[1];
      if (word !== undefined) void seen(word);
      return seconds.ready !== null;
    });
    const stop = new AbortController();
    try {
      await Promise.all([ready, follow(AbortSignal.any([stop.signal, session.signal]))]);
    } finally {
      stop.abort();
      await machine.kill();
    }
  });
  return { requests: await readWriteLog(log), log, marks: marks.toSorted((a, b) => a.count - b.count), homes };

  /** Looks at home again and again until its card is well. What is new there came after the count before: so a card is never further than its home. */
  async function follow(stop: AbortSignal): Promise<void> {
    const deadline = Date.now() + BOOT_SECONDS * 1000;
    let [known, before] = ['', 0];
    while (!stop.aborted) {
      const count = await countLogged(log);
      const state = withFleet(home, (database) => listFleet(database, Date.now()))
        .map((entry) => entry.state)
        .join(' ');
      if (state !== known) {
        marks.push({ name: `home: ${state}`, count: before });
        homes.push({ folder: await copyHome(home, folder, homes.length), count: before });
      }
      if (state === 'well') return;
      if (Date.now() > deadline) throw new Error(`home has no card that is well, but one that is "${state}"`);
      [known, before] = [state, count];
      await wait(LOOK_MS);
    }
  }
}

/** Cuts at each step's boundary, then evenly between, until there are `many`. */
export function planCuts({ marks, requests }: Pick<Recording, 'marks' | 'requests'>, many: number): PowerCut[] {
  // Before its first write a card is a new one; what is said twice, or here and at home, is one moment.
  const counts = [...new Set(marks.map(({ count }) => count).filter((count) => count > 0))];
  const nameOf = (count: number) => [...new Set(marks.flatMap((mark) => (mark.count === count ? [mark.name] : [])))].join(', ');
  const bounds = counts.map((count) => ({ count, name: nameOf(count), isHarsh: false }));
  const first = Math.floor((bounds[0]?.count ?? 0) / 4);
  const last = requests.length;
  const rest = Math.max(0, many - bounds.length);
  const between = Array.from({ length: rest }, (_, index) => {
    const count = first + Math.round(((last - first) * (index + 1)) / (rest + 1));
    return { count, name: `write ${count} of ${last}`, isHarsh: true };
  });
  return [...bounds, ...between].slice(0, many).toSorted((a, b) => a.count - b.count);
}

/** Puts a card's disk together as a cut left it, in a raw file. */
export async function replayCut(
  image: string,
  { log, requests }: Pick<Recording, 'log' | 'requests'>,
  cut: PowerCut,
  raw: string,
  { chance = Math.random, signal }: { readonly chance?: () => number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const written = requests.slice(0, cut.count);
  const options = signal === undefined ? {} : { signal };
  await runCommand(['cp', '--sparse=always', image, raw], options);
  await runCommand(['truncate', `--size=${planCardSize((await stat(image)).size)}`, raw]);
  await replayWrites(log, cut.isHarsh ? cutPower(written, chance) : written, raw);
}

/** Boots the disk as a cut left it, beside home as it was then. @returns what is wrong with what came of it; nothing, if all is well. */
export async function bootAfterCut(
  session: Session,
  workspace: LoadedWorkspace,
  image: string,
  recording: Recording,
  cut: PowerCut,
  folder: string,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const [raw, disk, home] = [join(folder, 'cut.img'), join(folder, 'cut.qcow2'), join(folder, 'home')];
  try {
    await replayCut(image, recording, cut, raw, session);
    await makeOverlay(session, raw, disk);
    await cp(recording.homes.findLast(({ count }) => count <= cut.count)?.folder ?? '', home, { recursive: true });
    const started = new Date().toISOString();
    return await withTrial(session, workspace, home, async ({ enter }) => {
      const attend = async (machine: Machine) => {
        await machine.waitFor('the enrolled card', BOOT_SECONDS, ({ seconds }) => seconds.ready !== null);
        await untilWell(home, started, session.signal);
      };
      // Two of them are under way at once.
      const log = cacheFolder('consoles', `${basename(folder)}.log`);
      const booted = await bootImage(session, raw, { machine: 'virt', until: null, disk, log, enter, attend });
      return [
        ...(booted.card?.region === 'wiped' ? [] : [`its seed region is ${booted.card?.region}`]),
        ...findWrong(home, booted.hostname ?? '', started),
      ];
    });
  } catch (error) {
    if (session.signal.aborted) throw error;
    return [String((error as Error).message)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What home knew before the cut is no news: a card is well when it says so now. Its first heartbeat may still say that it works on its first boot. */
async function untilWell(home: string, started: string, signal: AbortSignal): Promise<void> {
  const isWell = () =>
    withFleet(home, (database) => listFleet(database, Date.now()).some((card) => card.state === 'well' && (card.lastHeartbeat ?? '') > started));
  for (const deadline = Date.now() + WELL_SECONDS * 1000; !isWell() && Date.now() < deadline; ) await wait(LOOK_MS, undefined, { signal });
}

function findWrong(home: string, hostname: string, started: string): string[] {
  return withFleet(home, (database) => {
    const card = listFleet(database, Date.now()).find((entry) => entry.hostname === hostname);
    if (!card) return [`home knows no "${hostname}"`];
    const peers = database.sql('SELECT kind FROM peers WHERE client = ?').all(card.client);
    return [
      ...(card.state === 'well' ? [] : [`at home it is "${card.state}"`]),
      ...((card.lastHeartbeat ?? '') > started ? [] : ['home has not heard it since']),
      ...(peers.length === 1 && peers[0]?.['kind'] === 'card' ? [] : [`it has ${peers.length} peers`]),
      ...(card.alarms === 0 ? [] : [`it raised ${card.alarms} alarms`]),
    ];
  });
}

async function makeSparse(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'w');
  await handle.truncate(bytes);
  await handle.close();
}

/** While home runs, so as docs/home.md makes a backup. @param home undefined: as it is before it first starts. */
async function copyHome(home: string | undefined, folder: string, number: number): Promise<string> {
  const copy = join(folder, 'homes', String(number));
  await mkdir(copy, { mode: 0o700 });
  if (home === undefined) return copy;
  const database = new DatabaseSync(databaseFile(home), { readOnly: true });
  try {
    await backup(database, databaseFile(copy));
  } finally {
    database.close();
  }
  for (const name of ['host_ca', 'host_ca.pub']) await copyFile(join(home, name), join(copy, name));
  return copy;
}
