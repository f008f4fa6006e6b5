import { describe, expect, it } from 'vitest';
import { parseBlocksFile } from '../../builder/release/folder/blocks-file.ts';

const SHA256 = 'a'.repeat(64);
const PREFIX = {
  profile: 'maison',
  digest: SHA256,
  bytes: 1500,
  midstate: 'AAAA',
  blockBytes: 1000,
  blocks: [SHA256, SHA256],
  mapped: [{ first: 0, last: 3, sha256: SHA256 }],
  mappedBlocks: 4,
  xz: {
    bytes: 12 + 12 + 100,
    midstate: 'AAAA',
    records: [
      { unpadded: 9, uncompressed: 1000 },
      { unpadded: 100, uncompressed: 500 },
    ],
    check: 'crc32',
  },
};

describe('parseBlocksFile()', () => {
  it('reads what a release wrote', () => {
    expect(parseBlocksFile(JSON.stringify(PREFIX), 'maison.blocks.json')).toEqual(PREFIX);
  });

  it.each([
    ['no JSON', '{'],
    ['a prefix that is not compressed', { ...PREFIX, xz: undefined }],
    ['a profile that is a path', { ...PREFIX, profile: '../maison' }],
    ['a digest that is a path', { ...PREFIX, digest: '../x' }],
    ['a block too many', { ...PREFIX, blocks: [SHA256, SHA256, SHA256] }],
    ['a record too few', { ...PREFIX, xz: { ...PREFIX.xz, records: PREFIX.xz.records.slice(1) } }],
    ['blocks of other sizes', { ...PREFIX, xz: { ...PREFIX.xz, records: PREFIX.xz.records.toReversed() } }],
    ['a compressed size that is not the sum of its blocks', { ...PREFIX, xz: { ...PREFIX.xz, bytes: 121 } }],
    ['a size that is no whole number', { ...PREFIX, bytes: 1500.5 }],
    ['another check', { ...PREFIX, xz: { ...PREFIX.xz, check: 'sha256' } }],
  ])('refuses %s, and names the file', (_, content) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    expect(() => parseBlocksFile(text, 'maison.blocks.json')).toThrow('Cannot use "maison.blocks.json"');
  });
});
