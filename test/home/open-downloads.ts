import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeClientImage } from '../../builder/image/client-image.ts';
import { composeTail } from '../../builder/image/compose.ts';
import { compressPrefix } from '../../builder/image/compress.ts';
import { writeDownloadPlan } from '../../builder/image/download-plan.ts';
import type { ImageFormat } from '../../builder/image/prefix.ts';
import { zstCompressor } from '../../builder/image/zst-compressor.ts';
import type { Log } from '../../home/answers/home.ts';
import { createDownloadListener, type DownloadLimits } from '../../home/download/listener.ts';
import { addLink, type NewLink, newCapabilities } from '../../home/store/download-links.ts';
import type { DownloadClient, DownloadPlan } from '../../protocol/download.ts';
import { createQuietSession, makeCompressedPrefix, makePrefix, makeRegion, withCache } from '../image/sample-prefix.ts';
import { closeHomes, issue, type OpenHome, openHome } from './open-home.ts';
import { type Answer, type Sending, send } from './requests-to-home.ts';

const FREE = { burst: 1e9, perSecond: 1e9, most: 1000 };
const NO_LIMITS: DownloadLimits = { visits: FREE, guesses: FREE, slots: { each: 1000, together: 1000 } };
export const CONTACT = { operator: 'Les Racines', email: 'aide@racines.example', phone: '+33 1 23 45 67 89', timezone: 'Europe/Paris' };
export const URL = 'https://images.racines.example';

export interface OpenDownloads {
  readonly home: OpenHome;
  readonly issued: ReturnType<typeof issue>;
  /** out/ of a workspace: durand.img.xz, durand.seed, and what home is told in downloads/. */
  readonly out: string;
  readonly plans: string;
  readonly prefixes: string;
  readonly place: string;
  readonly logged: string[];
  /** A link for durand. @returns its capabilities, and the paths that they open. */
  link(fields?: Partial<NewLink>): { page: string; image: string; steps: string; imagePath: string };
  get(path: string, sending?: Sending): Promise<Answer>;
}

interface Options {
  readonly format?: ImageFormat;
  readonly limits?: DownloadLimits;
  /** So many bytes of chance in place of an image, where it is about bytes alone: to compress one takes seconds. */
  readonly bytes?: number;
}

/** A client's image and their profile's, as `build` makes them from a small prefix, and home's listener that offers them; closed afterwards. */
export async function withDownloads<T>(
  task: (downloads: OpenDownloads) => Promise<T>,
  { format = 'xz', limits = NO_LIMITS, bytes }: Options = {},
): Promise<T> {
  return withCache(async (folder) => {
    const out = join(folder, 'out');
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const { tokenSha256 } = issued.order;
    const [plans, prefixes] = [join(out, 'downloads'), join(folder, 'cache', 'semeur', 'prefixes')];
    if (bytes === undefined) await buildSample(folder, out, format, tokenSha256);
    else await writeBytePlan({ plans, prefixes, file: join(out, 'durand.img.xz') }, bytes, tokenSha256);
    const logged: string[] = [];
    const log = createLogOf(logged);
    const listener = createDownloadListener({ database: home.database, log }, { plans, prefixes, url: URL, contact: CONTACT }, limits);
    try {
      await listener.listen({ host: '127.0.0.1', port: 0 });
      const place = `127.0.0.1:${(listener.server.address() as AddressInfo).port}`;
      return await task({
        ...{ home, issued, out, plans, prefixes, place, logged },
        link(fields = {}) {
          const capabilities = newCapabilities();
          addLink(home.database, capabilities, { client: 'durand', expires: Date.now() + 86_400_000, ...fields }, Date.now());
          const { page, image } = capabilities;
          return { page, image, steps: `/d/${page}`, imagePath: `/i/${image}/durand.img.${format}` };
        },
        get: (path, sending) => send(place, path, undefined, sending),
      });
    } finally {
      await listener.close();
      await closeHomes();
    }
  });
}

async function buildSample(folder: string, out: string, format: ImageFormat, tokenSha256: string): Promise<void> {
  const prefix =
    format === 'xz'
      ? await makeCompressedPrefix(folder, 'xz')
      : await compressPrefix(await makePrefix(folder), 'zst', zstCompressor, createQuietSession());
  const facts = { boards: ['pi3', 'pi4'], client: describeClient(tokenSha256) };
  const options = { out, format, seedOnly: false, signal: new AbortController().signal };
  await writeClientImage(prefix, { client: 'durand', seed: randomBytes(7000), signer: 'SHA256:x', facts }, options);
  await writeDownloadPlan(out, prefix, await composeTail(prefix, makeRegion(0), format), format, { boards: ['pi3', 'pi4'] });
}

/** @param lines added to. */
export function createLogOf(lines: string[]): Log {
  const note = (facts: object, message: string) =>
    void lines.push(JSON.stringify({ message, ...facts, err: String((facts as { err?: unknown }).err ?? '') }));
  return { info: note, warn: note, error: note };
}

export function describeClient(tokenSha256: string): DownloadClient {
  const services = [
    { path: 'site', fr: 'Site web', en: 'Website' },
    { path: 'calendar', fr: 'Agenda et contacts', en: 'Calendar and contacts' },
  ];
  return { client: 'durand', name: 'Famille Durand', tokenSha256, services };
}

/** A plan and a prefix whose bytes are no image: durand's and its profile's, and the whole of it as `file`. */
export async function writeBytePlan(
  { plans, prefixes, file }: { plans: string; prefixes: string; file?: string },
  bytes: number,
  tokenSha256: string,
) {
  const [body, tail, digest] = [randomBytes(bytes), randomBytes(9000), 'd'.repeat(64)];
  for (const folder of [join(prefixes, digest), join(plans, 'public')]) await mkdir(folder, { recursive: true });
  await writeFile(join(prefixes, digest, 'prefix.xz'), body);
  if (file !== undefined) await writeFile(file, Buffer.concat([body, tail]));
  const sha256 = createHash('sha256').update(body).update(tail).digest('hex');
  const own: DownloadPlan = {
    ...{ download: 1, file: 'maison.img.xz', type: 'application/x-xz', bytes: bytes + tail.length, sha256 },
    ...{ extracted: { bytes: bytes * 2, sha256 }, profile: 'maison', boards: ['pi4'], prefix: { digest, file: 'prefix.xz', bytes } },
    parts: [
      { of: 'prefix', offset: 0, length: bytes },
      { of: 'tail', offset: 0, length: tail.length },
    ],
    tail: tail.toString('base64'),
  };
  const client = { ...describeClient(tokenSha256), seed: randomBytes(500).toString('base64') };
  const plan: DownloadPlan = { ...own, file: 'durand.img.xz', client };
  await writeFile(join(plans, 'durand.json'), JSON.stringify(plan));
  await writeFile(join(plans, 'public', 'maison.json'), JSON.stringify(own));
  return plan;
}
