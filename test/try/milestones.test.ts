import { describe, expect, it } from 'vitest';
import { describeMilestones, type Milestones, POWER_ON, readMilestone } from '../../builder/try/milestones.ts';
import { CARD_READY } from './recorded-console.ts';

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
