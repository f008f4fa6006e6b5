import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { countIds, renderNamespaceHint } from '../../builder/house/machine.ts';
import { findPrograms, JOB_NAMES, parseRow, planInstallation, programsOf } from '../../builder/house/programs.ts';

/** The verb with only these programs in PATH. */
async function doctor(programs: readonly string[], ...args: string[]) {
  const bin = await mkdtemp(join(tmpdir(), 'semeur-doctor-'));
  try {
    for (const name of programs) await symlink(`/usr/bin/${name}`, join(bin, name));
    const command = [join(findCheckout(), 'cli', 'main.ts'), 'doctor', ...args];
    const { exitCode, stdout } = await execa(process.execPath, command, { env: { PATH: bin }, extendEnv: false, reject: false, stdin: 'ignore' });
    return { exitCode, stdout };
  } finally {
    await rm(bin, { recursive: true, force: true });
  }
}

const TABLE = ['sh', 'cat', 'grep', 'uname', 'sed'];

describe('semeur doctor', () => {
  it('names what is missing, what for, and closes with the one line that installs it; ends with 3', async () => {
    const { exitCode, stdout } = await doctor(TABLE);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/MISSING {2}qemu-img +keeps the image untouched while it boots \(Debian package qemu-utils\)/);
    expect(stdout.split('\n').at(-1)).toMatch(/^Install what is missing, as root: apt-get update && apt-get install .* qemu-utils/);
  });

  it("asks of a builder nothing that is the tests' or the server's, and says how to ask for these", async () => {
    const { stdout } = await doctor(TABLE);
    expect(stdout).not.toMatch(/prosody|docker-registry|sqlite3/);
    expect(stdout).toMatch(/^To be the server .*; see: semeur doctor server$/m);
    expect(stdout).toMatch(/^To run the tests .*; see: semeur doctor tests$/m);
  });

  it("knows a server's job, and a test machine's, and says what the line switches off again", async () => {
    const server = await doctor(TABLE, 'server');
    expect(server.stdout).toMatch(/MISSING {2}sqlite3/);
    expect(server.stdout).not.toMatch(/qemu|mmdebstrap|switches off/);
    const tests = await doctor(TABLE, 'tests');
    expect(tests.stdout).toMatch(/^It switches off again .*prosody\.service/m);
    expect(tests.stdout.split('\n').at(-1)).toMatch(
      / && \{ systemctl disable .*prosody\.service.*; systemctl stop .*prosody\.service.*; \} \|\| true$/,
    );
  });

  it('says the same in JSON', async () => {
    const { programs, install, ok, jobs } = JSON.parse((await doctor(TABLE, '--json')).stdout);
    expect(Object.keys(jobs)).toEqual(['builder', 'server', 'tests']);
    expect(jobs.tests).toMatchObject({ ok: false, install: expect.stringContaining('prosody') });
    expect(programs).toContainEqual(expect.objectContaining({ program: 'qemu-img', package: 'qemu-utils', here: false }));
    expect({ ok, install }).toEqual({ ok: false, install: expect.stringContaining('qemu-utils') });
  });
});

describe('findPrograms()', () => {
  it('reads a table of full rows, each package with a purpose and a verb', async () => {
    const programs = await findPrograms();
    expect(programs.length).toBeGreaterThan(10);
    for (const { program, package: name, verbs, purpose } of programs) {
      expect(
        [program, name, purpose].every((text) => /^\S/.test(text)),
        program,
      ).toBe(true);
      expect(
        verbs.every((verb) => ['demo', 'test', 'fast', 'bench', 'build', 'try', 'home', 'send'].includes(verb)),
        program,
      ).toBe(true);
      expect(JOB_NAMES.some((job) => programsOf(programs, [job]).length > 0)).toBe(true);
      // What the fast tests need, all tests need.
      if (verbs.includes('fast')) expect(verbs, program).toContain('test');
    }
  });
});

describe('planInstallation()', () => {
  const here = parseRow('here|xz|xz-utils|demo test|unpacks');
  const missing = parseRow('missing|mcopy|mtools|demo|reads');
  const server = parseRow("missing|prosody|prosody|test|is a card's chat server");

  it('names each missing package once', async () => {
    const line = 'apt-get update && apt-get install --yes --no-install-recommends mtools';
    expect(await planInstallation([here, missing, missing])).toEqual({ line, servers: [] });
  });

  it('switches off again what a package starts by itself, also where there is no systemd', async () => {
    const { line, servers } = (await planInstallation([missing, server])) ?? { line: '', servers: [] };
    expect(servers).toEqual(['prosody.service']);
    expect(line).toMatch(/ mtools prosody && \{ systemctl disable prosody\.service; systemctl stop prosody\.service; \} \|\| true$/);
  });

  it('says nothing when all is there', async () => {
    expect(await planInstallation([here])).toBeUndefined();
  });
});

describe('countIds()', () => {
  it('adds up the ranges of a user, by name or number', () => {
    expect(countIds('ana:100000:65536\n1000:300000:10\nbob:1:1\n', ['ana', '1000'])).toBe(65_546);
    expect(countIds('', ['ana'])).toBe(0);
  });
});

describe('renderNamespaceHint()', () => {
  const free = { apparmor: '', clone: '', most: '' };

  it.each([
    ["Ubuntu's AppArmor switch", { ...free, apparmor: '1' }, 'apparmor_restrict_unprivileged_userns=0'],
    ["Debian's old switch", { ...free, clone: '0' }, 'unprivileged_userns_clone=1'],
    ['a limit of none', { ...free, most: '0' }, 'max_user_namespaces='],
    ['none of them', free, 'container'],
  ])('tells what to do about %s', (_, switches, words) => {
    expect(renderNamespaceHint(false, switches)).toContain(words);
  });

  it('tells root in a container what it lacks', () => {
    expect(renderNamespaceHint(true, free)).toContain('CAP_SYS_ADMIN');
  });
});
