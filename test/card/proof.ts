import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSourceFiles } from '../house/source-files.ts';
import { CHECKOUT } from './cards.ts';

/** What a profile's bytes come of, and the tests that prove it. */
const MAKERS =
  /^(?:builder\/(?:cache|container|debian|disk|fetch|image|platform|profile|raspios|sandbox|workspace)|examples|firstboot|kit|overlays|protocol|test\/card)\//;
const PROVED = join(CHECKOUT, 'test/card/rebuild.proved');

/**
 * A proof that takes minutes is made again when what it proves could have changed. `--full` makes it always, and says in rebuild.proved for which
 * sources: that file is committed with them.
 */
export async function isProved(): Promise<boolean> {
  return (await readFile(PROVED, 'utf8').catch(() => '')).trim() === (await hashMakers());
}

export async function keepProof(): Promise<void> {
  await writeFile(PROVED, `${await hashMakers()}\n`);
}

async function hashMakers(): Promise<string> {
  const hash = createHash('sha256');
  for (const { path, text } of await readSourceFiles()) {
    if (MAKERS.test(path) && !path.endsWith('.proved')) hash.update(`${path} ${Buffer.byteLength(text)}\n${text}`);
  }
  return hash.digest('hex');
}
