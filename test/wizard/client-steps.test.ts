import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientOf, clientSteps, type Surroundings } from '../../builder/wizard/client-steps.ts';
import type { Answers } from '../../builder/wizard/dialogue.ts';
import { ENGLISH } from '../../builder/wizard/words-en.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { Client } from '../../builder/workspace/schema.ts';

const WEBSITE = { 'settings.website.title': 'Herbs', 'settings.website.text': '' };
const ANSWERS: Answers = { name: 'Durand', client: 'durand-2', clientLanguage: 'fr', hostname: 'durand-2', network: 'cable', ...WEBSITE };
const DOMAIN = { 'settings.website.domain': 'www.durand.example' };
const around: Surroundings = await loadWorkspace(join(import.meta.dirname, '../../examples'));

const namesOf = (answers: Answers, current?: Client) =>
  clientSteps({ words: ENGLISH, language: 'en', around, ...(current && { current }) }, answers).map(({ name }) => name);

describe('a setting that does nothing without another', () => {
  it('is asked for once the other one is answered', () => {
    expect(namesOf(ANSWERS)).not.toContain('settings.website.direct');
    expect(namesOf({ ...ANSWERS, 'settings.website.domain': '' })).not.toContain('settings.website.direct');
    const names = namesOf({ ...ANSWERS, ...DOMAIN });
    expect(names.indexOf('settings.website.direct')).toBe(names.indexOf('settings.website.domain') + 1);
  });

  it('is said where it was answered, left out where it was not asked for, and taken back with the other one', () => {
    const direct = { 'settings.website.direct': 'on' };
    const settingsOf = (answers: Answers, current?: Client) => clientOf(around, { ...ANSWERS, ...answers }, current).settings?.['website'];
    expect(settingsOf({ ...DOMAIN, ...direct })).toMatchObject({ domain: 'www.durand.example', direct: 'on' });
    expect(settingsOf({ 'settings.website.domain': '', ...direct })).toEqual({ title: 'Herbs', text: '', domain: '' });
    const current = { client: 'durand', settings: { website: { domain: 'www.durand.example', direct: 'on' } } } as unknown as Client;
    expect(settingsOf({ 'settings.website.domain': '' }, current)).toEqual({ title: 'Herbs', text: '', domain: '', direct: 'off' });
  });
});
