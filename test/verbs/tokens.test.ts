import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderLock } from '../../builder/profile/lock.ts';
import { fetchProfile } from '../../builder/release/taking/fetch-profile.ts';
import { parseHeader } from '../../builder/seed/header.ts';
import { ensureClientKeys, findClientKeys, revokeClientKeys } from '../../builder/seed/keys.ts';
import type { Finding } from '../../builder/workspace/load.ts';
import { build } from '../../cli/verbs/build.ts';
import { checkWorkspace } from '../../cli/verbs/check.ts';
import { reissue } from '../../cli/verbs/reissue.ts';
import { verify } from '../../cli/verbs/verify.ts';
import { takeClaim } from '../../home/store/claims.ts';
import { openDatabase } from '../../home/store/database.ts';
import { takeOrder } from '../../home/store/orders.ts';
import type { Order } from '../../protocol/order.ts';
import { claimOf, DAY, NETWORK } from '../home/sample-fleet.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { withServer } from '../release/fetching.ts';
import { writeFiles } from '../release/sample-release.ts';
import { VALID, withWorkspace } from '../workspace/sample-workspace.ts';

/** Between Semeur's own date, and the years after it at which a clock is not believed. */
const START = new Date('2027-01-10T12:00:00Z');
const daysOn = (days: number) => new Date(START.getTime() + days * DAY);

interface Ground {
  readonly folder: string;
  readonly session: ReturnType<typeof createQuietSession>;
  /** `semeur build durand --seed-only` at that time. @returns what it warned of. */
  build(now: Date): Promise<string[]>;
  order(): Promise<Order>;
  /** What `semeur check` says of tokens. */
  check(now: Date): Promise<Pick<Finding, 'file' | 'level' | 'message' | 'hint'>[]>;
}

/** A workspace with a profile that is built, and a client. */
async function withGround(task: (ground: Ground) => Promise<void>): Promise<void> {
  await withServer(async ({ other: folder, server, signers }) => {
    const session = { ...createQuietSession(), workspace: folder };
    await fetchProfile(session, folder, server.url, signers);
    await writeFiles(folder, { 'clients/durand.yaml': VALID['clients/durand.yaml'] ?? '' });
    await task({
      folder,
      session,
      async build(now) {
        session.warnings.length = 0;
        await build(session, ['durand'], { format: 'xz', seedOnly: true }, now);
        return [...session.warnings].filter((warning) => warning.includes('token'));
      },
      order: async () => JSON.parse(await readFile(join(folder, 'out/orders/durand.json'), 'utf8')),
      async check(now) {
        const { json, exitCode } = await checkWorkspace(session, now);
        expect(exitCode ?? 0).toBe(0);
        return (json as { findings: Finding[] }).findings.filter(({ message }) => message.includes('token'));
      },
    });
  });
}

describe('a token', () => {
  it('is told of a month before it ends, by build and check, and left as it is', () =>
    withGround(async ({ folder, build, order, check }) => {
      expect(await build(START)).toEqual([]);
      const before = await order();
      expect(await build(daysOn(59))).toEqual([]);
      expect(await check(daysOn(59))).toEqual([]);
      const told = 'The token of "durand" ends on 2027-04-10: a card that has not called by then is turned away';
      expect(await build(daysOn(61))).toEqual([told]);
      expect(await check(daysOn(61))).toMatchObject([
        { file: 'clients/durand.yaml', level: 'warning', message: told, hint: expect.stringContaining('semeur reissue durand') },
      ]);
      expect(await order()).toEqual(before);
      expect((await findClientKeys(folder, 'durand'))?.renewed).toBeUndefined();
    }));

  it('is renewed by build where it has ended: keys, seed and order of the next generation, once, and said', () =>
    withGround(async ({ folder, session, build, order, check }) => {
      await build(START);
      const before = await order();
      const { code, account, backupKey } = await ensureClientKeys(folder, 'durand');
      expect(await check(daysOn(91))).toMatchObject([
        { level: 'warning', message: expect.stringContaining('ended on 2027-04-10'), hint: expect.stringContaining('semeur build durand') },
      ]);
      const seed = join(folder, 'out/durand.seed');
      const verified = await verify(session, [seed], daysOn(91));
      expect(verified.text.join('\n')).toContain('its token ended on 2027-04-10');
      expect(await build(daysOn(91))).toEqual([
        expect.stringMatching(
          /^The token of "durand" had ended on 2027-04-10, so it has a new one, as generation 2: .*send out\/orders\/ .*semeur reissue durand/i,
        ),
      ]);
      const renewed = await order();
      expect(renewed).toMatchObject({ generation: 2, renewed: true, revoked: false, tokenExpires: daysOn(181).toISOString() });
      for (const key of ['publicKey', 'presharedKey', 'tokenSha256'] as const) expect(renewed[key], key).not.toBe(before[key]);
      expect(parseHeader((await readFile(seed)).subarray(0, 4096))).toMatchObject({ generation: 2 });
      expect((await verify(session, [seed], daysOn(91))).text.join('\n')).not.toContain('token');
      expect(await build(daysOn(92))).toEqual([]);
      expect(await order()).toEqual(renewed);
      // What people know by heart stays theirs.
      expect(await ensureClientKeys(folder, 'durand')).toMatchObject({ generation: 2, code, account, backupKey });
      // What somebody asks for is no renewal any more, and what is revoked stays so.
      await reissue(session, 'durand', daysOn(93));
      expect(await order()).not.toHaveProperty('renewed');
      await revokeClientKeys(folder, 'durand');
      expect(await build(daysOn(300))).toEqual([]);
      expect(await order()).toMatchObject({ generation: 3, revoked: true });
    }));

  it('is left alone where home, on this machine, knows that a card has called with it', () =>
    withGround(async ({ folder, session, build, order, check }) => {
      await build(START);
      const issued = { order: await order(), token: (await ensureClientKeys(folder, 'durand')).token };
      const database = openDatabase(join(folder, 'home'));
      takeOrder(database, issued.order, START.getTime());
      takeClaim(database, NETWORK, claimOf(issued), { way: 'public' }, START.getTime());
      database.close();
      expect(await check(daysOn(61))).toEqual([]);
      expect(await check(daysOn(91))).toEqual([]);
      expect(await build(daysOn(91))).toEqual([expect.stringMatching(/ended on 2027-04-10, and its card has called: .*"semeur reissue durand"/)]);
      expect(await order()).toEqual(issued.order);
      // Another card was asked for, and home has not heard of it.
      await reissue(session, 'durand', daysOn(92));
      await build(daysOn(200));
      expect(await order()).toMatchObject({ generation: 3, renewed: true });
    }));
});

describe("this machine's clock (no profile is built: it is looked at before)", () => {
  const inWorkspace = (task: (session: ReturnType<typeof createQuietSession>, folder: string) => Promise<void>) =>
    withWorkspace({}, (folder) => task({ ...createQuietSession(), workspace: folder }, folder));
  const tryBuild = (session: ReturnType<typeof createQuietSession>, now: Date) => build(session, ['durand'], { format: 'xz' }, now);

  it.each([
    ['is before Semeur itself', new Date('2020-01-01'), 'it says 2020-01-01, and this Semeur is of 2026-'],
    ['is years after all that there is', new Date('2031-01-01'), 'it says 2031-01-01, years after all that is dated here: this Semeur is of 2026-'],
  ])('is not trusted where it %s: nothing is built, checked or issued', (_, now, words) =>
    inWorkspace(async (session, folder) => {
      const asked = { message: expect.stringContaining(words), hint: expect.stringContaining('Set the clock') };
      await expect(tryBuild(session, now)).rejects.toMatchObject(asked);
      await expect(checkWorkspace(session, now)).rejects.toMatchObject(asked);
      await expect(reissue(session, 'durand', now)).rejects.toMatchObject(asked);
      expect(await readdir(folder)).not.toContain('secrets');
    }),
  );

  it('is not trusted where a lock is of a later day, nor where a token is, but that can be issued anew', () =>
    inWorkspace(async (session, folder) => {
      await mkdir(join(folder, 'secrets'), { mode: 0o700 });
      await ensureClientKeys(folder, 'durand', daysOn(300));
      const asked = { message: expect.stringContaining('it says 2027-01-10, and the token of "durand" is of 2027-11-06') };
      for (const attempt of [() => tryBuild(session, START), () => checkWorkspace(session, START)])
        await expect(attempt()).rejects.toMatchObject({ ...asked, hint: expect.stringContaining('semeur reissue durand') });
      const none = { lists: [], debs: [] };
      const lock = { lock: 1, epoch: daysOn(20).getTime() / 1000, toolbox: none, base: none, added: none } as const;
      await writeFile(join(folder, 'profiles/maison.lock'), renderLock(lock));
      // Two things of a later day: it is this clock that is wrong.
      for (const attempt of [() => tryBuild(session, START), () => checkWorkspace(session, START), () => reissue(session, 'durand', START)])
        await expect(attempt()).rejects.toMatchObject({
          message: expect.stringContaining('and the lock of the profile "maison" is of 2027-01-30'),
          hint: expect.not.stringContaining('reissue'),
        });
      await rm(join(folder, 'profiles/maison.lock'));
      await reissue(session, 'durand', START);
      expect(await findClientKeys(folder, 'durand')).toMatchObject({ generation: 2, tokenExpires: daysOn(90).toISOString() });
      expect(await checkWorkspace(session, START)).not.toMatchObject({ exitCode: 2 });
    }));
});
