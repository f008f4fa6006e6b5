import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles, SUMS, SUMS_SIGNATURE } from '../../builder/release/folder/sums.ts';
import { type ImageServer, startServer } from '../fetch/image-server.ts';
import { VALID } from '../workspace/sample-workspace.ts';
import { readRelease, type SampleRelease, withRelease, writeFiles } from './sample-release.ts';

export interface Fetching extends SampleRelease {
  readonly server: ImageServer;
  readonly files: Record<string, Buffer>;
  /** Another operator's copy of the workspace, with the key that signs seeds and no profile. */
  readonly other: string;
}

/** A release on a web server, and somebody who has no part of it yet: not even its cache. */
export async function withServer<T>(task: (fetching: Fetching) => Promise<T>): Promise<T> {
  return withRelease(async (sample) => {
    const files = await readRelease(sample.release, [...(await listFiles(sample.release)), SUMS, SUMS_SIGNATURE]);
    await using server = await startServer(files);
    const other = join(sample.folder, 'other');
    const { 'semeur.yaml': operator = '', '.gitignore': ignored = '' } = VALID;
    await writeFiles(other, { 'semeur.yaml': operator, '.gitignore': ignored });
    await mkdir(join(other, 'secrets'), { mode: 0o700 });
    for (const key of ['seed_key', 'seed_key.pub']) await cp(join(sample.workspace, 'secrets', key), join(other, 'secrets', key));
    await rm(join(sample.folder, 'cache'), { recursive: true });
    return await task({ ...sample, server, files, other });
  });
}
