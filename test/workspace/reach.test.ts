import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readWorkspace } from '../../builder/workspace/load.ts';
import { describeReserved } from '../../builder/workspace/rules/reserved.ts';
import { exampleClient, planStarter, STARTER_NAMES } from '../../builder/workspace/starter.ts';
import { VALID, withWorkspace } from './sample-workspace.ts';

/** Names that a registry could give, and never will: this is no place for somebody's own. */
const OWN = (VALID['semeur.yaml'] ?? '').replaceAll('racines.example', 'racines.zz').replace('192.0.2.10:443', '9.9.9.9:443');
const HOME = 'https://home.racines.zz';

async function doubtsIn(files: Readonly<Record<string, string>>): Promise<string[]> {
  return withWorkspace(files, async (folder) => {
    const { doubts, findings, workspace } = await readWorkspace(folder);
    expect(findings).toEqual([]);
    expect(workspace?.doubts).toBe(doubts);
    return doubts.map(({ file, line, column, level, message }) => `${file}:${line}:${column}: ${level}: ${message}`);
  });
}

describe('what is well written and can not work out there', () => {
  it('is nothing where names, an address in numbers and ports are', async () => {
    expect(await doubtsIn({ 'semeur.yaml': OWN.replace(HOME, `${HOME}:8443`) })).toEqual([]);
    expect(await doubtsIn({ 'semeur.yaml': OWN.replace(HOME, `${HOME}\n  listen: "0.0.0.0:443"`) })).toEqual([]);
    expect(await doubtsIn({ 'semeur.yaml': OWN.replace(HOME, `${HOME}\n  forwarded: true`) })).toEqual([]);
    expect(await doubtsIn({ 'semeur.yaml': OWN.replace('9.9.9.9:443', '[2620:fe::fe]:443').replace(HOME, `${HOME}:8443`) })).toEqual([]);
  });

  it.each([
    [OWN, ['9:8: warning: Cards call port 443, and home listens on port 8443']],
    [OWN.replace(HOME, `${HOME}:8443\n  listen: "[::]:443"`), ['9:8: warning: Cards call port 8443, and home listens on port 443']],
    [
      OWN.replace(', "9.9.9.9:443"', '').replace(HOME, `${HOME}:8443`),
      [
        '7:14: warning: Found no address in numbers among the endpoints: cards need one where a resolver lies, and "semeur boot --until claimed" always',
      ],
    ],
    [
      OWN.replace('vpn.racines.zz', 'vpn.co-op.test').replace(HOME, 'https://[2001:db8::5]:8443'),
      [
        '7:15: warning: "vpn.co-op.test" is a name for examples or for one network alone: nobody can have it on the internet',
        '9:8: warning: "2001:db8::5" is an address for examples, which is nobody\'s',
      ],
    ],
  ])('is told, with its place', async (text, found) => {
    expect(await doubtsIn({ 'semeur.yaml': text })).toEqual(found.map((line) => `semeur.yaml:${line}`));
  });

  it('says how to say that something leads the port there', () =>
    withWorkspace({ 'semeur.yaml': OWN }, async (folder) => {
      const [doubt] = (await readWorkspace(folder)).doubts;
      expect(doubt?.hint).toBe(
        'Write "https://home.racines.zz:8443"; or, where something leads port 443 to port 8443 without ending TLS, "forwarded: true" below it',
      );
    }));

  it.each(['fr', 'en'] as const)('is what the starter left for somebody to write: %s', async (language) => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-reach-'));
    try {
      await cp(join(import.meta.dirname, '../../examples'), folder, { recursive: true, filter: (path) => !/\/(clients|profiles)$/.test(path) });
      const rest = { email: 'help@racines.zz', phone: undefined, timezone: 'Europe/Paris', prefix: 'fd5e:3e0f:1a2b::/48', services: [] };
      const files = planStarter({
        ...{ ...rest, operator: STARTER_NAMES[language], language, endpoints: ['9.9.9.9:51820'], home: `${HOME}:8443` },
        profile: { profile: 'maison', base: 'debian-arm64', boards: ['pi4'] },
        clients: [exampleClient(language, 'maison')],
      });
      for (const [path, text] of files) {
        await cp(import.meta.filename, join(folder, path), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      const { doubts } = await readWorkspace(folder);
      expect(doubts.map(({ message }) => message)).toEqual([
        expect.stringContaining('is the example that'),
        expect.stringContaining(STARTER_NAMES[language]),
      ]);
      const client = join(folder, doubts[0]?.file ?? '');
      await writeFile(client, (await readFile(client, 'utf8')).replace(/^name: .*$/m, 'name: Famille Durand'));
      expect((await readWorkspace(folder)).doubts).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('describeReserved()', () => {
  it.each([
    'vpn.racines.example',
    'example',
    'EXAMPLE.com',
    'a.b.example.org.',
    'x.test',
    'y.invalid',
    'localhost',
    'pi.local',
    '198.51.100.7',
    '203.0.113.9',
    '3fff::1',
  ])('knows %s', (host) => expect(describeReserved(host)).toMatch(/ for examples/));
  it.each(['racines.zz', 'notexample.zz', 'example.zz', 'contest', '9.9.9.9', '192.168.1.2', '2620:fe::fe', 'fd00::1'])('leaves %s alone', (host) =>
    expect(describeReserved(host)).toBeUndefined(),
  );
});
