import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import { FIRSTBOOT } from '../seed/seed-key.ts';
import { makeServiceCard, type ServiceCard, whyNoService } from './service-card.ts';

const reason = await whyNoService('apt-get');
// Not among the programs that Semeur asks for: installed, it would update the machine of whoever runs the tests.
const noUpgrade = reason ?? (await whyNoService('unattended-upgrade', 'dpkg-deb'));
const TABLE = [
  'trixie\thttp://debian.example/debian/\tmain\t$(SIGNED_BY)',
  'trixie-security\thttp://debian.example/debian-security/\tmain\t$(SIGNED_BY)',
  'trixie-security\thttp://debian.example/debian-security/\tnon-free-firmware\t/usr/share/keyrings/debian.gpg',
].join('\\n');

let card: ServiceCard;
afterEach(() => card?.close());

async function put(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(card.path(path)), { recursive: true });
  await writeFile(card.path(path), text);
  await chmod(card.path(path), mode);
}

const stand = (name: string, text: string) => put(`fake-bin/${name}`, `#!/bin/sh\necho "${name} $*" >>"$ROOT/calls"\n${text}\n`, 0o755);
const update = () => card.run('sh', card.path('usr/lib/semeur/updates/update'));
const state = () => readFile(card.path('var/lib/semeur/updates-state'), 'utf8');
const calls = async () => (await readFile(card.path('calls'), 'utf8')).trim().split('\n');
const sources = () => readFile(card.path('run/semeur-updates/sources.list'), 'utf8');

/** A card whose one service, "notes", is well unless $ROOT/broken is there. */
async function cardWithNotes(settings = {}): Promise<void> {
  card = await makeServiceCard('updates', settings);
  await cp(FIRSTBOOT, card.path('usr/lib/semeur'), { recursive: true });
  await put('usr/lib/semeur/profile/health.list', 'notes\t/usr/lib/semeur/health.d/notes\tBloc-notes\tNotes\n');
  await put('usr/lib/semeur/health.d/notes', '#!/bin/sh\n[ ! -e "$ROOT/broken" ] || { echo "broken"; exit 1; }\n', 0o755);
  await put('etc/os-release', 'ID=debian\nVERSION_CODENAME=trixie\n');
  await put('run/semeur/state', 'done\n');
  await mkdir(card.path('proc'));
  await stand('apt-get', `case $1 in indextargets) printf '${TABLE}\\n' ;; esac`);
  for (const name of ['mount', 'systemctl', 'unattended-upgrade', 'sleep']) await stand(name, ':');
}

describe.skipIf(reason)(`security updates (${reason ?? 'with stand-ins'})`, () => {
  it("come from the security archives of the card's own sources, or the one that the client's settings name", async () => {
    await cardWithNotes();
    expect(await update()).toEqual({ exitCode: 0, output: '' });
    expect(await sources()).toBe(
      'deb [signed-by=/usr/share/keyrings/debian.gpg] http://debian.example/debian-security/ trixie-security non-free-firmware\n' +
        'deb http://debian.example/debian-security/ trixie-security main\n',
    );
    expect(await state()).toMatch(/^at \d+\nfailed no\nreboot no\n$/);
    await card.close();
    await cardWithNotes({ archive: 'http://near.example/debian-security' });
    await update();
    expect(await sources()).toBe('deb http://near.example/debian-security trixie-security main non-free-firmware\n');
  });

  it('make the boot partition writable for so long, and leave it as it was, whatever happens', async () => {
    await cardWithNotes();
    await update();
    const partition = card.path('boot/firmware');
    const mounts = [`mount -o remount,rw ${partition}`, `mount -o remount,ro ${partition}`];
    expect((await calls()).filter((call) => call.startsWith('mount '))).toEqual(mounts);
    await stand('unattended-upgrade', 'exit 1');
    await writeFile(card.path('calls'), '');
    expect(await update()).toEqual({ exitCode: 1, output: 'unattended-upgrade ended with 1' });
    expect((await calls()).filter((call) => call.startsWith('mount '))).toEqual(mounts);
  });

  it('that fail are said to have failed, and the date of the last good ones stays', async () => {
    await cardWithNotes();
    await put('var/lib/semeur/updates-state', 'at 1790000000\nfailed no\nreboot no\n');
    await stand('apt-get', '[ "$1" = indextargets ] || exit 100');
    expect(await update()).toMatchObject({ exitCode: 1, output: expect.stringContaining('name no archive of security updates') });
    expect(await state()).toBe('at 1790000000\nfailed yes\nreboot no\n');
    expect(await calls()).not.toContain('unattended-upgrade --verbose');
  });

  it('have failed when a service that was well is ill afterwards, not when it was ill before', async () => {
    await cardWithNotes();
    await stand('unattended-upgrade', ': >"$ROOT/broken"');
    expect(await update()).toEqual({ exitCode: 1, output: "since the updates these don't do their job: notes" });
    expect(await state()).toMatch(/^failed yes\n/);
    expect((await update()).exitCode).toBe(0);
    expect(await state()).toMatch(/^at \d+\nfailed no\n/);
  });

  it('start again what runs replaced files, and leave the rest to a start of the card', async () => {
    await cardWithNotes();
    const run = (pid: number, unit: string, file: string) =>
      Promise.all([put(`proc/${pid}/maps`, `7f00-7f01 r-xp 0 b3:02 1 ${file}\n`), put(`proc/${pid}/cgroup`, `0::/system.slice/${unit}\n`)]);
    await run(7, 'caddy.service', '/usr/bin/caddy (deleted)');
    await run(8, 'ssh.service', '/usr/sbin/sshd');
    await run(9, 'system-getty.slice/getty@tty1.service', '/usr/lib/aarch64-linux-gnu/libc.so.6 (deleted)');
    await run(10, 'notes.service', '/memfd:notes (deleted)');
    await update();
    expect((await calls()).filter((call) => call.startsWith('systemctl '))).toEqual([
      'systemctl try-restart caddy.service',
      'systemctl try-restart getty@tty1.service',
    ]);
    await run(11, 'dbus.service', '/usr/lib/aarch64-linux-gnu/libc.so.6 (deleted)');
    await update();
    expect(await state()).toMatch(/reboot yes\n$/);
  });

  it.each([
    ['off', 'done', false],
    ['on', 'done', true],
    ['on', 'working', false],
  ])('restart the card only where the client wants it and its first day is over: %s, %s', async (reboot, day, restarts) => {
    await cardWithNotes({ reboot });
    await put('run/semeur/state', `${day}\n`);
    await put('run/reboot-required', '');
    expect((await update()).exitCode).toBe(0);
    expect((await calls()).includes('systemctl --no-block reboot')).toBe(restarts);
    expect(await state()).toMatch(/reboot yes\n$/);
  });

  it('that a shutdown interrupts end after the package that they are at', async () => {
    await cardWithNotes();
    await stand('unattended-upgrade', `trap 'echo told >>"$ROOT/calls"; exit 0' TERM\n: >"$ROOT/begun"\nwhile :; do /bin/sleep 0.1; done`);
    const script = '"$0" "$1" & child=$!; while [ ! -e "$ROOT/begun" ]; do /bin/sleep 0.1; done; kill -TERM $child; wait $child';
    expect((await card.run('sh', '-c', script, 'sh', card.path('usr/lib/semeur/updates/update'))).exitCode).toBe(0);
    expect(await calls()).toContain('told');
  });
});

describe.skipIf(noUpgrade)(`security updates (${noUpgrade ?? 'by the real apt and unattended-upgrade, without installing'})`, () => {
  it('take their configuration, and see the security archive alone, in memory', async () => {
    await cardWithNotes();
    const archive = card.path('archive');
    await makeArchive(archive);
    await mkdir(card.path('dpkg/updates'), { recursive: true });
    await put('dpkg/status', ['semeur-try', 'semeur-other'].map((name) => describePackage(name, '1.0', 'Status: install ok installed\n')).join('\n'));
    await put('etc/apt/sources.list', `deb [trusted=yes] file:${archive} trixie-security main\n`);
    const conf = card.path('usr/lib/semeur/updates/apt.conf');
    const own = (await readFile(conf, 'utf8')).replaceAll('/run/semeur-updates', card.path('run/semeur-updates'));
    await mkdir(card.path('var/log'), { recursive: true });
    const here = `APT::Sandbox::User "root";\nDir::State::Status "${card.path('dpkg/status')}";\nDir::Cache "${card.path('cache')}";
Dir::Log "${card.path('var/log')}";\nUnattended-Upgrade::LogDir "${card.path('var/log')}";\n`;
    await writeFile(conf, own + here);
    await put('calls', '');
    await stand(
      'apt-get',
      `case $1 in indextargets) printf 'trixie-security\\tfile:${archive}\\tmain\\t-\\n' ;; *) sed -i 's/^deb /deb [trusted=yes] /' "$ROOT/run/semeur-updates/sources.list"; exec /usr/bin/apt-get "$@" ;; esac`,
    );
    await stand('unattended-upgrade', 'exec /usr/bin/unattended-upgrade --dry-run "$@"');
    const { output, exitCode } = await update();
    // Settings as the card has them: no list of Debian itself, no cache.
    expect((await readdir(card.path('run/semeur-updates/lists'))).filter((name) => name.includes('_Packages'))).toHaveLength(1);
    const { output: known } = await card.run('env', `APT_CONFIG=${conf}`, 'apt-cache', 'pkgnames');
    expect(known.split('\n').sort()).toEqual(['semeur-other', 'semeur-try']);
    expect(output).toMatch(/Allowed origins are: label=Debian-Security/);
    expect(exitCode, output).toBe(0);
    expect(await state()).toMatch(/^at \d+\nfailed no\n/);
  });
});

function describePackage(name: string, version: string, more = ''): string {
  return `Package: ${name}\n${more}Version: ${version}\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: for a test\n`;
}

async function makeArchive(folder: string): Promise<void> {
  await mkdir(`${folder}/made/DEBIAN`, { recursive: true });
  await writeFile(`${folder}/made/DEBIAN/control`, describePackage('semeur-try', '1.1'));
  await execa('dpkg-deb', ['--root-owner-group', '--build', `${folder}/made`, `${folder}/semeur-try_1.1_all.deb`]);
  const deb = await readFile(`${folder}/semeur-try_1.1_all.deb`);
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
  const packages = describePackage('semeur-try', '1.1', `Filename: semeur-try_1.1_all.deb\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`);
  const { stdout: architecture } = await execa('dpkg', ['--print-architecture']);
  const suite = `${folder}/dists/trixie-security`;
  await mkdir(`${suite}/main/binary-${architecture}`, { recursive: true });
  await writeFile(`${suite}/main/binary-${architecture}/Packages`, packages);
  const fields = {
    Origin: 'Debian',
    Label: 'Debian-Security',
    Suite: 'stable-security',
    Codename: 'trixie-security',
    Architectures: architecture,
    Components: 'main',
  };
  const lines = Object.entries({ ...fields, Date: new Date().toUTCString() }).map(([name, value]) => `${name}: ${value}`);
  await writeFile(`${suite}/Release`, `${lines.join('\n')}\nSHA256:\n ${sha256(packages)} ${packages.length} main/binary-${architecture}/Packages\n`);
}
