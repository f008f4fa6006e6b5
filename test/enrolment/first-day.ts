import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportDisk, planCardSize } from '../../builder/try/disk.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { findInFile } from './find-in-file.ts';
import { type EnrolledCard, readCardKey, readOrder } from './first-boot.ts';
import { LAN, SERIAL } from './ground.ts';
import { type CardImage, CLIENT } from './images.ts';
import { MAKE_BOX } from './wifi-box.ts';

/** What the packet filter refuses gets no answer at all. */
const FROM_LAN = ['curl', '--silent', '--show-error', '--max-time', '8'];

export function describeFirstBoot(image: () => CardImage, enrolled: () => EnrolledCard): void {
  describe('a card that is switched on for the first time', () => {
    it('is well at home, with its inventory, a valid host certificate, and grown', async () => {
      const { card, machine, ground } = await enrolled().running();
      expect(card).toMatchObject({ state: 'well', hostname: 'herbier', generation: 1, diagnosis: null, alarms: 0 });
      expect(card.inventory).toMatchObject({ serial: SERIAL, profile: 'maison', build: card.health?.build, bootId: card.health?.bootId });
      expect(card.health).toMatchObject({ report: 'done', failedUnits: [], remoteAccess: 'on' });
      expect(Math.abs((card.health?.clock ?? 0) - Date.now() / 1000)).toBeLessThan(300);
      expect(card.health?.rootSize).toBeGreaterThan(planCardSize(image().manifest.extracted.bytes) * 0.8);
      expect(machine.milestones().card).toMatchObject({ region: 'wiped' });
      const file = join(ground.folder, 'host-cert.pub');
      await writeFile(
        file,
        withFleet(ground.state, (database) => String(database.sql('SELECT certificate FROM claims WHERE client = ?').get(CLIENT)?.['certificate'])),
      );
      const certificate = await ground.run('ssh-keygen', '-L', '-f', file);
      expect(certificate).toContain('host certificate');
      expect(certificate).toMatch(/Principals:\s+herbier\n/);
      expect(certificate).toContain(machine.milestones().card?.hostKey);
      expect(Date.parse(card.certificateExpires ?? '')).toBeGreaterThan(Date.now() + 80 * 86_400_000);
    });

    it('has a key of its own at the hub, and the one from its image is gone', async () => {
      const { ground } = await enrolled().running();
      const peers = await ground.peers();
      expect(peers.has((await readOrder(ground)).publicKey)).toBe(false);
      expect(peers.get(readCardKey(ground.state))).toBeGreaterThan(Date.now() / 1000 - 600);
    });

    it('lets an operator in with a certificate for minutes, and hands back exit codes', async () => {
      const { ground } = await enrolled().running();
      const visit = (...command: readonly string[]) => ground.semeur('ssh', '--state', ground.state, CLIENT, ...command);
      expect(await visit('hostname')).toContain('herbier\n');
      await expect(visit('false')).rejects.toMatchObject({ cause: { exitCode: 1 } });
      expect(await visit('findmnt', '-no', 'OPTIONS', '/boot/firmware')).toMatch(/^ro,/);
    });

    it('says on a screen too that it is ready', async () => {
      const { ground } = await enrolled().running();
      // What stands on the first screen, as bytes of its own character set.
      expect(await ground.semeur('ssh', '--state', ground.state, CLIENT, 'cat', '/dev/vcs1')).toMatch(/semeur: La carte herbier est pr.te\./);
    });

    it('asks nobody for a password, not even in the tunnel', async () => {
      const { ground, card } = await enrolled().running();
      const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'ConnectTimeout=20', 'IdentityAgent=none'];
      const visit = ['ssh', '-F', 'none', ...options.flatMap((option) => ['-o', option])];
      await expect(ground.run(...visit, `root@${card.address?.replace('/128', '')}`, 'true')).rejects.toThrow('Permission denied (publickey)');
      await expect(ground.run(...visit, '-p', String(LAN.ssh), 'root@127.0.0.1', 'true')).rejects.toThrow(/timed out|reset|closed|does not answer/i);
    });

    it('shows its metrics to home, and not to its LAN', async () => {
      const { ground, card } = await enrolled().running();
      const url = `http://[${card.address?.replace('/128', '')}]:9100/metrics`;
      expect(await ground.run('curl', '--silent', '--max-time', '30', '--globoff', url)).toContain('node_filesystem_avail_bytes');
      expect(await ground.exitCode(...FROM_LAN, `http://127.0.0.1:${LAN.metrics}/metrics`)).toBe(28);
    });

    it('shows its LAN how it is, in its language, and its website', async () => {
      const { ground } = await enrolled().running();
      const page = await ground.run(...FROM_LAN, '--fail', `http://127.0.0.1:${LAN.status}/`);
      expect(page).toContain('lang="fr"');
      expect(page).toContain('tout va bien');
      expect(page).toContain('<a href="//127.0.0.1/site/">Site web</a></li>');
      const front = `http://127.0.0.1:${LAN.web}`;
      expect(await ground.run(...FROM_LAN, '--fail', `${front}/`)).toContain('tout va bien');
      expect(await ground.run(...FROM_LAN, '--fail', `${front}/site/`)).toContain('reine-des-prés');
      expect(await ground.run(...FROM_LAN, '--fail', `${front}/site/style.css`)).toContain('font');
    });

    it("joins the client's Wi-Fi network (two radios of mac80211_hwsim: one is the card's, the other the box's)", async () => {
      const { ground } = await enrolled().running();
      const visit = (script: string) => ground.semeur('ssh', '--state', ground.state, CLIENT, script);
      expect(await visit('systemctl is-active semeur-wifi@wlan0 semeur-wifi@wlan1')).toBe('active\nactive\n');
      await visit(MAKE_BOX);
      const address = await visit(
        'for i in $(seq 60); do ip -4 -o address show dev wlan0 | grep -o "10.77.0.[0-9]*/24" && exit; sleep 1; done; exit 1',
      );
      expect(address).toMatch(/^10\.77\.0\.\d+\/24\n$/);
      // Nobody reads the key but root.
      expect(await visit('stat -c %a:%U /var/lib/semeur/seed /var/lib/semeur/seed/wifi.conf')).toBe('700:root\n600:root\n');
      // The adapter goes, and its unit with it.
      const unplug =
        'modprobe -r mac80211_hwsim; for i in $(seq 30); do systemctl is-active semeur-wifi@wlan0 | grep -x inactive && exit; sleep 1; done';
      expect(await visit(`systemctl --failed --no-legend; ${unplug}`)).toBe('inactive\n');
    });

    it('keeps nothing of its seed', async () => {
      const { disk } = await enrolled().afterwards('read');
      const raw = enrolled().file('read.img');
      await exportDisk(createQuietSession(), disk, raw);
      const keys = JSON.parse(await readFile(join(image().workspace, 'secrets', 'clients', `${CLIENT}.json`), 'utf8'));
      const secrets: string[] = [keys.vpn.privateKey, keys.presharedKey, keys.token];
      const needles = [...secrets.map((secret) => Buffer.from(secret)), ...secrets.slice(0, 2).map((secret) => Buffer.from(secret, 'base64'))];
      // The search does find what is there.
      expect(await findInFile(image().raw, needles.slice(0, 3))).toHaveLength(3);
      expect(await findInFile(raw, needles)).toEqual([]);
      expect(await findInFile(raw, [Buffer.from('herbier')])).not.toEqual([]);
      expect(String(await runCommand(['mdir', '-b', '-i', `${raw}@@8M`, '::'], { env: { MTOOLS_SKIP_CHECK: '1' } }))).not.toMatch(/\.seed/i);
      await rm(raw);
    });
  });
}
