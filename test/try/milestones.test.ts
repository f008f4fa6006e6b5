import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { describeMilestones, type Milestones, POWER_ON, readMilestone } from '../../builder/try/milestones.ts';
import { CARD_READY } from './recorded-console.ts';

const FIRST_BOOT = join(findCheckout(), 'firstboot/files/usr/lib/semeur');

/** What the steps give to one of report.sh's functions: French and English, with the names of shell variables in them. */
async function sentences(word: 'later' | 'fail' | 'tell', under = ''): Promise<(readonly [string, string])[]> {
  const path = join(FIRST_BOOT, under);
  const names = (await stat(path)).isFile() ? [path] : (await readdir(path, { recursive: true })).map((name) => join(path, name));
  const files = await Promise.all(names.map((name) => readFile(name, 'utf8').catch(() => '')));
  const call = new RegExp(`\\b${word}(?: \\\\\\n)?\\s+"((?:[^"\\\\]|\\\\.)*)" \\\\?\\s*"((?:[^"\\\\]|\\\\.)*)"`, 'g');
  // A step's name is one word, as the card says it.
  const plain = (text = '') => text.replaceAll('\\"', '"').replace(/\$\(\w+\)|\$\w+/g, 'NAME');
  return files.flatMap((text) => [...text.matchAll(call)].map(([, french, english]) => [plain(french), plain(english)] as const));
}

const read = (...lines: string[]): Milestones => lines.reduce((before, line, index) => readMilestone(before, line, index + 1), POWER_ON);

describe('readMilestone()', () => {
  it('remembers the first time of each', () => {
    const line = '[ 1.0] Linux version 6.12.1';
    expect(read(line, line, '[ 2.0] systemd[1]: a', '[ 3.0] systemd[1]: b').seconds).toEqual({ kernel: 1, systemd: 3, login: null, ready: null });
  });

  it('reads what a card says when it is ready, after the kernel wrote into the line too', () => {
    const { card, hostname, seconds } = read(`[   40.1] ${CARD_READY.trimEnd()}`);
    expect({ hostname, ready: seconds.ready }).toEqual({ hostname: 'essai', ready: 1 });
    expect(card).toEqual({ rootBytes: 1868562432, region: 'wiped', hostKey: expect.stringMatching(/^SHA256:.{43}$/) });
  });

  it.each([
    ['semeur: needs help seed refused: not signed by the operator', 'the card asks for help (seed refused: not signed by the operator)'],
    ['[ 2.1] Kernel panic - not syncing: VFS: Unable to mount root fs', 'kernel panic (VFS: Unable to mount root fs)'],
    ['ALERT!  LABEL=rootfs does not exist.  Dropping to a shell!', 'the initramfs finds no root file system (LABEL=rootfs does not exist.)'],
    ['You are in emergency mode. After logging in, type', 'systemd stopped in emergency mode'],
  ])('takes %j for trouble', (line, trouble) => expect(read(line).trouble).toBe(trouble));

  it('keeps what the card waits for, in the first of its two languages, until a step is done or it waits for something else', () => {
    const first = read('semeur: La carte attend le réseau : vérifiez', 'semeur: The card waits for the network: check');
    expect(first).toMatchObject({
      said: 'The card waits for the network: check',
      waiting: { words: 'La carte attend le réseau : vérifiez', since: 1 },
    });
    const lines = ["La carte n'arrive pas à joindre votre coopérative. Elle réessaie", "The card can't reach your co-operative. It tries again"];
    const second = lines.reduce((before, line, index) => readMilestone(before, `semeur: ${line}`, 10 + index), first);
    expect(second.waiting).toEqual({ words: lines[0], since: 10 });
    expect(readMilestone(second, 'semeur: The card does not know the time zone X', 12).waiting).toBe(second.waiting);
    const further = readMilestone(second, 'semeur: claimed address=fd00::1/128', 13);
    expect(further).toMatchObject({ waiting: null, said: 'claimed address=fd00::1/128', trouble: null });
  });

  it('knows every sentence of firstboot/ that says a step is tried again, and those that say it is not', async () => {
    const waits = await sentences('later');
    expect(waits.length).toBeGreaterThan(6);
    for (const [french, english] of waits) {
      const heard = read(`semeur: ${french}`);
      expect(heard, french).toMatchObject({ waiting: { words: french }, trouble: null });
      expect(readMilestone(heard, `semeur: ${english}`, 2).waiting, english).toBe(heard.waiting);
      expect(read(`semeur: ${english}`).waiting, english).not.toBeNull();
    }
    // At the end of the enrolment, 90-report says that something failed.
    const ends = [...(await sentences('fail', 'early.d')), ...(await sentences('tell', 'run')), ...(await sentences('tell', 'enrol.d/90-report'))];
    const isGood = (sentence: string) => /est prête|is ready/.test(sentence);
    expect(ends.flat().filter((sentence) => !isGood(sentence)).length).toBeGreaterThan(7);
    for (const sentence of ends.flat()) expect(read(`semeur: ${sentence}`).trouble, sentence).toBe(isGood(sentence) ? null : `it says "${sentence}"`);
  });

  it('takes an emulated kernel that hung, and so starts again, for no trouble', () => {
    expect(read('[   48.099786] Kernel panic - not syncing: softlockup: hung tasks')).toBe(POWER_ON);
  });

  it('takes nothing but a prompt from half a line', () => {
    expect(readMilestone(POWER_ON, 'semeur: needs help se', 1, false)).toBe(POWER_ON);
    expect(readMilestone(POWER_ON, 'durand login: ', 1, false).hostname).toBe('durand');
  });

  it('takes no other mention of "login:" for the prompt', () => {
    for (const line of ['[ 3.2] last login: never', 'Last login: Tue', 'pam: durand login: x']) expect(read(line).seconds.login).toBeNull();
  });
});

describe('describeMilestones()', () => {
  it('names what was reached', () => {
    expect(describeMilestones({ seconds: { kernel: 1.04, systemd: null, login: 40, ready: null } })).toBe(
      'kernel after 1.0 s, login prompt after 40.0 s',
    );
  });
});
