import { describe, expect, it } from 'vitest';
import { reportExamination } from '../../cli/verbs/overlay-test.ts';

describe('reportExamination()', () => {
  it('is well where all is, whatever programs said meanwhile', () => {
    const report = reportExamination('notes', 'well answers\nWarning: its unit changed\n');
    expect(report).toEqual({ json: { overlay: 'notes', said: ['well answers'] }, text: ['well  answers'], exitCode: 0 });
  });

  it('shows what programs said where something is ill', () => {
    const said = ['well answers', 'ill lets itself be examined: exit code 127'];
    const report = reportExamination('notes', `${said[0]}\ndump: not found\n${said[1]}\n`);
    expect(report).toEqual({
      ...{ json: { overlay: 'notes', said }, exitCode: 1 },
      text: ['well  answers', 'dump: not found', 'ill   lets itself be examined: exit code 127'],
    });
  });

  it('is ill where nothing was found', () => {
    expect(reportExamination('notes', '')).toMatchObject({ exitCode: 1 });
  });
});
