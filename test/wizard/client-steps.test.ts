import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { Client } from '../../builder/workspace/schema.ts';
import { clientOf, clientSteps, type Surroundings } from '../../cli/wizard/client-steps.ts';
import type { Answers } from '../../cli/wizard/dialogue.ts';
import { operatorSteps } from '../../cli/wizard/operator-steps.ts';
import { ENGLISH } from '../../cli/wizard/words-en.ts';

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

describe('what is typed', () => {
  const stepOf = (name: string, answers: Answers) =>
    clientSteps({ words: ENGLISH, language: 'en', around }, answers).find((step) => step.name === name);

  it('is told of line breaks where a text may have them, and nowhere else', () => {
    const answers = { ...ANSWERS, ...DOMAIN };
    expect(stepOf('settings.website.text', answers)?.why).toContain('begins a new line');
    for (const name of ['settings.website.direct', 'settings.website.domain']) expect(stepOf(name, answers)?.why, name).not.toContain('new line');
  });

  it('is taken as it was meant: a country in small letters, a domain with accents', () => {
    const tidied = (name: string, answers: Answers, text: string) => {
      const step = stepOf(name, answers);
      return step?.kind === 'text' ? [step.tidy?.(text), step.refuse(step.tidy?.(text) ?? text)] : [];
    };
    expect(tidied('country', { ...ANSWERS, network: 'wifi' }, 'fr')).toEqual(['FR', undefined]);
    expect(tidied('settings.website.domain', ANSWERS, 'www.café.zz')).toEqual(['www.xn--caf-dma.zz', undefined]);
    const [domain] = operatorSteps(ENGLISH, 'en', {}).filter(({ name }) => name === 'domain');
    expect(domain?.kind === 'text' && domain.tidy?.('été.zz')).toBe('xn--t-9fab.zz');
  });

  it('of a Wi-Fi password is typed twice, unless the one that is there is kept', () => {
    const wifi = { ...ANSWERS, network: 'wifi', wifiPassword: 'password1' };
    const again = stepOf('wifiPasswordAgain', wifi);
    expect(again?.kind === 'secret' && [again.refuse('password1'), again.refuse('password2')]).toEqual([undefined, 'it is not the same']);
    const current = { client: 'durand', settings: {}, wifi: { ssid: 'Box', password: 'password1', country: 'FR' } } as unknown as Client;
    expect(namesOf({ ...wifi, wifiPassword: '' }, current)).not.toContain('wifiPasswordAgain');
  });
});
