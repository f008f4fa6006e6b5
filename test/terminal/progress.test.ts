import { describe, expect, it } from 'vitest';
import { lineProgress } from '../../cli/terminal/progress.ts';
import { until } from '../until.ts';

describe('lineProgress()', () => {
  it('is never silent for longer than its pause, says where the work is, and news at once', async () => {
    let text = '';
    const write = (piece: string | Uint8Array) => {
      text += piece;
      return true;
    };
    const progress = lineProgress({ write }, 50);
    const says = (line: RegExp) => until(() => line.test(text));
    await progress.step('Working', async (note) => {
      await says(/^ {4}\d+\.\d s so far$/m);
      note('1 of 2 blocks');
      expect(text).not.toContain('blocks');
      await says(/^ {4}1 of 2 blocks, \d+\.\d s so far$/m);
      note('a word', true);
      expect(text).toMatch(/\n {4}a word\n$/);
      await says(/a word\n {4}1 of 2 blocks, \d+\.\d s so far\n/);
    });
    expect(text).toMatch(/^==> Working\n(.*\n)* {4}done in \d+\.\d s\n$/);
  });
});
