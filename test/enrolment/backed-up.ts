import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../kit/command.ts';
import type { Heartbeat } from '../../protocol/requests.ts';
import { type SftpServer, startSftpServer, whyNoSftpServer } from '../overlays/sftp-server.ts';
import { until } from '../until.ts';
import { FRONT, LIST_EVENTS, WRITE_EVENT } from './calendar-client.ts';
import type { FirstBoot } from './first-boot.ts';
import { CLIENT, HOME_ADDRESS } from './images.ts';
import { BEAT } from './watched.ts';

const reason = await whyNoSftpServer();
const EVENTS = "Agenda ['Cueillette du thym']\n";
const RECIPE = 'mélisse, sucre\n';

/** Runs a unit to its end. Prints nothing if that went well, else the unit's log. */
const finish = (unit: string) => `systemctl start ${unit} || journalctl --no-pager --lines 40 --unit ${unit}`;

/** A server of the operator's beside home, as CLIENT's settings say, and a client who loses all that they had. */
export function describeBackups(boot: () => FirstBoot, leaflet: () => { readonly password: string; readonly backupKey: string }): void {
  describe.skipIf(reason)(`are backed up to a server of the operator's (${reason ?? 'restic, OpenSSH'})`, () => {
    let server: SftpServer;
    const run = (...argv: readonly string[]) => boot().ground.run(...argv);
    const visit = (...command: readonly string[]) => boot().ground.semeur('ssh', '--state', boot().ground.state, CLIENT, ...command);
    const curl = (...words: readonly string[]) => run('curl', '--silent', '--max-time', '30', '--user', `${CLIENT}:${leaflet().password}`, ...words);
    const calendar = (program: string) =>
      run('/usr/bin/python3', '-c', program, `${FRONT}/.well-known/caldav`, CLIENT, leaflet().password).catch(() => 'no answer');
    const backupKnownAtHome = async (what: string, holds: (backup: NonNullable<Heartbeat['backup']>) => boolean) => {
      // Where one is under way already, the next comes within five minutes.
      await visit(BEAT);
      const known = await boot().ground.waitForCard(CLIENT, what, 400, ({ health }) => health?.backup !== undefined && holds(health.backup));
      return known.health?.backup;
    };

    beforeAll(async () => {
      const { ground, card } = boot();
      server = await startSftpServer(ground.enter, join(ground.folder, 'server'), HOME_ADDRESS, card.hostKey ?? '');
      await writeFile(join(ground.folder, 'confiture.txt'), RECIPE);
      await curl('--fail', '--upload-file', join(ground.folder, 'confiture.txt'), `${FRONT}/share/`);
      expect(await calendar(WRITE_EVENT)).toBe(EVENTS);
    });

    afterAll(async () => server?.stop());

    it("are copied there by the card's own key, and home is told when", async () => {
      expect(await visit(finish('semeur-backup'))).toBe('');
      expect(await visit('semeur-restore', '--list')).toMatch(/ semeur\b/);
      const backup = await backupKnownAtHome('backed up', ({ at, failed }) => at !== null && !failed);
      expect(Math.abs((backup?.at ?? 0) - Date.now() / 1000)).toBeLessThan(900);
    });

    it('come back after they were deleted on the card', async () => {
      await visit('rm -rf /var/lib/radicale/collections /var/lib/private/semeur-share/www/share/*');
      expect(await curl('--output', '/dev/null', '--write-out', '%{http_code}', `${FRONT}/share/confiture.txt`)).toBe('404');
      expect(await visit('semeur-restore || :')).toContain('restored latest\n');
      // They start again, each in its own time.
      await until(async () => (await visit('rm -f /run/semeur/ill; sh /usr/lib/semeur/check-services; cat /run/semeur/ill')) === '', 600);
      expect(await curl(`${FRONT}/share/confiture.txt`)).toBe(RECIPE);
      expect(await calendar(LIST_EVENTS)).toBe(EVENTS);
    });

    it('are tried by the card itself, and home is told how that went', async () => {
      expect(await visit(finish('semeur-restore-test'))).toBe('');
      const backup = await backupKnownAtHome('tried', ({ restoreAt }) => restoreAt !== null);
      expect(backup).toMatchObject({ failed: false, restoreFailed: false });
      expect(await visit('ls /var/lib/semeur/restore-trial 2>/dev/null || echo gone')).toBe('gone\n');
    });

    it("open with the leaflet's key, without the card and without us, and with no other", async () => {
      const [copy, target] = [join(boot().ground.folder, 'copy'), join(boot().ground.folder, 'opened')];
      await runCommand(['cp', '-a', join(server.files, 'herbier'), copy]);
      const restic = (key: string, ...argv: readonly string[]) =>
        runCommand(['restic', '--no-cache', '--repo', copy, ...argv], { env: { RESTIC_PASSWORD: key } });
      await expect(restic(leaflet().password, 'snapshots')).rejects.toThrow('wrong password');
      await restic(leaflet().backupKey, 'restore', 'latest', '--target', target);
      expect(await readFile(join(target, 'var/lib/private/semeur-share/www/share/confiture.txt'), 'utf8')).toBe(RECIPE);
    });
  });
}
