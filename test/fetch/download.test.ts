import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeProgress, downloadFile } from '../../builder/fetch/download.ts';
import { PATIENCE } from '../../builder/fetch/patience.ts';
import { createPatience, sha256, withFolder } from '../raspios/sample-image.ts';
import { type Behaviour, startServer } from './image-server.ts';

const FILE = randomBytes(400_000);
const WANTED = { bytes: FILE.length, sha256: sha256(FILE) };
const running = () => ({ signal: new AbortController().signal });

/** Downloads FILE into an empty folder from a server that answers so. */
async function download(behave: (count: number) => Behaviour, options: object = WANTED, patience = createPatience()) {
  return withFolder(async (folder) => {
    const landed = (bytes: number) => until(async () => (await sizeOf(join(folder, 'image.part'))) >= bytes);
    await using server = await startServer({ '/image': FILE }, (_, count) => behave(count), landed);
    const notes: string[] = [];
    const given = { ...options, patience, note: (text: string) => void notes.push(text) };
    const done = await downloadFile(running(), `${server.url}/image`, join(folder, 'image'), given).catch((error: Error) => error);
    const left = (await readdir(folder)).sort();
    const file = await readFile(join(folder, 'image')).catch(() => undefined);
    return {
      done,
      left,
      notes,
      whole: file?.equals(FILE) ?? false,
      ranges: server.requests.map(({ headers }) => headers.range),
      waits: patience.waits,
    };
  });
}

/** Waits for what is sure to come. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((done) => setTimeout(done, 1));
}

const sizeOf = async (file: string) => (await stat(file).catch(() => undefined))?.size ?? 0;

const WHOLE = { done: WANTED, left: ['image', 'image.part.json'], whole: true };

describe('downloadFile()', () => {
  it('downloads at one go, and hashes what comes', async () => {
    expect(await download(() => ({}))).toMatchObject({ ...WHOLE, waits: [] });
    expect(await download(() => ({}), {})).toMatchObject(WHOLE);
  });

  it('goes on after 100 cuts at random bytes', async () => {
    const most = (FILE.length / 100) * 0.9;
    const cut = await download((count) => (count < 100 ? { cutAfter: 1 + Math.floor(Math.random() * most) } : {}));
    expect(cut).toMatchObject(WHOLE);
    expect(cut.ranges).toHaveLength(101);
    expect(new Set(cut.ranges).size).toBe(101);
  });

  it('goes on without an ETag, by the date or by the hash it expects', async () => {
    const date = { 'Last-Modified': 'Thu, 18 Jun 2026 10:00:00 GMT' };
    const dated = await download((count) => ({ etag: null, headers: date, ...(count === 0 && { cutAfter: 1000 }) }));
    // The server takes a date in If-Range for another version: nothing is joined that it doesn't vouch for.
    expect(dated).toMatchObject({ ...WHOLE, ranges: [undefined, 'bytes=1000-'] });
    const bare = (count: number) => ({ etag: null, ...(count === 0 && { cutAfter: 1000 }) });
    expect(await download(bare)).toMatchObject({ ...WHOLE, ranges: [undefined, 'bytes=1000-'] });
    expect(await download(bare, {})).toMatchObject({ ...WHOLE, ranges: [undefined, undefined] });
  });

  it('begins anew where the server knows no ranges', async () => {
    expect(await download((count) => ({ ignoreRange: true, ...(count < 3 && { cutAfter: 1000 * (count + 1) }) }))).toMatchObject(WHOLE);
  });

  it('begins anew when the file is another by then', async () => {
    const other = randomBytes(400_000);
    const changed = await download((count) => (count === 0 ? { body: other, etag: '"zero"', cutAfter: 200_000 } : {}));
    expect(changed).toMatchObject({ ...WHOLE, ranges: [undefined, 'bytes=200000-'] });
    const deaf = await download((count) =>
      count === 0 ? { body: other, etag: '"zero"', cutAfter: 200_000 } : { headers: { ETag: '"one"' }, etag: '"zero"' },
    );
    expect(deaf).toMatchObject({ ...WHOLE, ranges: [undefined, 'bytes=200000-', undefined] });
  });

  it('begins anew when the server has no such range', async () => {
    const short = await download((count) => (count === 0 ? { cutAfter: 300_000 } : count === 1 ? { status: 416 } : {}));
    expect(short).toMatchObject({ ...WHOLE, ranges: [undefined, 'bytes=300000-', undefined] });
  });

  it.each([429, 500, 502, 503, 504])('tries again after %i', async (status) => {
    const { waits, ...rest } = await download((count) => (count < 2 ? { status } : {}));
    expect(rest).toMatchObject(WHOLE);
    expect(waits.map((ms) => ms >= 500 && ms <= 2000)).toEqual([true, true]);
  });

  it('waits as long as a server asks, but not for ever', async () => {
    const asked = (count: number) => (count === 0 ? '7' : count === 1 ? new Date(Date.now() + 3_600_000).toUTCString() : undefined);
    const { waits, notes } = await download((count) => {
      const after = asked(count);
      return after === undefined ? {} : { status: 429, headers: { 'Retry-After': after } };
    });
    expect(waits).toEqual([7000, 300_000]);
    expect(notes[0]).toBe('429 Too Many Requests; trying again in 7 s');
  });

  it('waits longer each time, and gives up after some tries without progress; the part stays', async () => {
    const { done, left, waits } = await download((count) => (count === 0 ? { cutAfter: 5000 } : { status: 503 }));
    expect(done).toMatchObject({
      message: expect.stringMatching(
        /^Cannot download "http:\/\/127\.0\.0\.1:\d+\/image": 503 Service Unavailable, 6 times in a row without progress$/,
      ),
      hint: expect.stringContaining('run the same command to go on'),
    });
    expect(left).toEqual(['image.part', 'image.part.json']);
    expect(waits).toHaveLength(PATIENCE.tries - 1);
    expect(Math.max(...waits)).toBe(waits.at(-1));
  });

  it('takes a connection on which nothing comes for cut', async () => {
    const stalled = await download((count) => (count === 0 ? { stallAfter: 1234 } : {}), WANTED, createPatience({ stallMs: 100 }));
    expect(stalled).toMatchObject({ ...WHOLE, ranges: [undefined, 'bytes=1234-'] });
    expect(stalled.notes[0]).toBe('nothing came for 0.1 s; trying again in 1 s');
  });

  it('follows where it is sent, with its range', async () => {
    const elsewhere = (count: number) => (count % 2 === 0 ? { status: 302, headers: { Location: '/image' } } : {});
    const moved = await download((count) => (count === 1 ? { cutAfter: 4000 } : elsewhere(count)));
    expect(moved).toMatchObject({ ...WHOLE, ranges: [undefined, undefined, 'bytes=4000-', 'bytes=4000-'] });
    const round = await download(() => ({ status: 302, headers: { Location: '/image' } }));
    expect(round).toMatchObject({ done: { message: expect.stringMatching(/leads from one address to the next without end$/) } });
  });

  it.each([401, 403, 404])('does not try again after %i', async (status) => {
    const refused = await download(() => ({ status }));
    expect(refused).toMatchObject({ done: { message: expect.stringContaining(`the server answered ${status}`) }, waits: [] });
  });

  it('keeps nothing of a wrong length, whoever says it', async () => {
    const longer = await download(() => ({ claimedBytes: FILE.length + 1 }));
    expect(longer).toMatchObject({ left: [], done: { message: expect.stringMatching(/it has 400001 bytes, expected 400000; nothing is kept$/) } });
    expect(await download(() => ({ body: FILE.subarray(1) }))).toMatchObject({ left: [] });
    const silent = (body: Buffer) => download(() => ({ claimedBytes: null, body }));
    expect(await silent(Buffer.concat([FILE, FILE]))).toMatchObject({ left: [], done: { message: expect.stringContaining('it has more bytes') } });
    expect(await silent(FILE.subarray(1))).toMatchObject({ left: [], done: { message: expect.stringContaining('it has 399999 bytes') } });
  });

  it('takes an answer that is shorter than it said for cut', async () => {
    expect(await download((count) => (count === 0 ? { body: FILE.subarray(0, 9000), claimedBytes: FILE.length, cutAfter: 8999 } : {}))).toMatchObject(
      WHOLE,
    );
  });

  it('keeps nothing of a wrong hash, resumed or not', async () => {
    const wrong = Buffer.from(FILE);
    wrong[399_999] = (wrong[399_999] ?? 0) ^ 1;
    const message = expect.stringMatching(/its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}; nothing is kept$/);
    expect(await download(() => ({ body: wrong }))).toMatchObject({ left: [], done: { message } });
    expect(await download((count) => (count === 0 ? { cutAfter: 9 } : { body: wrong }))).toMatchObject({ left: [], done: { message } });
  });

  it('ends at once on Ctrl-C, and the next run goes on, over what is there', () =>
    withFolder(async (folder) => {
      await using server = await startServer({ '/image': FILE }, (_, count) => (count === 0 ? { stallAfter: 150_000 } : {}));
      const [url, file] = [`${server.url}/image`, join(folder, 'image')];
      const ctrlC = new AbortController();
      const first = downloadFile({ signal: ctrlC.signal }, url, file, WANTED);
      await until(async () => (await sizeOf(`${file}.part`)) >= 150_000);
      ctrlC.abort();
      await expect(first).rejects.toThrow();
      expect((await readdir(folder)).sort()).toEqual(['image.part', 'image.part.json']);
      expect(await downloadFile(running(), url, file, WANTED)).toEqual(WANTED);
      expect(server.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=150000-']);
    }));

  it('asks nobody for what an earlier run had whole, and takes nothing of another address', () =>
    withFolder(async (folder) => {
      await using server = await startServer({ '/image': FILE });
      const url = `${server.url}/image`;
      const file = join(folder, 'image');
      await writeFile(`${file}.part`, FILE);
      await writeFile(`${file}.part.json`, JSON.stringify({ url }));
      await downloadFile(running(), url, file, WANTED);
      expect(await downloadFile(running(), url, file, WANTED)).toEqual(WANTED);
      expect(server.requests).toHaveLength(0);
      await rm(file);
      await writeFile(`${file}.part`, randomBytes(100));
      await writeFile(`${file}.part.json`, JSON.stringify({ url: `${url}2` }));
      expect(await downloadFile(running(), url, file, WANTED)).toEqual(WANTED);
    }));

  it('waits for no other command that downloads the same, and takes over from one that was killed', () =>
    withFolder(async (folder) => {
      await using server = await startServer({ '/image': FILE });
      const file = join(folder, 'image');
      await mkdir(folder, { recursive: true });
      await writeFile(`${file}.lock`, '1');
      await expect(downloadFile(running(), `${server.url}/image`, file, WANTED)).rejects.toThrow('the process 1 is at it already');
      await writeFile(`${file}.lock`, '4194303');
      expect(await downloadFile(running(), `${server.url}/image`, file, WANTED)).toEqual(WANTED);
    }));

  it('names no user, password or token in a message', async () => {
    await using server = await startServer({}, (_path, _count, { headers }) => (headers.authorization ? { status: 404 } : { status: 401 }));
    const url = `${server.url.replace('//', '//me:secret@')}/image?token=hidden`;
    await withFolder(async (folder) => {
      const error = await downloadFile(running(), url, join(folder, 'image'), {}).catch((error: Error) => error);
      expect(error).toMatchObject({ message: `Cannot download "${server.url}/image": the server answered 404 Not Found` });
    });
  });
});

describe('describeProgress()', () => {
  it('says how much, how fast, and how long', () => {
    const mib = 1024 * 1024;
    expect(describeProgress(120 * mib, 525 * mib, 10 * mib)).toBe('120.0 MiB of 525.0 MiB, 10.0 MiB/s, 41 s left');
    expect(describeProgress(0, 525 * mib, mib)).toBe('0 B of 525.0 MiB, 1.0 MiB/s, 9 min left');
    expect(describeProgress(mib, undefined, 0)).toBe('1.0 MiB, 0 B/s');
  });
});
