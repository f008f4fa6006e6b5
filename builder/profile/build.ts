import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { parseByteSize } from '../../kit/byte-size.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import type { Session } from '../../kit/session.ts';
import { hashKey } from '../debian/package-set.ts';
import { ingestPrefix } from '../image/ingest.ts';
import { loadPrefix, type Prefix } from '../image/prefix.ts';
import { checkPlatform, scriptTexts, withWorkFolder } from '../sandbox/sandbox.ts';
import { findProfile } from '../workspace/find-named.ts';
import type { LoadedOverlay, LoadedWorkspace } from '../workspace/load.ts';
import type { Profile } from '../workspace/schema.ts';
import { ensureSecrets, readSeedKey } from '../workspace/secrets.ts';
import { checkBoardsStart, filesOfOtherBoards, listBootFiles } from './board-files.ts';
import { containerFolders, type LaidContainer } from './containers.ts';
import { overlaysOf, serviceLists, serviceUnits, settingsFiles } from './contents.ts';
import { type DiskPlan, layoutOf, MAP_RULE, planDisk, writeDisk } from './disk.ts';
import { type LayerEntry, planLayer, renderLayer } from './layer.ts';
import { readOverlayFiles } from './overlay-files.ts';
import { bootFiles, type ProfileFacts, profileFiles } from './profile-files.ts';
import { ensureStages, type LockOptions, type Stages } from './stages.ts';
import type { System } from './system.ts';

export interface MadeProfile {
  readonly prefix: Prefix;
  readonly facts: ProfileFacts;
  readonly stages: Stages;
}

/**
 * Makes a profile's prefix, uncompressed, from what the cache lacks: toolbox, base, packages, overlays, disk.
 * @throws {Failure} when a stage fails; what was whole stays in the cache, and the next run goes on from there.
 */
export async function makeProfile(session: Session, workspace: LoadedWorkspace, name: string, options: LockOptions): Promise<MadeProfile> {
  checkPlatform();
  const profile = findProfile(workspace, name);
  await ensureSecrets(workspace.folder);
  const stages = await ensureStages(session, workspace, profile, options);
  const plan = await planProfile(workspace, profile, stages);
  const { facts } = plan;
  const prefix = (await findMade(facts.build)) ?? (await makePrefix(session, stages, plan));
  return { prefix, facts, stages };
}

interface ProfilePlan {
  readonly facts: ProfileFacts;
  readonly groups: readonly (readonly LayerEntry[])[];
  /** The packages' folders, and those above what containers bring. */
  readonly folders: ReadonlySet<string>;
  /** What the base's boot partition has for other boards alone. */
  readonly leftOut: readonly string[];
}

/** What goes on the disk, and where, with the hash of all of it. */
async function planProfile(workspace: LoadedWorkspace, profile: Profile, stages: Stages): Promise<ProfilePlan> {
  const { toolbox, base, system, containers, cardSources } = stages;
  const overlays = overlaysOf(workspace, profile);
  const groups = await Promise.all(overlays.map((overlay) => readFiles(overlay, containers)));
  const folders = new Set([...system.folders, ...containerFolders(containers).map(({ path }) => path)]);
  const layer = planLayer(groups, { folders });
  const plan = planDisk(layoutOf(profile, base), measureAll(system, containers), layer, parseByteSize(profile.reserve) ?? 0);
  const seedKey = await readSeedKey(workspace.folder);
  const leftOut = await planBoot(profile, system);
  const settings = settingsFiles(overlays);
  const units = serviceUnits(overlays);
  const lists = serviceLists(overlays);
  const made = renderLayer(layer, system, base.epoch).toString('base64');
  const inputs = [
    profile.profile,
    system.key,
    toolbox.key,
    JSON.stringify({ plan, leftOut, settings, units, lists, cardSources, map: MAP_RULE, containers: containers.map(({ tree }) => tree.key) }),
    seedKey,
    made,
    ...(await scriptTexts('disk.sh')),
  ];
  const known = { plan, epoch: base.epoch, seedKey, settings, units, lists, cardSources };
  const facts: ProfileFacts = { profile: profile.profile, build: hashKey(...inputs), ...known };
  return { facts, groups, folders, leftOut };
}

async function readFiles(overlay: LoadedOverlay, containers: readonly LaidContainer[]): Promise<LayerEntry[]> {
  const own = containers.filter((container) => container.overlay === overlay.overlay);
  return [...(await readOverlayFiles(overlay)), ...own.flatMap(({ files }) => files)];
}

/** What lies on the disk before the layer. */
function measureAll(system: System, containers: readonly LaidContainer[]): Pick<System, 'blocks' | 'inodes'> {
  const trees = [system, ...containers.map(({ tree }) => tree)];
  const sum = (key: 'blocks' | 'inodes') => trees.reduce((all, tree) => all + tree[key], 0);
  return { blocks: sum('blocks'), inodes: sum('inodes') };
}

async function planBoot(profile: Profile, system: System): Promise<string[]> {
  const names = await listBootFiles(join(system.folder, 'boot.tar'));
  checkBoardsStart(names, profile);
  return filesOfOtherBoards(names, profile);
}

async function makePrefix(session: Session, stages: Stages, { facts, groups, folders, leftOut }: ProfilePlan): Promise<Prefix> {
  return session.progress.step(`Writing the disk of the profile "${facts.profile}"`, (note) =>
    withWorkFolder(async (work) => {
      const { toolbox, base, system, containers } = stages;
      const entries = planLayer([...groups, profileFiles(facts)], { folders });
      const laid = new Set(entries.map(({ path }) => path));
      const attributes = system.attributes.filter(({ path }) => !laid.has(path));
      const above = renderLayer(containerFolders(containers), system, base.epoch);
      const trees = containers.map(({ tree }) => tree);
      const parts = { system, above, trees, layer: renderLayer(entries, system, base.epoch), attributes, boot: bootFiles(facts), leftOut };
      const { raw, alwaysMapped } = await writeDisk(toolbox, work, facts.plan, parts, {
        signal: session.signal,
        onLine: note,
        sourceDateEpoch: base.epoch,
      });
      const prefix = await ingestPrefix(raw, { profile: facts.profile, alwaysMapped, signal: session.signal, note });
      checkLength(prefix, facts.plan);
      await writeFileAtomically(madeFile(facts.build), `${prefix.digest}\n`);
      return prefix;
    }),
  );
}

function checkLength(prefix: Prefix, plan: DiskPlan): void {
  if (prefix.bytes !== plan.regionOffset) throw new Error(`the disk has ${prefix.bytes} bytes, ${plan.regionOffset} were planned`);
}

async function findMade(build: string): Promise<Prefix | undefined> {
  const digest = await readFile(madeFile(build), 'utf8').catch(() => undefined);
  return digest === undefined ? undefined : loadPrefix(digest.trim());
}

function madeFile(build: string): string {
  return cacheFolder('builds', build);
}
