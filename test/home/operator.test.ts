import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { makeVpnKey, readHubKey } from '../../builder/workspace/secrets.ts';
import { addOperator, findOperator, listOperatorPeers, removeOperator } from '../../home/store/operators.ts';
import { isPassword } from '../../home/store/password.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { planNetwork } from '../../protocol/addresses.ts';
import { withHome } from './home-process.ts';
import { visitPage } from './page-visitor.ts';
import { NETWORK, PREFIX, withDatabase } from './sample-fleet.ts';

const PASSWORD = 'trois petites graines';

function operator(folder: string, args: readonly string[], input = '') {
  const argv = ['--disable-warning=ExperimentalWarning', join(findCheckout(), 'cli', 'main.ts'), 'home', 'operator', ...args];
  return execa(process.execPath, [...argv, '--workspace', folder], { reject: false, input });
}

const add = (folder: string, name: string, key = makeVpnKey().publicKey, password = PASSWORD) =>
  operator(folder, ['add', name, '--vpn-key', key, '--password-stdin'], `${password}\n`);

describe('semeur home operator', () => {
  it('lets somebody in while home runs, tells their device of the VPN, and shuts them out', async () => {
    await withHome(async (folder, start) => {
      const home = await start();
      const { publicKey } = makeVpnKey();
      const added = await add(folder, 'anne', publicKey);
      expect(added.stderr).toBe('');
      const hub = await readHubKey(folder);
      for (const line of ['Address = fd5e:3e0f:1a2b:0:2::1/128', `PublicKey = ${hub.publicKey}`, 'Endpoint = 127.0.0.1:51820']) {
        expect(added.stdout.split('\n')).toContain(line);
      }
      expect(added.stdout).toContain('AllowedIPs = fd5e:3e0f:1a2b::1/128, fd5e:3e0f:1a2b:0:1::/80');
      const peers = withFleet(join(folder, 'home'), (database) => listOperatorPeers(database, planNetwork(PREFIX)));
      expect(peers).toEqual([{ publicKey, presharedKey: /^PresharedKey = (.*)$/m.exec(added.stdout)?.[1], address: 'fd5e:3e0f:1a2b:0:2::1/128' }]);

      const visitor = visitPage(Number(home.page.split(':')[1]));
      expect((await visitor.logIn()).status).toBe(303);
      expect((await visitor.get('/')).text).toContain('There are no clients yet.');
      expect((await operator(folder, ['list'])).stdout).toBe(`anne  fd5e:3e0f:1a2b:0:2::1  ${publicKey}`);
      expect((await operator(folder, ['remove', 'anne'])).exitCode).toBe(0);
      expect((await visitor.get('/')).status).toBe(303);
      expect(home.log()).not.toContain(PASSWORD);
    });
  });

  it('takes no short password and no odd key, and says what is wrong', async () => {
    await withHome(async (folder, start) => {
      await (await start()).stop();
      const { publicKey } = await readHubKey(folder);
      expect(await add(folder, 'anne', publicKey)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('the key is, or was, in use') });
      expect(await add(folder, 'anne', 'x')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('wg pubkey') });
      const short = await add(folder, 'anne', makeVpnKey().publicKey, 'too short');
      expect(short).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('12 characters') });
      expect((await operator(folder, ['remove', 'anne'])).exitCode).toBe(2);
    });
  });

  it('asks at the terminal, twice, and shows nothing of it', async ({ skip }) => {
    const { exitCode } = await execa('script', ['--version'], { reject: false });
    skip(exitCode !== 0, 'script(1) is not installed');
    await withHome(async (folder, start) => {
      await (await start()).stop();
      const main = `${process.execPath} --disable-warning=ExperimentalWarning ${join(findCheckout(), 'cli', 'main.ts')}`;
      const command = `${main} home operator add anne --vpn-key ${makeVpnKey().publicKey} --workspace ${folder}`;
      const child = execa('script', ['--quiet', '--return', '--command', command, '/dev/null'], { reject: false, stdin: 'pipe' });
      let shown = '';
      let asked = 0;
      child.stdout.on('data', (chunk) => {
        shown += chunk;
        const questions = shown.split(/nothing is shown\): |Once more: /).length - 1;
        for (; asked < questions; asked++) child.stdin.write(`${PASSWORD}\r`);
      });
      expect((await child).exitCode).toBe(0);
      expect(asked).toBe(2);
      expect(shown).not.toContain(PASSWORD);
      expect(shown).toContain('Address = ');
      const kept = withFleet(join(folder, 'home'), (database) => findOperator(database, 'anne')?.password ?? '');
      expect(await isPassword(PASSWORD, kept)).toBe(true);
    });
  });

  it('says so where there is no terminal to ask at', async () => {
    await withHome(async (folder, start) => {
      await (await start()).stop();
      const argv = [process.execPath, join(findCheckout(), 'cli', 'main.ts'), 'home', 'operator', 'add', 'anne'];
      const key = makeVpnKey().publicKey;
      const { exitCode, stderr } = await execa('setsid', ['--wait', ...argv, '--vpn-key', key, '--workspace', folder], {
        reject: false,
        stdin: 'ignore',
      });
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--password-stdin') });
    });
  });
});

describe('addOperator()', () => {
  it('takes no name twice and no key that ever was somebody’s, and gives no address twice', () => {
    withDatabase((database) => {
      const anne = { name: 'anne', publicKey: 'KEY', presharedKey: 'PSK', password: 'HASH' };
      expect(addOperator(database, anne, 1)).toBe(1);
      expect(addOperator(database, { ...anne, publicKey: 'OTHER' }, 1)).toBe('name');
      expect(addOperator(database, { ...anne, name: 'bruno' }, 1)).toBe('key');
      expect(removeOperator(database, 'anne')).toBe(true);
      expect(removeOperator(database, 'anne')).toBe(false);
      expect(addOperator(database, anne, 1)).toBe('key');
      expect(addOperator(database, { ...anne, publicKey: 'NEXT' }, 1)).toBe(2);
      expect(listOperatorPeers(database, NETWORK)).toEqual([{ publicKey: 'NEXT', presharedKey: 'PSK', address: 'fd5e:3e0f:1a2b:0:2::2/128' }]);
    });
  });
});

describe('planNetwork()', () => {
  it('tells operators by their addresses, and from cards', () => {
    for (const number of [1, 9, 65_535, 65_536, 1_000_000]) {
      expect(NETWORK.operatorNumber(NETWORK.operator(number))).toBe(number);
      expect(NETWORK.operatorNumber(NETWORK.card(number))).toBeUndefined();
      expect(NETWORK.cardNumber(NETWORK.operator(number))).toBeUndefined();
    }
    for (const other of ['fd5e:3e0f:1a2b::1', 'fd5e:3e0f:1a2b:0:2::', 'fd5e:3e0f:1a2b:0:2:1::1', '::1', '127.0.0.1', '']) {
      expect(NETWORK.operatorNumber(other)).toBeUndefined();
    }
  });
});
