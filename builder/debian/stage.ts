import { mkdir, readFile, rename, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import type { DiskLayout } from '../disk/disk-layout.ts';
import { formatOffered, hashKey, type PackageSet, type Pinned, type PooledFile, touchPooled } from './package-set.ts';

/** A tar in the cache, and what it was made of. */
export interface Stage {
  readonly key: string;
  readonly tar: string;
  readonly set: PackageSet;
  /** SOURCE_DATE_EPOCH it was made with. */
  readonly epoch: number;
  /** The package lists that its packages were chosen by; none where a lock named them. */
  readonly lists: readonly PooledFile[];
  /** Only a base that was made from an image of a card has one. */
  readonly layout?: DiskLayout;
}

type StageRecord = Omit<Stage, 'key' | 'tar'>;

/** What is to be made, if the cache has it: what the lock pins; without one the newest by the same recipe, unless newer packages are asked for. */
export async function findMade(
  kind: string,
  recipe: string,
  { locked, update }: { readonly locked: Pinned | undefined; readonly update: boolean },
): Promise<Stage | undefined> {
  if (locked) return findStage(kind, lockedKey(recipe, locked));
  return update ? undefined : findLatest(kind, recipe);
}

/** Keeps what was made, and remembers it as the newest of its recipe unless a lock asked for just this one. */
export async function keepMade(kind: string, recipe: string, tar: string, record: StageRecord, locked: Pinned | undefined): Promise<Stage> {
  const stage = await keepStage(kind, lockedKey(recipe, record), tar, record);
  if (!locked) await rememberLatest(kind, recipe, stage);
  return stage;
}

/** A stage's key when everything that goes in is known. */
function lockedKey(recipe: string, { set, epoch }: Pinned): string {
  return hashKey(recipe, String(epoch), formatOffered(set.debs));
}

/** A stage that is whole in the cache, else undefined. Using it counts for `cache prune`. */
async function findStage(kind: string, key: string): Promise<Stage | undefined> {
  const tar = cacheFolder(kind, `${key}.tar`);
  const text = await readFile(cacheFolder(kind, `${key}.json`), 'utf8').catch(() => undefined);
  if (text === undefined || !(await stat(tar).catch(() => undefined))) return undefined;
  const now = new Date();
  await utimes(tar, now, now);
  const record = JSON.parse(text) as StageRecord;
  await touchPooled([...record.lists, ...record.set.debs]);
  return { key, tar, ...record };
}

/** Moves a finished tar into the cache; its record is written last, so that half an entry is none. */
async function keepStage(kind: string, key: string, tar: string, record: StageRecord): Promise<Stage> {
  const kept = cacheFolder(kind, `${key}.tar`);
  await mkdir(cacheFolder(kind), { recursive: true });
  await rename(tar, kept);
  await writeFileAtomically(cacheFolder(kind, `${key}.json`), `${JSON.stringify(record)}\n`);
  return { key, tar: kept, ...record };
}

/** Without a lock, the newest stage made by the same recipe is good enough: `--update` makes a new one. */
async function findLatest(kind: string, recipe: string): Promise<Stage | undefined> {
  const key = await readFile(latestFile(kind, recipe), 'utf8').catch(() => undefined);
  return key === undefined ? undefined : findStage(kind, key.trim());
}

async function rememberLatest(kind: string, recipe: string, stage: Stage): Promise<void> {
  await writeFileAtomically(latestFile(kind, recipe), `${stage.key}\n`);
}

function latestFile(kind: string, recipe: string): string {
  return join(cacheFolder(kind), `${recipe}.latest`);
}
