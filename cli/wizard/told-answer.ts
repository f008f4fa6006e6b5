import type { OverlayEntry } from '../../builder/workspace/overlays.ts';
import type { Operator } from '../../builder/workspace/schema.ts';
import { labelOf } from './questions.ts';
import type { Words } from './words-en.ts';

/** A question and its answer on one line, in the words in which they were asked and chosen. */
export function describeAnswer(
  words: Words,
  language: Operator['language'],
  overlays: ReadonlyMap<string, OverlayEntry>,
  name: string,
  answer: string | readonly string[],
): string {
  const [, service = '', key = ''] = /^settings\.([^.]+)\.(.+)$/.exec(name) ?? [];
  const ask = overlays.get(service)?.value?.settings[key]?.title[language] ?? words.asks[name as keyof typeof words.asks]?.ask ?? name;
  const names = namesOf(words, language, overlays, name);
  const values = typeof answer === 'string' ? [answer.replaceAll('\n', '\\n')] : answer;
  return `${labelOf(ask, words.colon)}${values.map((value) => names(value) ?? value).join(', ')}`.trimEnd();
}

/** What the choices of a question are called. */
function namesOf(words: Words, language: Operator['language'], overlays: ReadonlyMap<string, OverlayEntry>, name: string) {
  const named: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    language: words.languages,
    clientLanguage: words.languages,
    base: Object.fromEntries(Object.entries(words.bases).map(([base, { label }]) => [base, label])),
    boards: words.boards,
    network: { cable: words.cable, wifi: words.wifi },
  };
  const ofServices = (value: string) => overlays.get(value)?.value?.title[language];
  return name === 'services' || name === 'newServices' ? ofServices : (value: string) => named[name]?.[value];
}
