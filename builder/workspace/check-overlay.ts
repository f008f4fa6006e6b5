import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { refuseSetting } from './check-clients.ts';
import { checkContainer } from './check-containers.ts';
import { checkName, type Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import type { Overlay } from './overlay-schema.ts';
import { readTree, refuseTreeEntry, type TreeEntry } from './overlay-tree.ts';
import { suggestHint } from './rules/suggest.ts';

/** Whether what overlay.yaml speaks of is there, and goes together. */
export async function checkOverlay(entry: Entry<Overlay>, folder: string): Promise<Finding[]> {
  const tree = await readTree(join(folder, 'files'));
  return [
    ...checkName(entry, 'overlay'),
    ...checkSettings(entry),
    ...checkAccounts(entry),
    ...(await checkTemplates(entry, folder)),
    ...checkStated(entry, tree),
    ...checkUnits(entry),
    ...checkPrograms(entry, tree),
    ...checkFront(entry, tree),
    ...checkContainer(entry),
    ...checkTree(entry, tree),
  ];
}

function checkSettings({ source, known: { settings = {} } }: Entry<Overlay>): Finding[] {
  return Object.entries(settings).flatMap(([key, setting]) => {
    const refusal = refuseSetting(setting.default, setting);
    const { requires } = setting;
    const others = Object.keys(settings).filter((other) => other !== key);
    return [
      ...(refusal === undefined ? [] : [source.error(['settings', key, 'default'], refusal)]),
      ...(requires === undefined || others.includes(requires)
        ? []
        : [source.error(['settings', key, 'requires'], `Unknown setting "${requires}"`, suggestHint(requires, others))]),
    ];
  });
}

/** What a name must not hold: it stands on a line of its own, between blanks. */
const NO_NAMES = ['a b', 'a\nb', 'a\tb'];

function checkAccounts({ source, known: { overlay, settings, accounts = [] } }: Entry<Overlay>): Finding[] {
  return accounts.flatMap(({ id, of }, index) => {
    const refuse = (key: 'id' | 'of', message: string, hint?: string) => source.error(['accounts', index, key], message, hint);
    const setting = settings && Object.hasOwn(settings, of) ? settings[of] : undefined;
    const takesAnything = setting && NO_NAMES.some((text) => refuseSetting(text, setting) === undefined);
    return [
      ...(overlay === undefined || id === overlay || id.startsWith(`${overlay}-`)
        ? []
        : [refuse('id', `Expected "${overlay}", or "${overlay}-" and a word: nobody takes it for another service's account`)]),
      ...(accounts.findIndex((other) => other.id === id) < index ? [refuse('id', `Account "${id}" stands twice`, 'Choose another id')] : []),
      ...(setting || !settings ? [] : [refuse('of', `Unknown setting "${of}"`, suggestHint(of, Object.keys(settings)))]),
      ...(takesAnything
        ? [refuse('of', `Setting "${of}" takes blanks or line breaks, which no name has`, 'Give it: pattern: "|[a-z0-9][a-z0-9-]{0,31}"')]
        : []),
    ];
  });
}

async function checkTemplates({ source, known: { templates = [] } }: Entry<Overlay>, folder: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [index, { from, to, mode, owner }] of templates.entries()) {
    const refusal = await refuseTemplate(folder, from);
    if (refusal !== undefined) findings.push(source.error(['templates', index, 'from'], refusal));
    // The card's own key is there: no other user enters, whatever a file in it says.
    if (to.startsWith('/etc/semeur/') && (mode !== '0600' || owner !== 'root:root'))
      findings.push(
        source.error(
          ['templates', index, 'to'],
          'Only root reads what is in "/etc/semeur"',
          "A folder of the service's own; or mode 0600, and a unit with LoadCredential=",
        ),
      );
    if (templates.findIndex((other) => other.to === to) < index)
      findings.push(source.error(['templates', index, 'to'], `Two templates write "${to}"`));
  }
  return findings;
}

async function refuseTemplate(folder: string, from: string): Promise<string | undefined> {
  try {
    const file = await realpath(join(folder, from));
    if (!file.startsWith(`${await realpath(folder)}${sep}`)) return `Cannot take the template "${from}": it links out of the overlay`;
    return (await stat(file)).isFile() ? undefined : `Cannot take the template "${from}": it is no file`;
  } catch {
    return `Cannot find the template "${from}" beside this file`;
  }
}

function checkStated({ source, known: { files = [] } }: Entry<Overlay>, tree: readonly TreeEntry[]): Finding[] {
  return files.flatMap(({ path }, index) => {
    const at = ['files', index, 'path'];
    if (files.findIndex((other) => other.path === path) < index) return [source.error(at, `"${path}" stands twice`, 'Leave one out')];
    const there = tree.some((entry) => entry.path === path && entry.kind === 'file');
    return there ? [] : [source.error(at, `Cannot find the file "files${path}" beside this file`)];
  });
}

function checkUnits({ source, known: { units } }: Entry<Overlay>): Finding[] {
  const { enable = [], mask = [] } = units ?? {};
  return mask.flatMap((unit, index) =>
    enable.includes(unit) ? [source.error(['units', 'mask', index], `Unit "${unit}" is also switched on`, 'Choose')] : [],
  );
}

/** What the card runs of an overlay comes with it. */
function checkPrograms({ source, known: { health, backup } }: Entry<Overlay>, tree: readonly TreeEntry[]): Finding[] {
  const named = [
    [['health'], health],
    [['backup', 'before'], backup?.before],
  ] as const;
  return named.flatMap(([at, path]) => {
    if (path === undefined) return [];
    const file = tree.find((entry) => entry.path === path && entry.kind === 'file');
    if (!file) return [source.error(at, `Cannot find the program "files${path}" beside this file`)];
    return file.isProgram ? [] : [source.error(at, `"files${path}" is no program`, `chmod +x files${path}`)];
  });
}

function checkFront({ source, known: { overlay, front } }: Entry<Overlay>, tree: readonly TreeEntry[]): Finding[] {
  const path = `/etc/caddy/semeur.d/${overlay}.caddy`;
  if (front === undefined || overlay === undefined || tree.some((entry) => entry.path === path)) return [];
  return [source.error(['front'], `Cannot find "files${path}" beside this file`, `Write it: it answers for http://HOSTNAME.local/${front}/`)];
}

/** These findings stand at the entry itself, not in overlay.yaml. */
function checkTree({ source }: Entry<Overlay>, tree: readonly TreeEntry[]): Finding[] {
  const root = source.file.replace(/[^/]*$/, 'files');
  return tree.flatMap((entry) => {
    const refusal = refuseTreeEntry(entry);
    return refusal ? [{ file: `${root}${entry.path}`, line: 1, column: 1, level: 'error' as const, ...refusal }] : [];
  });
}
