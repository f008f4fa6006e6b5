import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../../kit/failure.ts';
import { type ImageFormat, type Prefix, prefixFile } from './prefix.ts';
import { continueSha256 } from './sha256.ts';

/**
 * Reads a cached prefix file whole and compares it with what was written: a flipped bit in it would be in every client's image.
 * @throws {Failure} when it is damaged or missing.
 */
export async function checkPrefixFile(prefix: Prefix, format: ImageFormat, signal?: AbortSignal): Promise<void> {
  const file = prefixFile(prefix.digest, format);
  const midstate = format === 'img' ? prefix.midstate : prefix[format]?.midstate;
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash, { ...(signal && { signal }) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw damaged(file, 'it is missing');
  }
  if (midstate === undefined || hash.digest('hex') !== (await continueSha256(midstate, new Uint8Array()))) {
    throw damaged(file, 'its SHA-256 is not what was written');
  }
}

function damaged(file: string, why: string): Failure {
  return new Failure(`Cannot use "${file}": ${why}`, { hint: 'Remove its folder and build the profile again' });
}
