import type { Language } from '../../web/language.ts';
import { ENGLISH, type Words } from './words-en.ts';
import { FRENCH } from './words-fr.ts';

export const WORDS: Readonly<Record<Language, Words>> = { en: ENGLISH, fr: FRENCH };
