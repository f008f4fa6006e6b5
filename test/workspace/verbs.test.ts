import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { findIn } from './sample-workspace.ts';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');
const EXAMPLES = join(import.meta.dirname, '../../examples');

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-verbs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function semeur(args: readonly string[], cwd = folder): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, LC_ALL: 'C' };
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], { cwd, env }, (error, stdout, stderr) => done({ code: Number(error?.code ?? 0), stdout, stderr }));
  });
}

describe('semeur init', () => {
  it.each([
    ['fr', 'exemple', '# Où les clients écrivent'],
    ['en', 'example', '# Where clients write'],
  ])('makes a workspace in which check finds nothing: %s', async (language, client, comment) => {
    const operator = 'L\'Été: "nous" & #1';
    const made = await semeur(['init', 'deep/down', '--language', language, '--operator', operator]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const workspace = await loadWorkspace(join(folder, 'deep/down'));
    expect(await findIn(workspace.folder)).toEqual([]);
    expect(workspace.operator).toMatchObject({ operator, language, vpn: { prefix: expect.stringMatching(/^fd[0-9a-f:]+::\/48$/) } });
    expect([...workspace.clients.keys()]).toEqual([client]);
    const text = await readFile(join(workspace.folder, 'semeur.yaml'), 'utf8');
    expect(text).toContain(comment);
    const [, schema = ''] = /^# yaml-language-server: \$schema=(.*)$/m.exec(text) ?? [];
    expect(JSON.parse(await readFile(join(workspace.folder, schema), 'utf8'))).toMatchObject({
      required: expect.arrayContaining(['operator', 'vpn']),
    });
  });

  it('draws another network each time', async () => {
    await semeur(['init', 'a']);
    await semeur(['init', 'b']);
    const [a, b] = await Promise.all([loadWorkspace(join(folder, 'a')), loadWorkspace(join(folder, 'b'))]);
    expect(a.operator.vpn.prefix).not.toBe(b.operator.vpn.prefix);
  });

  it('overwrites nothing, and adds to a .gitignore', async () => {
    await mkdir(join(folder, 'clients'));
    await writeFile(join(folder, 'clients/example.yaml'), 'mine');
    const taken = await semeur(['init', '.', '--language', 'en']);
    expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining('it has a file "clients/example.yaml" already') });
    await rm(join(folder, 'clients'), { recursive: true });
    await writeFile(join(folder, '.gitignore'), '*.swp\n/out/');
    expect(await semeur(['init', '.'])).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, '.gitignore'), 'utf8')).toBe('*.swp\n/out/\n/secrets/\n/home/\n');
    expect(await semeur(['init', '.'])).toMatchObject({ code: 2, stderr: expect.stringContaining('there is one already') });
  });

  it('refuses a name of two lines', async () => {
    expect(await semeur(['init', '.', '--operator', 'a\nb'])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('semeur check', () => {
  it('finds no error in the example, but that its names are nobody’s, and says how much is well', async () => {
    const { code, stdout } = await semeur(['check', '--workspace', EXAMPLES]);
    const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('  → '));
    expect(lines).toEqual([
      ...['4:8', '11:15', '11:44', '13:8'].map((place) => expect.stringMatching(new RegExp(`^semeur.yaml:${place}: warning: .* for examples`))),
      expect.stringMatching(/^All is well but for 4 warnings: 1 profile, 3 clients, [1-9]\d* overlays$/),
    ]);
    expect(code).toBe(0);
  });

  it('names file, line and column, from any folder below', async () => {
    await cp(EXAMPLES, folder, { recursive: true });
    await writeFile(join(folder, 'clients/durand.yaml'), 'client: durand\nname: D\nprofile: masion\n');
    const text = await semeur(['check'], join(folder, 'clients'));
    const line = 'clients/durand.yaml:3:10: error: Unknown profile "masion"';
    expect(text).toMatchObject({ code: 2, stdout: `${line}\n  → Did you mean "maison"?\n1 error to put right\n` });
    const json = await semeur(['check', '--json'], join(folder, 'clients'));
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toEqual({
      findings: [
        { file: 'clients/durand.yaml', line: 3, column: 10, level: 'error', message: 'Unknown profile "masion"', hint: 'Did you mean "maison"?' },
      ],
    });
  });

  it('says how to start where there is no workspace', async () => {
    expect(await semeur(['check'])).toMatchObject({ code: 2, stderr: expect.stringContaining('semeur init DIR') });
    expect(await semeur(['check', '--workspace', 'nowhere'])).toMatchObject({ code: 2, stderr: expect.stringContaining('semeur init nowhere') });
  });
});

describe('semeur client new', () => {
  beforeEach(() => cp(EXAMPLES, folder, { recursive: true }));

  it('writes a client that check takes, with the settings to fill in', async () => {
    const made = await semeur(['client', 'new', 'zoe', '--name', "L'atelier: Zoé", '--language', 'en', '--hostname', 'atelier', '--json']);
    expect(made.code).toBe(0);
    expect(JSON.parse(made.stdout)).toEqual({ client: 'zoe', file: join(folder, 'clients/zoe.yaml') });
    const { clients } = await loadWorkspace(folder);
    expect(clients.get('zoe')).toMatchObject({
      name: "L'atelier: Zoé",
      language: 'en',
      hostname: 'atelier',
      settings: { website: { title: '', text: '' } },
    });
  });

  it.each([
    [['durand'], 'there is one of this name already'],
    [['zoe', '--hostname', 'herbier'], 'the host name "herbier" is taken by "lherbier"'],
    [['herbier'], 'the host name "herbier" is taken by "lherbier"'],
    [['../zoe'], 'expected a name of at most 32 small letters'],
    [['zoe', '--profile', 'masion'], 'Did you mean "maison"?'],
    [['zoe', '--hostname', 'a_b'], 'expected a host name'],
    [['zoe', '--language', 'de'], 'Allowed choices are fr, en'],
  ])('refuses %j', async (args, reason) => {
    expect(await semeur(['client', 'new', ...args])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(reason) });
    expect((await loadWorkspace(folder)).clients.size).toBe(3);
  });
});

describe('semeur client set, and profile add', () => {
  beforeEach(() => cp(EXAMPLES, folder, { recursive: true }));

  it('change what is named and nothing else, twice the same', async () => {
    const file = join(folder, 'clients/lherbier.yaml');
    const before = await readFile(file, 'utf8');
    const set = ['client', 'set', 'lherbier', '--name', 'Herbier', '--hostname', '', '--set', 'website.title=Tisanes'];
    expect(await semeur(set)).toMatchObject({ code: 0, stderr: '' });
    const changed = before
      .replace(/^name: .*$/m, 'name: Herbier')
      .replace('hostname: herbier\n', '')
      .replace(/title: .*$/m, 'title: Tisanes');
    expect(await readFile(file, 'utf8')).toBe(changed);
    expect(await semeur([...set, '--json'])).toMatchObject({ code: 0, stdout: expect.stringContaining('"changed": false') });
    expect(await semeur(['profile', 'add', 'maison', 'backup', 'calendar'])).toMatchObject({ code: 0, stderr: '' });
    expect((await loadWorkspace(folder)).profiles.get('maison')?.services).toEqual(['website', 'backup', 'calendar']);
    // What is there already is no reason to leave the rest out, nor to fail.
    const again = await semeur(['profile', 'add', 'maison', 'calendar', 'share', 'share', '--json']);
    expect(JSON.parse(again.stdout)).toEqual({ profile: 'maison', added: ['share'], there: ['calendar'] });
    expect((await loadWorkspace(folder)).profiles.get('maison')?.services).toEqual(['website', 'backup', 'calendar', 'share']);
    expect(await semeur(['profile', 'add', 'maison', 'website'])).toMatchObject({ code: 0, stdout: '"maison" has this already: website\n' });
  });

  it.each([
    [['client', 'set', 'lherbier', '--hostname', 'durand'], 'Host name "durand" is taken by "clients/durand.yaml"'],
    [['client', 'set', 'lherbier', '--set', 'website.titel=x'], 'Did you mean "title"?'],
    [['client', 'set', 'lherbier', '--set', 'website'], 'SERVICE.KEY=TEXT'],
    [['client', 'set', 'lherbier', '--wifi-ssid', 'Box'], '--wifi-password-stdin'],
    [['profile', 'add', 'maison', 'calender'], 'Did you mean "calendar"?'],
    [['client', 'new', 'zoe', '--set', 'backup.to=usb'], 'the profile "maison" has no service "backup"'],
    [['init', 'new', '--endpoint', 'vpn.example'], 'semeur.yaml:12:15: error: Expected "host:port"'],
    [['init', 'new', '--base', 'debian-arm64', '--board', 'pi5'], 'Cannot run "debian-arm64" on "pi5"'],
  ])('write nothing that check would find wrong: %j', async (args, reason) => {
    expect(await semeur(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(reason) });
    expect((await loadWorkspace(folder)).clients.size).toBe(3);
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });
});
