import { describe, expect, it } from 'vitest';
import { type Answers, type Dialogue, runDialogue } from '../../cli/wizard/dialogue.ts';
import { BACK, type Back, type Questions } from '../../cli/wizard/questions.ts';
import { ENGLISH } from '../../cli/wizard/words-en.ts';

const asked = (name: string) => ({ name, message: name, why: '' });
const NETWORK: Dialogue = ({ way }) => [
  { ...asked('name'), kind: 'text', optional: true, refuse: () => undefined },
  { ...asked('way'), kind: 'choose', choices: [] },
  ...(way === 'wifi' ? [{ ...asked('password'), kind: 'secret' as const, refuse: () => undefined }] : []),
];

/** Answers in turn, whatever is asked; notes what was asked with which default. */
function scripted(answers: readonly (string | Back)[]) {
  const seen: string[] = [];
  const left = [...answers];
  const ask = async (question: { readonly message: string; readonly default?: string }) => {
    seen.push(`${question.message} [${question.default ?? ''}]`);
    return left.shift() ?? BACK;
  };
  const questions: Questions = { text: ask, secret: ask, choose: ask, chooseMany: async () => BACK, tell: () => undefined, close: () => undefined };
  return { questions, seen };
}

describe('runDialogue()', () => {
  it('keeps no password, though its question is no more asked', async () => {
    const kept: Answers[] = [];
    const course = { words: ENGLISH, secrets: new Set<string>(), save: async (answers: Answers) => void kept.push(answers) };
    const first = await runDialogue(NETWORK, { ...course, questions: scripted(['Zoé', 'wifi', 's3cret']).questions });
    expect(first).toEqual({ name: 'Zoé', way: 'wifi', password: 's3cret' });
    const second = scripted([BACK, 'cable']);
    const again = await runDialogue(NETWORK, { ...course, questions: second.questions, answers: first as Answers, fromEnd: true });
    expect(second.seen).toEqual(['password []', 'way [wifi]']);
    await runDialogue(NETWORK, { ...course, questions: scripted(['cable']).questions, answers: again as Answers, fromEnd: true });
    expect(kept.length).toBeGreaterThan(4);
    expect(JSON.stringify(kept)).not.toContain('s3cret');
  });

  it('asks only what is open, and goes back before the first', async () => {
    const { questions, seen } = scripted([BACK, BACK]);
    const course = { words: ENGLISH, secrets: new Set<string>(), save: async () => undefined, questions };
    expect(await runDialogue(NETWORK, { ...course, answers: { name: 'a\nb\n' } })).toBe(BACK);
    expect(seen).toEqual(['way []', 'name [a\\nb]']);
  });

  it('leaves a text of several lines as it was on Enter, and empties it on "-"', async () => {
    const course = {
      words: ENGLISH,
      secrets: new Set<string>(),
      save: async () => undefined,
      answers: { name: 'a\nb\n', way: 'cable' },
      fromEnd: true,
    };
    expect(await runDialogue(NETWORK, { ...course, questions: scripted([BACK, 'a\\nb', 'cable']).questions })).toMatchObject({ name: 'a\nb\n' });
    expect(await runDialogue(NETWORK, { ...course, questions: scripted([BACK, '-', 'cable']).questions })).toMatchObject({ name: '' });
  });
});
