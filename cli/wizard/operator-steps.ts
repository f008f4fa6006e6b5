import { isIP } from 'node:net';
import { BASES, DEFAULT_BASE, platformOf } from '../../builder/platform/platforms.ts';
import { BUILT_IN } from '../../builder/workspace/built-in.ts';
import { ownTimeZone } from '../../builder/workspace/defaults.ts';
import type { Overlay } from '../../builder/workspace/overlay-schema.ts';
import { asAsciiName } from '../../builder/workspace/rules/names.ts';
import { LANGUAGES, operatorSchema, type Profile, profileSchema } from '../../builder/workspace/schema.ts';
import { defaultAddresses } from '../../builder/workspace/starter.ts';
import { type Answers, answerOf, type Step } from './dialogue.ts';
import { lookUpAddresses } from './look-up.ts';
import type { Choice } from './questions.ts';
import { bySchema, splitWords, topic } from './steps.ts';
import type { Words } from './words-en.ts';

type Language = (typeof LANGUAGES)[number];

/** What semeur.yaml says. */
export function operatorSteps(words: Words, language: Language, answers: Answers): Step[] {
  const { operator, email, phone, timezone, vpn, home } = operatorSchema.shape;
  const { endpoints } = vpn.shape;
  const domain = typeof answers['domain'] === 'string' ? answers['domain'] : undefined;
  const server = typeof answers['server'] === 'string' ? splitWords(answers['server']) : [];
  const from = defaultAddresses(language, domain, server);
  // What the next answers are made of: each must be one that can be taken.
  const refuseDomain = (text: string) =>
    bySchema(words, 'domain', email, (domain) => defaultAddresses(language, domain).email)(text) ??
    bySchema(words, 'domain', endpoints, (domain) => defaultAddresses(language, domain).endpoints)(text);
  return [
    { ...topic(words, 'operator'), kind: 'text', refuse: bySchema(words, 'operator', operator) },
    { ...topic(words, 'domain'), kind: 'text', tidy: asAsciiName, refuse: refuseDomain },
    { ...topic(words, 'email'), kind: 'text', default: from.email, refuse: bySchema(words, 'email', email) },
    { ...topic(words, 'phone'), kind: 'text', optional: true, refuse: bySchema(words, 'phone', phone) },
    { ...topic(words, 'language'), kind: 'choose', choices: languageChoices(words), default: language },
    { ...topic(words, 'timezone'), kind: 'text', default: ownTimeZone(), refuse: bySchema(words, 'timezone', timezone) },
    {
      ...topic(words, 'server'),
      kind: 'text',
      optional: true,
      tidy: (text) => text.replaceAll(/[[\]]/g, ''),
      suggest: async () => (await lookUpAddresses(domain === undefined ? [] : [`vpn.${domain}`, `home.${domain}`])).join(' '),
      refuse: (text) => (splitWords(text).every((word) => isIP(word) !== 0) ? undefined : words.refusal('server', { message: words.addressWanted })),
    },
    { ...topic(words, 'endpoints'), kind: 'text', default: from.endpoints.join(' '), refuse: bySchema(words, 'endpoints', endpoints, splitWords) },
    { ...topic(words, 'home'), kind: 'text', default: from.home, refuse: bySchema(words, 'home', home.shape.url) },
  ];
}

/** What profiles/NAME.yaml says. @param refuseServices what the checks of the workspace say of the profile with these services. */
export function profileSteps(
  words: Words,
  answers: Answers,
  services: readonly Choice[],
  refuseServices: (services: readonly string[]) => string | undefined,
): Step[] {
  const base = BASES.find((name) => name === answers['base']) ?? DEFAULT_BASE;
  const { boards: runs } = platformOf(base);
  const boards = runs.map((board) => ({ value: board, label: words.boards[board] }));
  const refuseBoards = (chosen: readonly string[]) => bySchema(words, 'boards', profileSchema.shape.boards, () => chosen)('');
  return [
    { ...topic(words, 'profile'), kind: 'text', default: 'maison', refuse: bySchema(words, 'profile', profileSchema.shape.profile) },
    { ...topic(words, 'base'), kind: 'choose', choices: BASES.map((value) => ({ value, ...words.bases[value] })), default: DEFAULT_BASE },
    { ...topic(words, 'boards'), kind: 'many', choices: boards, default: runs, refuse: refuseBoards },
    { ...topic(words, 'services'), kind: 'many', choices: services, default: ['website'], refuse: refuseServices },
  ];
}

export function languageChoices({ languages }: Words): Choice[] {
  return LANGUAGES.map((value) => ({ value, label: languages[value] }));
}

/** Those that a profile can name; their titles and summaries are in both languages already. */
export function serviceChoices(overlays: Iterable<Overlay>, language: Language, without: readonly string[] = []): Choice[] {
  const known = [...overlays].filter(({ overlay }) => !BUILT_IN.includes(overlay) && !without.includes(overlay));
  return known.map(({ overlay, title, summary }) => ({ value: overlay, label: title[language], hint: summary[language] }));
}

/** The schema's own type. */
export function profileOf(answers: Answers, boards: readonly string[]): Pick<Profile, 'profile' | 'base' | 'boards'> {
  const { profile, base, boards: all } = profileSchema.shape;
  return { profile: profile.parse(answerOf(answers, 'profile')), base: base.parse(answerOf(answers, 'base')), boards: all.parse(boards) };
}
