import { CARD_CONF, renderCardConf } from '../../protocol/card-conf.ts';
import { REGION_BYTES, REPORT_BYTES } from '../../protocol/sizes.ts';
import type { SettingsFile } from './built.ts';
import type { DiskPlan } from './disk.ts';
import type { LayerEntry } from './layer.ts';

export interface ProfileFacts {
  readonly profile: string;
  /** Hash of everything that the profile is made of. */
  readonly build: string;
  readonly plan: DiskPlan;
  readonly epoch: number;
  /** The seed key's public half, one line. */
  readonly seedKey: string;
  readonly settings: readonly SettingsFile[];
  /** The services' units, which are started again once their settings are there. */
  readonly units: readonly string[];
  /** The services' templates, by file. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** What the card asks for packages: lines of sources.list(5). Undefined where its base says it. */
  readonly cardSources: readonly string[] | undefined;
}

/** What first boot must know, on the root file system. */
export function profileFiles({ profile, build, plan, epoch, seedKey, settings, units, lists, cardSources }: ProfileFacts): LayerEntry[] {
  const conf = [`profile ${profile}`, `digest-of-build ${build}`, `region-offset ${plan.regionOffset}`, `build-time ${epoch}`];
  const files: Record<string, string> = {
    '/usr/lib/semeur/profile/seed.conf': conf.join('\n'),
    [CARD_CONF]: renderCardConf().trimEnd(),
    '/usr/lib/semeur/profile/allowed_signers': renderAllowedSigners(seedKey).trimEnd(),
    '/usr/lib/semeur/profile/settings.list': settings.map(({ mode, owner, path }) => `${mode} ${owner} ${path}`).join('\n'),
    '/usr/lib/semeur/profile/units.list': units.join('\n'),
    ...Object.fromEntries(Object.entries(lists).map(([name, lines]) => [`/usr/lib/semeur/profile/${name}`, lines.join('\n')])),
    ...(cardSources && { '/etc/apt/sources.list': cardSources.join('\n') }),
    // systemd sets a clock that is behind this file's time forward to it: a Pi has no clock of its own.
    '/usr/lib/clock-epoch': '',
  };
  return Object.entries(files).map(([path, text]) => ({
    path,
    content: { file: Buffer.from(text === '' ? '' : `${text}\n`) },
    mode: 0o644,
    owner: 'root:root',
    from: 'the profile',
  }));
}

/**
 * Whose seeds a card takes, as ssh-keygen's allowed_signers.
 * @param seedKeys public halves, one a line as in authorized_keys: the key that signs now, then those that signed seeds which may still be flashed.
 */
export function renderAllowedSigners(seedKeys: string): string {
  const keys = seedKeys.split('\n').filter((line) => line.trim() !== '');
  return keys.map((line) => `semeur namespaces="semeur-seed" ${line.trim().split(/\s+/).slice(0, 2).join(' ')}\n`).join('');
}

/** What laptops and `semeur plant` read, on the boot partition. */
export function bootFiles({ profile, build, plan }: Pick<ProfileFacts, 'profile' | 'build' | 'plan'>): Map<string, Buffer> {
  const card = ['semeur-card 1', `profile ${profile}`, `region-offset ${plan.regionOffset}`, `region-bytes ${REGION_BYTES}`, `build ${build}`];
  const report = `Cette carte n'a pas encore démarré.\nThis card has not started yet.\n`;
  return new Map([
    ['semeur-card.txt', Buffer.from(`${card.join('\n')}\n`)],
    ['semeur-report.txt', Buffer.concat([Buffer.from(report), Buffer.alloc(REPORT_BYTES - Buffer.byteLength(report), '\n')])],
  ]);
}
