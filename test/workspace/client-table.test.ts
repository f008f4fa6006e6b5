import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readClientTable } from '../../builder/workspace/client-table.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { semeur } from '../terminal/open-terminal.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

const read = (text: string | Uint8Array) => {
  const { entries, findings } = readClientTable('t.csv', typeof text === 'string' ? Buffer.from(text) : text, { profile: 'maison' });
  return {
    values: entries.map(({ value }) => value),
    found: [...findings, ...entries.flatMap((entry) => entry.findings)].map(({ line, column }) => `${line}:${column}`),
  };
};

describe('readClientTable()', () => {
  it.each([
    ['commas', 'client,name,settings.website.title\nzoe,"Zoé, sœur",T\n'],
    ['semicolons, a byte order mark and Windows line ends', '\ufeffclient;name;settings.website.title\r\nzoe;Zoé, sœur;T\r\n'],
    ['tabs, spaces around and an empty line', 'client\tname\tsettings.website.title\n\n zoe\tZoé, sœur \tT'],
  ])('reads a table with %s', (_, text) => {
    const zoe = { client: 'zoe', name: 'Zoé, sœur', profile: 'maison', settings: { website: { title: 'T' } } };
    expect(read(text)).toEqual({ values: [zoe], found: [] });
  });

  it('tells the line on which a row begins, and the number of its column', () => {
    expect(read('client,name,wifi.ssid\nzoe,"a\nb",\nluc,Luc,Box\nmax,Max,,,\n').found).toEqual(['2:2', '4:3', '4:3', '5:4']);
  });

  it('gives findings for whatever bytes, and never throws', () => {
    const header = fc.constantFrom('', 'client,name\n', 'client;settings.__proto__.x;wifi.ssid\n', '"');
    fc.assert(fc.property(header, fc.uint8Array(), (start, bytes) => void read(Buffer.concat([Buffer.from(start), bytes]))));
  });
});

describe('semeur client import', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'semeur-import-'));
    await cp(EXAMPLES, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function importTable(text: string, ...flags: readonly string[]): Promise<{ code: number; stdout: string }> {
    await writeFile(join(folder, 'new.csv'), text);
    const [node = '', ...args] = semeur('client', 'import', 'new.csv', ...flags);
    return new Promise((done) => {
      execFile(node, args, { cwd: folder }, (error, stdout, stderr) => done({ code: Number(error?.code ?? 0), stdout: stdout + stderr }));
    });
  }

  it('writes every client, or says what it would', async () => {
    const table = 'client,name,language,settings.website.text\nzoe,Zoé,en,"a\nb"\nluc,Luc,,\n';
    expect(await importTable(table, '--dry-run')).toMatchObject({ code: 0, stdout: expect.stringContaining('Would write 2 clients') });
    expect(await readdir(join(folder, 'clients'))).toHaveLength(3);
    expect(await importTable(table)).toMatchObject({ code: 0, stdout: expect.stringContaining('Wrote 2 clients') });
    const { clients } = await loadWorkspace(folder);
    expect(clients.get('zoe')).toMatchObject({ name: 'Zoé', language: 'en', settings: { website: { text: 'a\nb' } } });
    expect(clients.get('luc')).toMatchObject({ profile: 'maison', language: 'fr', hostname: 'luc' });
  });

  it('tells all that is wrong, by row and column, and writes nothing', async () => {
    const { code, stdout } = await importTable('client,name,langage,hostname\nada,Ada,,herbier\ndurand,Durand,,\nluc,,,\nada,Ada,,ada2\n');
    expect(code).toBe(2);
    expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('  → '))).toEqual([
      'new.csv:1:3: error: Unknown column "langage"',
      'new.csv:2:4: error: hostname: Host name "herbier" is taken by "clients/lherbier.yaml"',
      'new.csv:3:1: error: client: There is a client "durand" already',
      'new.csv:4:1: error: Missing key "name"',
      'new.csv:5:1: error: client: Client "ada" is taken by "new.csv:2"',
      '5 errors to put right; nothing was written',
    ]);
    expect(await readdir(join(folder, 'clients'))).toHaveLength(3);
  });

  it('brings the rows that are new of a table whose others are in, as often as one likes', async () => {
    const rows = "name;language;wifi.ssid;wifi.password;wifi.country\nL'Atelier de Zoé;en;;;\n;;;;\nLuc;;Box;password1;fr\n";
    expect(await importTable(rows)).toMatchObject({ code: 0, stdout: expect.stringContaining('Wrote 2 clients\n') });
    expect((await loadWorkspace(folder)).clients.get('luc')).toMatchObject({ wifi: { country: 'FR' } });
    // What is said beside the table is the file's own.
    const file = join(folder, 'clients/l-atelier-de-zoe.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}timezone: Europe/London\n`);
    const again = await importTable(`${rows}Max;;;;\n`);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Wrote 1 client; 2 of the table are there already, as it says') });
    expect(again.stdout.startsWith('clients/max.yaml\n')).toBe(true);
    const json = JSON.parse((await importTable(rows, '--json')).stdout);
    expect(json).toEqual({ findings: [], files: [], written: true, skipped: 2 });
    expect(await readFile(file, 'utf8')).toContain('Europe/London');
  });

  it('writes over nobody of whom the table says something else, and says what', async () => {
    const { code, stdout } = await importTable('client,name,settings.website.title\ndurand,Famille Durand,Chez nous\nluc,Luc,\n');
    expect(code).toBe(2);
    expect(stdout).toContain(
      'new.csv:2:1: error: client: There is a client "durand" already\n  → The table says otherwise in: settings.website.title.',
    );
    expect(await readdir(join(folder, 'clients'))).toHaveLength(3);
  });
});
