import type { Language } from './language.ts';

/** French has spaces inside its marks, and no line ends there. */
const FRENCH_SPACES = / (?=[:;?!»])|(?<=«) /g;

/** A document's text with those spaces kept from breaking, where it is French. */
export function keepSpaces(language: Language, text: string): string {
  return language === 'fr' ? text.replaceAll(FRENCH_SPACES, '\u00a0') : text;
}
