import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, symlink, truncate } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteRange, chooseRange } from '../../home/download/byte-range.ts';
import { type ComposedFile, openComposed } from '../../home/download/composed-file.ts';
import { runCommand } from '../../kit/command.ts';
import { parsePlan } from '../../protocol/download.ts';
import { type OpenDownloads, withDownloads, writeBytePlan } from './open-downloads.ts';

const SMALL = { bytes: 300_000 };
/** More than a hundred cuts, as long as the pieces between them may be. */
const TRIES = 400;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function fetchBytes({ place }: OpenDownloads, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(`http://${place}${path}`, { method, headers });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** A line that is cut after so many bytes, each time. */
async function openCutLine(place: string, cutAfter: () => number): Promise<{ place: string; cuts: () => number; close(): void }> {
  let cuts = 0;
  const port = Number(place.split(':')[1]);
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let left = cutAfter();
    const end = () => void [client.destroy(), upstream.destroy()];
    client.on('error', end).on('close', end).pipe(upstream);
    upstream.on('error', end).on('end', () => client.end());
    upstream.on('data', (chunk: Buffer) => {
      client.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) return;
      cuts += 1;
      upstream.destroy();
      // What was written is to arrive.
      client.end();
    });
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, cuts: () => cuts, close: () => server.close() };
}

/** The reader may be slow: what is written is kept, so it has to be copied. */
async function collect(file: ComposedFile, range: ByteRange): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const to = new Writable({
    write(chunk: Buffer, _, done) {
      pieces.push(Buffer.from(chunk));
      setImmediate(done);
    },
  });
  await file.writeRange(range, to);
  return Buffer.concat(pieces);
}

describe('the image of a download', () => {
  it.each(['xz', 'zst'] as const)('is byte for byte the .img.%s that build writes, for HEAD too, and flashers unpack it', async (format) => {
    await withDownloads(
      async (downloads) => {
        const built = await readFile(join(downloads.out, `durand.img.${format}`));
        const { imagePath } = downloads.link();
        const found = await fetchBytes(downloads, imagePath);
        expect(found.bytes.equals(built)).toBe(true);
        const head = await fetchBytes(downloads, imagePath, {}, 'HEAD');
        for (const { headers, status } of [found, head]) {
          expect(status).toBe(200);
          expect(Object.fromEntries(headers)).toMatchObject({
            ...{ 'content-length': String(built.length), etag: `"${sha256(built)}"`, 'accept-ranges': 'bytes', 'cache-control': 'private, no-store' },
            'content-disposition': `attachment; filename="durand.img.${format}"`,
          });
        }
        expect(head.bytes).toHaveLength(0);
        const { extracted } = JSON.parse(await readFile(join(downloads.out, 'durand.json'), 'utf8'));
        // Raspberry Pi Imager has bsdcat's library.
        const unpack = [format === 'xz' ? ['xz', '-dc'] : ['zstd', '-dc'], ['bsdcat']];
        for (const argv of unpack) expect(sha256(await runCommand(argv, { input: found.bytes })), argv[0]).toBe(extracted.sha256);
      },
      { format },
    );
  });

  it('is whole, byte for byte what build wrote, when the line was cut a hundred times by chance and curl went on each time', async () => {
    await withDownloads(async (downloads) => {
      const built = await readFile(join(downloads.out, 'durand.img.xz'));
      const seed = Math.floor(Math.random() * 2 ** 31);
      // Heads of answers count too.
      const lengths = fc.sample(fc.noBias(fc.integer({ min: 600, max: 600 + Math.floor((2 * built.length) / 130) })), { seed, numRuns: TRIES });
      const line = await openCutLine(downloads.place, () => lengths.pop() ?? 600);
      const file = join(downloads.out, 'resumed');
      const url = `http://${line.place}${downloads.link().imagePath}`;
      const argv = ['--silent', '--show-error', '--fail', '--continue-at', '-', '--output', file, url];
      try {
        for (let tries = 0; tries < TRIES; tries++) if ((await execa('curl', argv, { reject: false })).exitCode === 0) break;
      } finally {
        line.close();
      }
      expect((await readFile(file)).equals(built), `with seed ${seed}`).toBe(true);
      expect(line.cuts(), `with seed ${seed}`).toBeGreaterThanOrEqual(100);
    });
  });

  it('answers any range as the standard says', async () => {
    await withDownloads(async (downloads) => {
      const built = await readFile(join(downloads.out, 'durand.img.xz'));
      const { imagePath } = downloads.link();
      const etag = `"${sha256(built)}"`;
      const near = fc.oneof(fc.nat(built.length + 10), fc.integer({ min: built.length - 9100, max: built.length + 2 }), fc.nat(5));
      const range = fc.oneof(
        fc.tuple(near, near).map(([a, b]) => `bytes=${a}-${b}`),
        near.map((a) => `bytes=${a}-`),
        near.map((n) => `bytes=-${n}`),
        fc.constantFrom('bytes=-', 'bytes=0-1,3-4', 'bytes', 'lines=0-1', 'bytes=a-b', 'bytes=1-0', ''),
      );
      const condition = fc.constantFrom(undefined, etag, `W/${etag}`, '"other"', 'Thu, 26 Nov 2026 00:00:00 GMT');
      await fc.assert(
        fc.asyncProperty(range, condition, async (wanted, ifRange) => {
          const { status, bytes, headers } = await fetchBytes(downloads, imagePath, { range: wanted, ...(ifRange && { 'if-range': ifRange }) });
          const [, a = '', b = ''] = /^bytes=(\d*)-(\d*)$/.exec(wanted) ?? [];
          const ignored = (a === '' && b === '') || (a !== '' && b !== '' && Number(b) < Number(a)) || (ifRange !== undefined && ifRange !== etag);
          const [first, end] =
            a === '' ? [Math.max(0, built.length - Number(b)), built.length] : [Number(a), b === '' ? built.length : Number(b) + 1];
          if (ignored) {
            expect([status, bytes.equals(built)]).toEqual([200, true]);
          } else if (first >= built.length || (a === '' && Number(b) === 0)) {
            expect([status, headers.get('content-range'), bytes.length]).toEqual([416, `bytes */${built.length}`, 0]);
          } else {
            const part = built.subarray(first, end);
            expect([status, bytes.equals(part), headers.get('content-length')]).toEqual([206, true, String(part.length)]);
            expect(headers.get('content-range')).toBe(`bytes ${first}-${Math.min(end, built.length) - 1}/${built.length}`);
          }
        }),
        { numRuns: 100 },
      );
      expect((await fetchBytes(downloads, imagePath, { 'if-none-match': `"x", ${etag}` })).status).toBe(304);
    }, SMALL);
  });

  it('is of what stands in the folder of prefixes, in the length that was planned, and of nothing else', async () => {
    await withDownloads(async (downloads) => {
      const plan = JSON.parse(await readFile(join(downloads.plans, 'durand.json'), 'utf8'));
      const file = join(downloads.prefixes, plan.prefix.digest, 'prefix.xz');
      const { imagePath, page } = downloads.link();
      const statusOf = async (path = imagePath) => (await downloads.get(path)).status;
      await rename(file, `${file}.away`);
      const gone = await downloads.get(imagePath, { headers: { 'accept-language': 'en' } });
      expect([gone.status, gone.headers['retry-after'], gone.headers['content-type']]).toEqual([503, '30', 'text/html; charset=utf-8']);
      expect(gone.text).toContain('Your card is being prepared');
      await symlink(`${file}.away`, file);
      expect(await statusOf()).toBe(503);
      await rm(file);
      await rename(`${file}.away`, file);
      expect(await statusOf()).toBe(200);
      await truncate(file, plan.prefix.bytes - 1);
      expect(await statusOf()).toBe(503);
      expect(await statusOf(`/public/maison.img.xz`)).toBe(503);
      expect(downloads.logged.join('\n')).not.toContain(page);
    }, SMALL);
  });

  it('goes on from a prefix that was taken away under it, and ends the connection when it was cut short', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-download-'));
    try {
      const places = { plans: join(folder, 'plans'), prefixes: join(folder, 'prefixes') };
      const { prefixes } = places;
      const plan = await writeBytePlan(places, 3_000_000, 'a'.repeat(64));
      const file = join(prefixes, plan.prefix.digest, 'prefix.xz');
      const range = { first: 0, last: plan.bytes - 1 };
      const cut = await openComposed(plan, prefixes);
      const left = await openComposed(plan, prefixes);
      await truncate(file, 1_000_000);
      await expect(collect(cut, range)).rejects.toThrow('cut short');
      // Who goes away while the first bytes are on the line.
      const gone = new Writable({ write() {} });
      const writing = left.writeRange(range, gone);
      gone.destroy();
      await expect(writing).rejects.toThrow('closed');
      const again = await writeBytePlan(places, 3_000_000, 'a'.repeat(64));
      const removed = await openComposed(again, prefixes);
      await rm(dirname(file), { recursive: true });
      expect(sha256(await collect(removed, range))).toBe(again.sha256);
      await Promise.all([cut, left, removed].map((one) => one.close()));
      expect(again.sha256).not.toBe(plan.sha256);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('parsePlan()', () => {
  it('takes what build writes, and refuses what could name another file, or other bytes than it says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-download-'));
    try {
      const plan = await writeBytePlan({ plans: folder, prefixes: folder }, 1000, 'a'.repeat(64));
      const complaints = (change: object) => {
        const reading = parsePlan(JSON.stringify({ ...plan, ...change }));
        return reading.message ? [] : reading.wrong;
      };
      expect(complaints({})).toEqual([]);
      expect(complaints({ prefix: { ...plan.prefix, digest: '../../etc' } })).toEqual(['prefix.digest']);
      expect(complaints({ prefix: { ...plan.prefix, file: '../passwd' } })).toEqual(['prefix.file']);
      expect(complaints({ file: 'x"\r\nset-cookie: a=b' })).toEqual(['file']);
      expect(complaints({ bytes: 7 })).toEqual(['bytes']);
      expect(complaints({ parts: [{ of: 'prefix', offset: 9000, length: plan.bytes }] })).toEqual(['parts']);
      expect(complaints({ download: 2 })).toEqual(['download']);
      expect(parsePlan('{')).toMatchObject({ wrong: ['(all of it)'] });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('chooseRange()', () => {
  it('never throws, and never leaves the file', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), fc.nat(1000), (range, ifRange, bytes) => {
        const chosen = chooseRange({ range, 'if-range': ifRange }, '"e"', bytes);
        if (typeof chosen === 'object') expect(chosen.first >= 0 && chosen.first <= chosen.last && chosen.last < bytes).toBe(true);
      }),
    );
  });
});
