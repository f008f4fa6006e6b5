import { afterEach, expect, it } from 'vitest';
import { fuzzHome } from './fuzz-home.ts';
import { closeHomes, enrol, issue, NO_LIMITS, openHome, stateOf } from './open-home.ts';

afterEach(closeHomes);

it('home says nothing but the protocol to 100,000 odd requests, and changes nothing (the hub is a stand-in)', async () => {
  const home = await openHome(undefined, NO_LIMITS);
  const issued = issue();
  await home.take(issued.order);
  await enrol(home, issued);
  await fuzzHome(home, 100_000);
  expect(stateOf(home)).toBe('confirmed');
  expect(home.logged.filter((line) => line.includes('request failed'))).toEqual([]);
});
