import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cacheFolder } from '../kit/cache-folder.ts';
import { runCommand } from '../kit/command.ts';
import { EXIT, Failure } from '../kit/failure.ts';
import type { Session } from '../kit/session.ts';
import type { DownloadPlan } from '../protocol/download.ts';
import { type Benchmark, median } from './benchmark.ts';
import { findFreePort } from './free-port.ts';
import { type HomeProcess, startHome } from './home-process.ts';

const MEGABYTES = 400;
/** Fifty at a time are for the memory: their bytes are many, and one round tells. */
const ROUNDS: Readonly<Record<number, number>> = { 1: 7, 4: 7, 50: 1 };
const DIGEST = 'd'.repeat(64);

/** Both on one machine, read by the same curl, in turn: what differs is who puts the bytes on the line. */
export const downloadBenchmark: Benchmark = {
  name: 'download',
  title: `an image of ${MEGABYTES} MB composed while it is downloaded, against nginx sending the same bytes as a file`,
  async run(session) {
    const cache = cacheFolder('tmp');
    await mkdir(cache, { recursive: true });
    const folder = await mkdtemp(join(cache, `${process.pid}-bench-`));
    try {
      return await measure(session, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measure(session: Session, folder: string) {
  await writeSample(folder);
  const plans = ['--plans', join(folder, 'plans'), '--prefixes', join(folder, 'prefixes')];
  const home = await startHome(session, folder, join(folder, 'home'), ['--downloads', '127.0.0.1:0', ...plans]);
  const ending = new AbortController();
  try {
    const nginx = await startNginx(folder, AbortSignal.any([session.signal, ending.signal]));
    const rows: { streams: number; ours: number; theirs: number; megabytes: number }[] = [];
    for (const streams of Object.keys(ROUNDS).map(Number)) {
      const title = `Downloading ${streams === 1 ? 'one at a time' : `${streams} at a time`}`;
      const speeds = await session.progress.step(title, () => compare(session, streams, home, nginx?.url));
      rows.push({ streams, ...speeds, ...(await readMemory(home)) });
    }
    const json = rows.map(({ streams, ours, theirs, megabytes }) => ({
      ...{ streams, megabytesPerSecond: ours, nginxMegabytesPerSecond: nginx && theirs, ratio: nginx && ours / theirs },
      homeMegabytes: megabytes,
    }));
    const number = (value: number | undefined, digits: number) => value?.toFixed(digits) ?? 'nginx is not installed';
    return {
      columns: ['at a time', 'composed, MB/s', 'nginx, MB/s', 'ratio', "home's memory at most, so far"],
      rows: json.map((row) => [
        String(row.streams),
        number(row.megabytesPerSecond, 0),
        number(row.nginxMegabytesPerSecond, 0),
        number(row.ratio, 2),
        `${row.homeMegabytes.toFixed(0)} MB`,
      ]),
      json,
    };
  } finally {
    ending.abort();
    await home.kill();
  }
}

/** A profile's image, whose bytes are by chance: nobody unpacks them here. And the same as one file. */
async function writeSample(folder: string): Promise<void> {
  const [prefixes, file] = [join(folder, 'prefixes', DIGEST), join(folder, 'www', 'maison.img.xz')];
  for (const one of [prefixes, join(folder, 'www'), join(folder, 'plans', 'public')]) await mkdir(one, { recursive: true });
  const [prefix, whole] = await Promise.all([open(join(prefixes, 'prefix.xz'), 'w'), open(file, 'w')]);
  const tail = randomBytes(8000);
  for (let count = 0; count < MEGABYTES; count++) {
    const bytes = randomBytes(1_000_000);
    await Promise.all([prefix.write(bytes), whole.write(bytes)]);
  }
  await whole.write(tail);
  await Promise.all([prefix.close(), whole.close()]);
  const bytes = MEGABYTES * 1_000_000;
  const sha256 = 'e'.repeat(64);
  const plan: DownloadPlan = {
    ...{ download: 1, file: 'maison.img.xz', type: 'application/x-xz', bytes: bytes + tail.length, sha256, extracted: { bytes, sha256 } },
    ...{ profile: 'maison', boards: ['pi4'], prefix: { digest: DIGEST, file: 'prefix.xz', bytes } },
    parts: [
      { of: 'prefix', offset: 0, length: bytes },
      { of: 'tail', offset: 0, length: tail.length },
    ],
    tail: tail.toString('base64'),
  };
  await writeFile(join(folder, 'plans', 'public', 'maison.json'), JSON.stringify(plan));
}

/** @returns megabytes a second of both, medians of rounds in turn, after one that fills the page cache. */
async function compare({ signal }: Session, streams: number, { places }: HomeProcess, nginx: string | undefined) {
  const rounds = ROUNDS[streams] ?? 1;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    ours.push(await fetchAll(`http://${places['downloads']}/public/maison.img.xz`, streams, signal));
    if (nginx !== undefined) theirs.push(await fetchAll(nginx, streams, signal));
  }
  return { ours: median(ours.slice(1)), theirs: median(theirs.slice(1)) };
}

async function fetchAll(url: string, streams: number, signal: AbortSignal): Promise<number> {
  const argv = ['curl', '--silent', '--show-error', '--fail', '--noproxy', '*', '--output', '/dev/null', url];
  const start = performance.now();
  await Promise.all(Array.from({ length: streams }, () => runCommand(argv, { signal })));
  return (streams * MEGABYTES) / ((performance.now() - start) / 1000);
}

/** Starts nginx with its own defaults: one process for each core, files sent by the kernel. @returns undefined where it isn't installed. */
async function startNginx(folder: string, signal: AbortSignal): Promise<{ readonly url: string } | undefined> {
  const port = await findFreePort();
  const file = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  await writeFile(
    file,
    `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; worker_processes auto; pid ${folder}/nginx.pid; error_log stderr error; events {}
http { access_log off; sendfile on; tcp_nopush on; ${temporary.join(' ')} server { listen 127.0.0.1:${port}; root ${folder}/www; } }\n`,
  );
  let ended: unknown;
  void runCommand(['nginx', '-p', folder, '-c', file], { signal }).catch((error: unknown) => {
    ended = error;
  });
  const url = `http://127.0.0.1:${port}/maison.img.xz`;
  for (let tries = 0; tries < 50; tries++) {
    await pause(100);
    if (ended instanceof Failure && ended.exitCode === EXIT.missingProgram) return undefined;
    if (ended !== undefined) throw ended;
    if ((await fetch(url, { method: 'HEAD' }).catch(() => undefined))?.ok) return { url };
  }
  throw new Error('nginx does not answer');
}

async function readMemory({ pid }: HomeProcess) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return { megabytes: Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1000 };
}
