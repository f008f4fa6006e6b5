import type { Words } from './words-en.ts';

/** Between a number and its unit: no line breaks there. */
const SPACE = '\u00a0';

/** "5 min": how long something took, or takes, by its greatest unit. */
export function age(milliseconds: number, { units }: Words): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 120) return `${Math.round(seconds)}${SPACE}${units.second}`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}${SPACE}${units.minute}`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)}${SPACE}${units.hour}` : `${Math.round(seconds / 86_400)}${SPACE}${units.day}`;
}

/** @param date ISO 8601; null: it never was. */
export function ago(date: string | null, now: number, words: Words): string {
  return date === null ? words.never : words.ago(age(now - Date.parse(date), words));
}

/** In the time zone of home, which is said. @param at ISO 8601, or milliseconds since 1970; a card may send any number. */
export function moment(at: string | number, { locale }: Words): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }).format(date) + zoneOf(date, locale);
}

function zoneOf(date: Date, locale: string): string {
  const zone = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(date).find(({ type }) => type === 'timeZoneName');
  return ` (${zone?.value})`;
}

/** @param thousandths of a degree. */
export function degrees(thousandths: number, words: Words): string {
  return `${count(Math.round(thousandths / 1000), words)}${SPACE}°C`;
}

export function gigabytes(bytes: number, words: Words): string {
  return `${new Intl.NumberFormat(words.locale, { maximumFractionDigits: bytes < 1e10 ? 1 : 0 }).format(bytes / 1e9)}${SPACE}${words.gigabyte}`;
}

export function count(number: number, { locale }: Words): string {
  return new Intl.NumberFormat(locale).format(number);
}
