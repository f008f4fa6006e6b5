import { createHash } from 'node:crypto';
import { REGION_BYTES } from '../../protocol/sizes.ts';
import { MAP_BLOCK_BYTES, type Prefix } from './prefix.ts';

/**
 * A bmap 2.0 of prefix + seed region. The region is always mapped whole, zeros too, else an earlier flash's seed would stay.
 * @param region the client's; left out, its range bears no checksum, so that one bmap serves every client of the profile.
 */
export function renderBmap(prefix: Prefix, region?: Uint8Array): string {
  const first = prefix.bytes / MAP_BLOCK_BYTES;
  const regionBlocks = REGION_BYTES / MAP_BLOCK_BYTES;
  const sha256 = region && createHash('sha256').update(region).digest('hex');
  const ranges = [...prefix.mapped, { first, last: first + regionBlocks - 1, sha256 }];
  const zeros = '0'.repeat(64);
  const text = `<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> ${prefix.bytes + REGION_BYTES} </ImageSize>
    <BlockSize> ${MAP_BLOCK_BYTES} </BlockSize>
    <BlocksCount> ${first + regionBlocks} </BlocksCount>
    <MappedBlocksCount> ${prefix.mappedBlocks + regionBlocks} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> ${zeros} </BmapFileChecksum>
    <BlockMap>
${ranges.map(renderRange).join('\n')}
    </BlockMap>
</bmap>
`;
  // The checksum is of the file with 64 zeros in the checksum's place.
  return text.replace(zeros, createHash('sha256').update(text).digest('hex'));
}

function renderRange({ first, last, sha256 }: { first: number; last: number; sha256: string | undefined }): string {
  const checksum = sha256 === undefined ? '' : ` chksum="${sha256}"`;
  return `        <Range${checksum}> ${first === last ? first : `${first}-${last}`} </Range>`;
}
