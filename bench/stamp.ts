import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Prefix, prefixFile } from '../builder/image/prefix.ts';
import { writeImage } from '../builder/image/write-image.ts';
import { ensureProfile } from '../builder/profile/publish.ts';
import { loadWorkspace } from '../builder/workspace/load.ts';
import { cacheFolder } from '../kit/cache-folder.ts';
import { runCommand } from '../kit/command.ts';
import type { Session } from '../kit/session.ts';
import { type Benchmark, median, timeSeconds } from './benchmark.ts';

const GIGABYTE = 1_000_000_000;
const SIZES = [1, 2, 4];
const CHECKOUT = join(import.meta.dirname, '..');

/** One client more: ours is the command as an operator types it, start-up included; the others' is copy, put files in, hash, compress. */
export const stampBenchmark: Benchmark = {
  name: 'stamp',
  title: 'one more client, ready to download, by size of the image: Semeur, against copy + mtools/debugfs + sha256sum + xz -T0',
  async run(session) {
    const folder = await mkdtemp(join(await ensureFolder(cacheFolder('tmp')), `${process.pid}-bench-`));
    try {
      const results = [];
      for (const size of SIZES) results.push(await measureSize(session, join(folder, `${size}`), size));
      return {
        columns: ['image', '1 client', '100, each', '1000, each', 'kB written', '.img.xz ÷ cp', 'the usual way', 'ratio'],
        rows: results.map((result) => [
          `${result.gigabytes} GB`,
          `${(result.oneSeconds * 1000).toFixed(0)} ms`,
          `${(result.hundredSeconds * 10).toFixed(1)} ms`,
          `${result.thousandSeconds.toFixed(1)} ms`,
          (result.bytesWritten / 1000).toFixed(0),
          result.imageToCopy.toFixed(2),
          `${result.usualSeconds.toFixed(0)} s`,
          `${Math.round(result.usualSeconds / (result.hundredSeconds / 100))} ×`,
        ]),
        json: results,
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measureSize(session: Session, folder: string, gigabytes: number) {
  const prefix = await makeWorkspace(session, folder, gigabytes);
  const build = (...args: string[]) => runCommand([process.execPath, join(CHECKOUT, 'cli/main.ts'), 'build', '--workspace', folder, ...args]);
  await writeClients(folder, 1);
  const oneSeconds = median(await repeat(5, () => measureFresh(folder, () => build('client-0', '--seed-only'))));
  const bytesWritten = await bytesOf(join(folder, 'out'), ['client-0.seed', 'client-0.tail', 'client-0.json', 'downloads/client-0.json']);
  const imageToCopy = await compareWithCopy(prefix, folder);
  await writeClients(folder, 100);
  const hundredSeconds = await timeSeconds(() => build('--all', '--seed-only'));
  await writeClients(folder, 1000);
  const thousandSeconds = await timeSeconds(() => build('--all', '--seed-only'));
  const usualSeconds = await timeSeconds(() => stampTheUsualWay(prefix, folder));
  return { gigabytes, oneSeconds, hundredSeconds, thousandSeconds, bytesWritten, imageToCopy, usualSeconds };
}

/** @returns seconds to write a client's .img.xz ÷ seconds that cp takes for the same bytes, medians of nine each, in turn; both are on the disk when they end. */
async function compareWithCopy(prefix: Prefix, folder: string): Promise<number> {
  const tail = await readFile(join(folder, 'out', 'client-0.tail'));
  const [image, copy] = [join(folder, 'image.img.xz'), join(folder, 'copy.img.xz')];
  const seconds = await repeat(9, async () => {
    const ours = await timeSeconds(() => writeImage(prefix, tail, 'xz', image));
    const theirs = await timeSeconds(() => runCommand(['sh', '-c', 'cp "$1" "$2" && sync "$2"', 'sh', image, copy]));
    await Promise.all([rm(image), rm(copy)]);
    return { ours, theirs };
  });
  return median(seconds.map(({ ours }) => ours)) / median(seconds.map(({ theirs }) => theirs));
}

/** The example's profile, with as much free space as makes the image this large. */
async function makeWorkspace(session: Session, folder: string, gigabytes: number): Promise<Prefix> {
  await cp(join(CHECKOUT, 'examples'), folder, { recursive: true, filter: (path) => !path.includes('/clients') && !path.includes('/out') });
  await mkdir(join(folder, 'clients'));
  const file = join(folder, 'profiles', 'maison.yaml');
  const text = (await readFile(file, 'utf8')).replace(/^reserve:.*\n/m, '');
  await writeFile(file, `${text.trimEnd()}\nreserve: 0MiB\n`);
  const smallest = await ensureProfile(session, await loadWorkspace(folder), 'maison');
  const missing = Math.max(0, gigabytes * GIGABYTE - smallest.prefix.bytes);
  await writeFile(file, `${text.trimEnd()}\nreserve: ${Math.ceil(missing / 1.03 / 1024 / 1024)}MiB\n`);
  return (await ensureProfile(session, await loadWorkspace(folder), 'maison')).prefix;
}

async function writeClients(folder: string, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      writeFile(
        join(folder, 'clients', `client-${index}.yaml`),
        `client: client-${index}\nname: Client ${index}\nprofile: maison\nsettings:\n  website: { title: Bonjour }\n`,
      ),
    ),
  );
}

/** New keys and a new seed each time, as for a client that was never built. */
async function measureFresh(folder: string, task: () => Promise<unknown>): Promise<number> {
  await rm(join(folder, 'secrets', 'clients'), { recursive: true, force: true });
  await rm(join(folder, 'out', 'client-0.seed'), { force: true });
  return timeSeconds(task);
}

/** What image tools do for each device: copy, a file in each partition without mounting, hash, compress. */
async function stampTheUsualWay(prefix: Prefix, folder: string): Promise<void> {
  const image = join(folder, 'usual.img');
  const settings = join(folder, 'settings.conf');
  await writeFile(settings, 'hostname client\n');
  await runCommand(['cp', '--sparse=auto', prefixFile(prefix.digest, 'img'), image]);
  await runCommand(['mcopy', '-i', `${image}@@8M`, settings, '::settings.conf']);
  await runCommand(['debugfs', '-w', '-R', `write ${settings} settings.conf`, `${image}?offset=${(8 + 256) * 1024 * 1024}`]);
  await runCommand(['sha256sum', image]);
  await runCommand(['xz', '-T0', '-6', '--force', image]);
  await runCommand(['sha256sum', `${image}.xz`]);
  await rm(`${image}.xz`);
}

async function repeat<T>(times: number, task: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let round = 0; round < times; round++) results.push(await task());
  return results;
}

async function bytesOf(folder: string, names: readonly string[]): Promise<number> {
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function ensureFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}
