import type { Html } from '../../web/html.ts';
import { html } from '../../web/html.ts';
import type { Language } from '../../web/language.ts';
import { ENGLISH, type Words } from './words-en.ts';
import { FRENCH } from './words-fr.ts';

export const WORDS: Readonly<Record<Language, Words>> = { en: ENGLISH, fr: FRENCH };

/** Whom clients ask for help, from semeur.yaml. */
export interface Contact {
  readonly operator: string;
  readonly email: string;
  readonly phone?: string | undefined;
  /** Clients' moments are told in it. */
  readonly timezone: string;
}

/** What every page is made with. */
export interface Visit {
  readonly language: Language;
  readonly words: Words;
  readonly contact: Contact;
  /** Where this page is in the other language. */
  readonly other: string;
}

/** "about 11 minutes" for a line of 5 Mbit/s, in the language's own words. */
export function timeOnSlowLine(bytes: number, { locale }: Words): string {
  const minutes = Math.max(1, Math.ceil((bytes * 8) / 5_000_000 / 60));
  const [value, unit] = minutes < 100 ? [minutes, 'minute'] : [minutes / 60, 'hour'];
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: 'long',
    maximumFractionDigits: value < 10 && unit === 'hour' ? 1 : 0,
  }).format(value);
}

export function size(bytes: number, { locale }: Words): string {
  const [value, unit] = bytes < 1e9 ? [bytes / 1e6, 'megabyte'] : [bytes / 1e9, 'gigabyte'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** The smallest card that is sold and takes it; cards hold a little less than they say. */
export function cardSize(bytes: number, words: Words): string {
  const [smallest = 128] = [8, 16, 32, 64].filter((gigabytes) => gigabytes * 1e9 * 0.95 >= bytes);
  return size(smallest * 1e9, words);
}

/** "Monday 30 November at 14:03", in the time zone of the operator, who is somewhere near. @param at milliseconds since 1970. */
export function tellMoment(at: number, { words: { locale }, contact: { timezone } }: Visit): string {
  const parts = { weekday: 'long', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit', timeZone: timezone } as const;
  return new Intl.DateTimeFormat(locale, parts).format(at);
}

export function tellDay(at: number, { words: { locale }, contact: { timezone } }: Visit): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: timezone }).format(at);
}

export function renderHelp({ words, contact: { operator, email, phone } }: Visit): Html {
  const tel = phone === undefined ? '' : phone.replaceAll(/[^+0-9]/g, '');
  return html`<p class="help">${words.help(operator)}, <a href="mailto:${email}">${email}</a>${phone === undefined ? html`` : html`, <a href="tel:${tel}">${phone}</a>`}</p>`;
}
