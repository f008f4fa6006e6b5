import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../kit/command.ts';
import { CHECKOUT } from '../card/cards.ts';
import { withFolder } from './sample-image.ts';

const SCRIPT = join(CHECKOUT, 'builder/sandbox/take-over.sh');
const SHADOW = 'root:*:20000:0:99999:7:::\npi:$6$salt$hash:20000:0:99999:7:::\nopen::20000:0:99999:7:::\nsshd:!:20000::::::\n';
const BEGINNING = 'console=serial0,115200 console=tty1 root=PARTUUID=4e6f7a1c-02 rootfstype=ext4 fsck.repair=yes rootwait';

/** Runs it on a tree of these files. @returns what is asked for, as the script left it. */
async function takeOver<T>(files: Readonly<Record<string, string>>, look: (root: string) => Promise<T>): Promise<T> {
  return withFolder(async (root) => {
    for (const [path, text] of Object.entries({ '/etc/shadow': SHADOW, ...files })) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await mkdir(join(root, 'boot/firmware'), { recursive: true });
    await chmod(join(root, 'etc/shadow'), 0o640);
    await runCommand(['sh', SCRIPT, root]);
    return look(root);
  });
}

describe('take-over.sh', () => {
  it.each([
    ["trixie's", `${BEGINNING} resize\n`],
    ["bookworm's", `${BEGINNING} quiet init=/usr/lib/raspberrypi-sys-mods/firstboot\n`],
    ["Imager's, trixie", `${BEGINNING}  resize ds=nocloud;i=rpi-imager-1764000000000`],
    ["Imager's, bookworm", `${BEGINNING} systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target\n`],
  ])('leaves of the kernel line (%s) what has nothing to do with its first boot', async (_, line) => {
    expect(await takeOver({ '/boot/firmware/cmdline.txt': line }, (root) => readFile(join(root, 'boot/firmware/cmdline.txt'), 'utf8'))).toBe(
      `${BEGINNING}\n`,
    );
  });

  it('takes away the files by which whoever holds the card gives orders, whatever their case', async () => {
    const files = {
      'user-data': '#cloud-config',
      SSH: '',
      'userconf.txt': 'pi:$6$x',
      'firstrun.sh': 'true',
      'config.txt': 'arm_64bit=1',
      'ssh-notes': '',
    };
    const paths = Object.fromEntries(Object.entries(files).map(([name, text]) => [`/boot/firmware/${name}`, text]));
    expect((await takeOver(paths, (root) => readdir(join(root, 'boot/firmware')))).sort()).toEqual(['config.txt', 'ssh-notes']);
  });

  it('locks every password, and root without one', async () => {
    const files = { '/etc/sudoers.d/010_pi-nopasswd': 'pi ALL=(ALL) NOPASSWD: ALL\n', '/etc/sudoers.d/README': '' };
    await takeOver(files, async (root) => {
      const lines = (await readFile(join(root, 'etc/shadow'), 'utf8')).split('\n').map((line) => line.split(':').slice(0, 2).join(':'));
      expect(lines).toEqual(['root:*', 'pi:!', 'open:!', 'sshd:!', '']);
      expect((await stat(join(root, 'etc/shadow'))).mode & 0o777).toBe(0o640);
      expect(await readdir(join(root, 'etc/sudoers.d'))).toEqual(['README']);
    });
  });

  it('switches cloud-init off where there is one', async () => {
    const has = (root: string) => readdir(join(root, 'etc/cloud')).catch(() => undefined);
    expect(await takeOver({ '/etc/cloud/cloud.cfg': '' }, has)).toContain('cloud-init.disabled');
    expect(await takeOver({}, has)).toBeUndefined();
  });
});
