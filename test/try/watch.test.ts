import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Milestones } from '../../builder/try/milestones.ts';
import { watchConsole } from '../../builder/try/watch.ts';
import { CARD_READY } from './recorded-console.ts';

const ALONE = [
  "semeur: La carte n'arrive pas à joindre votre coopérative. Elle réessaie",
  "semeur: The card can't reach your co-operative. It tries again",
  '',
];
const isReady = ({ seconds }: Milestones) => seconds.ready !== null;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-watch-'));
});
afterEach(() => rm(folder, { recursive: true }));

function watch() {
  const console = new PassThrough();
  return { console, ...watchConsole(console, join(folder, 'console.log')) };
}

describe('waitFor()', () => {
  it('gives up on a card that says in vain that it tries again, in its words and long before the time is over', async () => {
    const { console, waitFor } = watch();
    console.write(ALONE.join('\r\n'));
    await expect(waitFor('the card to be ready', 60, isReady, 0.1)).rejects.toThrow(
      /^Cannot boot to the card to be ready: it says in vain "La carte n'arrive pas à joindre votre coopérative. Elle réessaie"\n(.*\n)? {2}semeur: La carte n'arrive/,
    );
  });

  it('stays with one that comes further, and with any where no patience was named', async () => {
    const { console, waitFor } = watch();
    const [patient, impatient] = [waitFor('the card to be ready', 60, isReady), waitFor('the card to be ready', 60, isReady, 0.2)];
    console.write(ALONE.join('\r\n'));
    await waitFor('its words', 60, ({ waiting }) => waiting !== null);
    console.write('semeur: claimed address=fd00::1/128\r\n');
    // Longer than its patience would have been.
    await expect(waitFor('another wait', 0.4, () => false)).rejects.toThrow('it is not there after 0.4 s');
    console.write(CARD_READY);
    await expect(patient).resolves.toMatchObject({ hostname: 'essai' });
    await expect(impatient).resolves.toMatchObject({ hostname: 'essai' });
  });

  it('lets it say to the end why it asks for help', async () => {
    const { console, waitFor } = watch();
    const waiting = waitFor('the card to be ready', 60, isReady);
    console.write('semeur: needs help: 409 conflict\r\n');
    setImmediate(() => console.write('\r\nsemeur: Cette carte a déjà servi\r\n'));
    await expect(waiting).rejects.toThrow(
      'the card asks for help (409 conflict)\n  semeur: needs help: 409 conflict\n  semeur: Cette carte a déjà servi',
    );
  });
});
