import { describe, expect, it } from 'vitest';
import { cloneCheckout, lineForRoot, listStarted, openStockRoot, SUITES, USERS, type User, whyNoStockRoot } from './stock-root.ts';

const WHY_NOT = whyNoStockRoot();
/** Milliseconds. */
const HOUR = 3_600_000;

describe.each(SUITES)('both commands of the README, on a stock Debian %s with an empty cache', { skip: WHY_NOT !== undefined }, (suite) => {
  // The ordinary user runs all that CI runs.
  it.each(Object.keys(USERS) as User[])('as %s: until the card is claimed, and tests that pass', { timeout: 3 * HOUR }, async (user) => {
    const root = await openStockRoot(suite);
    try {
      const before = await listStarted(root);
      expect(before).toContain('multi-user.target.wants/remote-fs.target');
      await cloneCheckout(root, user);
      for (const command of ['./semeur demo', user === 'root' ? './semeur test --fast launcher' : './semeur test']) {
        const first = await root.type(user, `cd semeur && ${command}`);
        if (first.exitCode === 3) await root.type('root', `export DEBIAN_FRONTEND=noninteractive; ${lineForRoot(first.all)}`);
        const done = first.exitCode === 3 ? await root.type(user, `cd semeur && ${command}`) : first;
        expect(done.exitCode, `${command}: ${done.all.slice(-4000)}`).toBe(0);
        if (command.endsWith('demo')) expect(done.all).toMatch(/lherbier +(claimed|confirmed|well)/);
      }
      // Nothing that was installed to be started by tests is a server of this machine from now on.
      expect(await listStarted(root)).toEqual(before);
    } finally {
      await root.close();
    }
  });
});
