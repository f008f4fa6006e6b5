import { open } from 'node:fs/promises';
import { execa } from 'execa';
import { Failure } from '../failure.ts';
import type { ImageFormat } from './prefix.ts';

/** The first `bytes` bytes of the disk that an image holds; only so much of it is decompressed. */
export async function readHead(file: string, format: ImageFormat, bytes: number): Promise<Buffer> {
  if (format === 'img') return readStart(file, bytes);
  const [program, ...args] = format === 'xz' ? ['xz', '--decompress', '--stdout', file] : ['zstd', '--decompress', '--stdout', '--quiet', file];
  const child = execa(program as string, args, { encoding: 'buffer', buffer: false, reject: false, stdin: 'ignore', stderr: 'ignore' });
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of child.stdout) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= bytes) break;
  }
  child.kill();
  await child;
  if (length >= bytes) return Buffer.concat(chunks).subarray(0, bytes);
  throw new Failure(`Cannot read the image "${file}": ${program} gives ${length} bytes of it`, { hint: `Is ${program} installed, and the file whole?` });
}

async function readStart(file: string, bytes: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await handle.read(buffer, 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
