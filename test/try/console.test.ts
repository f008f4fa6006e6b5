import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanLine, followConsole } from '../../builder/try/console.ts';
import { type Milestones, POWER_ON, readMilestone } from '../../builder/try/milestones.ts';
import { CARD_READY, RECORDED_CONSOLE } from './recorded-console.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-console-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Feeds a console in pieces that end at `cuts`. */
async function follow(text: string, cuts: readonly number[]): Promise<{ milestones: Milestones; log: string; last: string[] }> {
  const stream = new PassThrough();
  const file = join(folder, 'console.log');
  let milestones = POWER_ON;
  const log = followConsole(stream, file, (line, seconds, whole) => {
    milestones = readMilestone(milestones, line, seconds, whole);
  });
  const bytes = Buffer.from(text);
  const bounds = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  for (const [index, start] of bounds.slice(0, -1).entries()) stream.emit('data', bytes.subarray(start, bounds[index + 1]));
  await log.close();
  return { milestones, log: await readFile(file, 'utf8'), last: log.lastLines() };
}

describe('followConsole()', () => {
  it('finds the milestones wherever the pieces are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 40 }), async (cuts) => {
        const { milestones } = await follow(`${RECORDED_CONSOLE}\n${CARD_READY}`, cuts);
        expect(milestones).toMatchObject({ hostname: 'essai', card: { rootBytes: 1868562432, region: 'wiped' }, trouble: null });
        expect(Object.values(milestones.seconds)).not.toContain(null);
      }),
      { numRuns: 50 },
    );
  });

  it('sees a prompt, which ends no line', async () => {
    const { milestones } = await follow('\r\nDebian GNU/Linux 13 durand ttyAMA0\r\n\r\ndurand login: ', []);
    expect(milestones).toMatchObject({ hostname: 'durand', card: null, seconds: { ready: null } });
    expect(milestones.seconds.login).not.toBeNull();
  });

  it('logs each line once with the seconds since power-on, without control characters', async () => {
    const { log } = await follow(RECORDED_CONSOLE, [100, 101, 1000]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(log).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(log.match(/Linux version/g)).toHaveLength(1);
    for (const line of log.trimEnd().split('\n')) expect(line).toMatch(/^\[ +\d+\.\d{3}\] \S/);
    expect(log).toContain('] [FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.\n');
  });

  it('keeps the last 20 lines', async () => {
    const { last } = await follow(Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\r\n'), []);
    expect(last).toEqual(Array.from({ length: 20 }, (_, index) => `line ${index + 10}`));
  });
});

describe('cleanLine()', () => {
  it.each([
    ['\u001b[!p\u001b]104\u0007\u001b[?7h\u001b[6n\u001b[32766;32766H\u001b[6nessai login: ', 'essai login: '],
    ['[\u001b[0;1;31mFAILED\u001b[0m] x', '[FAILED] x'],
    ['\u001b]0;title\u001b\\text\u0007', 'text'],
    ['\tété \u0000', '\tété '],
  ])('%j is %j', (line, clean) => expect(cleanLine(line)).toBe(clean));
});
