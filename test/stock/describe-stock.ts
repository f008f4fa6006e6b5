import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { cloneCheckout, lineForRoot, listStarted, openStockRoot, type StockRoot, type Suite, whyNoStockRoot } from './stock-root.ts';

/** What the README promises, in a Debian of `suite` with Git, its own npm and nothing else. Each test goes on where the one before ended. */
export function describeStock(suite: Suite): void {
  const whyNot = whyNoStockRoot();
  describe.skipIf(whyNot !== undefined)(`a stock Debian ${suite}${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
    let root: StockRoot;
    beforeAll(async () => {
      root = await openStockRoot(suite, cacheFolder());
      await cloneCheckout(root, 'sower');
    });
    afterAll(() => root?.close());

    it('starts there for an ordinary user, tells what it does, and never installs twice', async () => {
      const first = await root.type('sower', 'cd semeur && ./semeur check --workspace examples');
      expect(first).toMatchObject({
        exitCode: 0,
        all: expect.stringMatching(/^==> Installing Semeur's npm packages \(once\)\n[\s\S]*All is well/),
      });
      const second = await root.type('sower', 'cd semeur && ./semeur check --workspace examples');
      expect(second).toMatchObject({ exitCode: 0, all: expect.not.stringContaining('==>') });
      expect(second.all).toContain('All is well');
      // Debian 12's npm leaves out what its Node.js 18 couldn't run, such as a part of the test runner, unless it is told which one will.
      const tests = await root.type(
        'sower',
        'cd semeur && NO_COLOR=1 node_modules/node-linux-*/bin/node node_modules/vitest/vitest.mjs run test/kit/clock',
      );
      expect(tests).toMatchObject({ exitCode: 0, all: expect.stringContaining('Tests  2 passed (2)') });
    });

    it('builds there for the ordinary user, once root has typed the one line, and starts no server', async () => {
      const asked = await root.type('sower', 'cd semeur && ./semeur demo');
      expect(asked).toMatchObject({ exitCode: 3, all: expect.stringContaining('Debian packages are missing: ') });
      expect(await root.type('root', `export DEBIAN_FRONTEND=noninteractive; ${lineForRoot(asked.all)}`)).toMatchObject({ exitCode: 0 });
      const servers = await root.type('sower', 'sh semeur/builder/house/missing-packages.sh --line openssh-server prometheus-node-exporter');
      const before = await listStarted(root);
      expect(await root.type('root', `export DEBIAN_FRONTEND=noninteractive; ${servers.all}`)).toMatchObject({ exitCode: 0 });
      expect(await listStarted(root)).toEqual(before);
      const built = await root.type('sower', 'cp -r semeur/examples w && cd w && ../semeur/semeur build --all --seed-only');
      expect(built).toMatchObject({ exitCode: 0, all: expect.stringContaining('3 seeds are in /home/sower/w/out') });
    });

    it('does there, for root, what a CI file of "init --ci" says, and builds', async () => {
      const init = 'cd w && ../semeur/semeur init . --ci forgejo --semeur https://git.example/semeur.git';
      expect(await root.type('sower', init)).toMatchObject({ exitCode: 0, all: expect.stringContaining('ci/release.sh') });
      await cloneCheckout(root, 'root');
      const job = 'cp -r /home/sower/w . && cd w && git init --quiet && mkdir .cache && ln -s /cache/semeur .cache/semeur';
      const source = 'export SEMEUR_URL=/root/semeur SEMEUR_COMMIT="$(git -C ../semeur rev-parse HEAD)"';
      const checked = await root.type('root', `${job} && ${source} && sh ci/release.sh check`);
      expect(checked).toMatchObject({ exitCode: 0, all: expect.stringContaining('"findings"') });
      // The same clone again, as the next job has it, and whoever builds with it by hand.
      const again = await root.type('root', `cd w && ${source} && sh ci/release.sh check`);
      expect(again).toMatchObject({ exitCode: 0, all: expect.not.stringContaining('==>') });
      const built = await root.type('root', 'cd w && ./ci/.semeur/semeur build --all --seed-only');
      expect(built).toMatchObject({ exitCode: 0, all: expect.stringContaining('3 seeds are in /root/w/out') });
    });
  });
}
