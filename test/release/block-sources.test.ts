import { createHash } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeTail } from '../../builder/image/compose.ts';
import { compressPrefix } from '../../builder/image/compress.ts';
import { ingestPrefix } from '../../builder/image/ingest.ts';
import { type Prefix, prefixFile } from '../../builder/image/prefix.ts';
import { paddedBytes, XZ_HEADER_BYTES, XZ_STREAM_HEADER } from '../../builder/image/xz-format.ts';
import { compareBlocks, downloadRanges } from '../../builder/release/taking/block-sources.ts';
import { runCommand } from '../../kit/command.ts';
import { hostXz } from '../image/host-xz.ts';
import { createQuietSession, MIB, makePrefix, makeRegion, withCache } from '../image/sample-prefix.ts';

/** A made-up block: what it holds, and its compressed bytes, not padded. */
interface Block {
  readonly raw: string;
  readonly compressed: Uint8Array;
}

/** A prefix and its compressed bytes, laid as the .xz format says: header, then each block padded to four bytes. */
function makeUp(blocks: readonly Block[]): { prefix: Prefix; stream: Buffer } {
  const padded = blocks.map(({ compressed }) => Buffer.concat([compressed, Buffer.alloc(-compressed.length & 3)]));
  const stream = Buffer.concat([XZ_STREAM_HEADER, ...padded]);
  const records = blocks.map(({ compressed }) => ({ unpadded: compressed.length, uncompressed: MIB }));
  const digests = blocks.map(({ raw }) => createHash('sha256').update(raw).digest('hex'));
  const plain = { profile: 'maison', digest: '', bytes: blocks.length * MIB, midstate: '', blockBytes: MIB, mapped: [], mappedBlocks: 0 };
  return { prefix: { ...plain, blocks: digests, xz: { bytes: stream.length, midstate: '', records, check: 'crc32' } }, stream };
}

/** What a program does that has the old stream, and gets the new one's ranges from a server. */
function assemble(before: Prefix, old: Buffer, after: Prefix, server: Buffer): Buffer {
  const sources = compareBlocks(before, after);
  const fetched = new Map(
    downloadRanges(sources).flatMap(({ first, bytes }) =>
      [...server.subarray(first, first + bytes)].map((byte, offset) => [first + offset, byte] as const),
    ),
  );
  const take = (first: number, bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, i) => fetched.get(first + i) ?? fail(first + i)));
  const parts = sources.map((one) => (one.from === 'old' ? old.subarray(one.at, one.at + one.bytes) : take(one.first, one.bytes)));
  return Buffer.concat([old.subarray(0, XZ_HEADER_BYTES), ...parts]);
}

function fail(at: number): never {
  throw new Error(`byte ${at} was not fetched`);
}

describe('compareBlocks()', () => {
  // Few contents, so that blocks are found again, moved and repeated.
  const content = fc.uint8Array({ minLength: 5, maxLength: 24 });
  const pool = fc.uniqueArray(content, { minLength: 1, maxLength: 6, selector: (bytes) => Buffer.from(bytes).toString('hex') });
  const two = pool.chain((contents) => {
    const blocks = fc.array(
      fc.nat(contents.length - 1).map((at): Block => ({ raw: `block ${at}`, compressed: contents[at] ?? new Uint8Array(5) })),
      { maxLength: 12 },
    );
    return fc.tuple(blocks, blocks);
  });

  it('makes any prefix of any other, from old blocks and what is downloaded', () => {
    const property = fc.property(two, ([one, other]) => {
      const [before, after] = [makeUp(one), makeUp(other)];
      expect(assemble(before.prefix, before.stream, after.prefix, after.stream).equals(after.stream)).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('downloads just the blocks whose content is nowhere in the old prefix', () => {
    const property = fc.property(two, ([one, other]) => {
      const sources = compareBlocks(makeUp(one).prefix, makeUp(other).prefix);
      const known = new Set(one.map(({ raw }) => raw));
      expect(sources.map(({ from }) => from)).toEqual(other.map(({ raw }) => (known.has(raw) ? 'old' : 'download')));
      const downloaded = other.filter(({ raw }) => !known.has(raw)).reduce((sum, { compressed }) => sum + Math.ceil(compressed.length / 4) * 4, 0);
      expect(downloadRanges(sources).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(downloaded);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('joins neighbours that are downloaded, and no others', () => {
    const block = (raw: string): Block => ({ raw, compressed: Buffer.from(raw.padEnd(8, '.')) });
    const sources = compareBlocks(makeUp(['a', 'b'].map(block)).prefix, makeUp(['x', 'y', 'b', 'z', 'a'].map(block)).prefix);
    expect(downloadRanges(sources)).toEqual([
      { first: 12, bytes: 16 },
      { first: 36, bytes: 8 },
    ]);
  });

  it('takes a block that was compressed to another length for another one', () => {
    const [before, after] = [5, 6].map((bytes) => makeUp([{ raw: 'same', compressed: Buffer.alloc(bytes, 1) }]).prefix);
    expect(before && after && compareBlocks(before, after)).toMatchObject([{ from: 'download' }]);
  });

  it('refuses a prefix that is not compressed', () => {
    const { prefix } = makeUp([]);
    const { xz: _, ...plain } = prefix;
    expect(() => compareBlocks(prefix, plain)).toThrow(/not compressed as xz/);
  });

  it('makes a real prefix of the one before, where one block changed, and its places are those that xz lists', () =>
    withCache(async (folder) => {
      const session = createQuietSession();
      const before = await compressPrefix(await makePrefix(folder), 'xz', hostXz, session);
      const raw = join(folder, 'next.img');
      await copyFile(prefixFile(before.digest, 'img'), raw);
      const bytes = await readFile(raw);
      bytes.write('something new', 17 * MIB);
      await writeFile(raw, bytes);
      const after = await compressPrefix(await ingestPrefix(raw, { profile: 'maison', alwaysMapped: [] }), 'xz', hostXz, session);
      const [old, server] = await Promise.all([before, after].map(({ digest }) => readFile(prefixFile(digest, 'xz'))));
      if (!old || !server) throw new Error('no prefix was written');
      const sources = compareBlocks(before, after);
      expect(sources.map(({ from }) => from)).toEqual(['old', 'old', 'download', 'old', 'old']);
      expect(assemble(before, old, after, server).equals(server)).toBe(true);

      const image = join(folder, 'maison.img.xz');
      await writeFile(image, Buffer.concat([server, (await composeTail(after, makeRegion(0), 'xz')).tail]));
      const listed = (await runCommand(['xz', '--robot', '--list', '--verbose', image])).toString('utf8').split('\n');
      const places = listed.filter((line) => line.startsWith('block\t')).map((line) => Number(line.split('\t')[4]));
      expect(places.slice(0, -1)).toEqual(sources.map(({ first }) => first));
      expect(places.at(-1)).toBe(after.xz?.bytes);
      expect(sources.map(({ bytes }) => bytes)).toEqual(after.xz?.records.map(paddedBytes));
    }));
});
