import { expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { checkClock, SEMEUR_DATE } from '../../kit/clock.ts';
import { runCommand } from '../../kit/command.ts';

const DAY = 86_400_000;
const OWN = Date.parse(SEMEUR_DATE);

it('checkClock() takes a clock that is a day behind the newest thing, and none that is more', () => {
  const dated = [
    { what: 'the lock of the profile "maison"', date: OWN + 30 * DAY },
    { what: 'an older one', date: OWN - 300 * DAY },
  ];
  expect(() => checkClock(new Date(OWN + 29.5 * DAY), dated)).not.toThrow();
  expect(() => checkClock(new Date(OWN + 28 * DAY), dated)).toThrow('and the lock of the profile "maison" is of');
  expect(() => checkClock(new Date(OWN - 2 * DAY))).toThrow('this Semeur');
  expect(() => checkClock(new Date(OWN + 2 * 365 * DAY))).not.toThrow();
});

it("Semeur's own date is not after its newest commit, nor a year before it: it is raised with a release", async () => {
  const said = await runCommand(['git', '-C', findCheckout(), 'log', '-1', '--format=%ct']).catch(() => undefined);
  if (said === undefined) return;
  const commit = Number(said) * 1000;
  expect(OWN).toBeLessThanOrEqual(commit + DAY);
  expect(OWN).toBeGreaterThan(commit - 365 * DAY);
});
