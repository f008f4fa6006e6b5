export type Language = 'en' | 'fr';

export function isLanguage(text: string | null | undefined): text is Language {
  return text === 'en' || text === 'fr';
}

/** @param header Accept-Language (RFC 9110, section 12.5.4): the one of ours that is wanted most. */
export function preferredLanguage(header = ''): Language {
  const wanted = header.split(',').map((item, index) => {
    const [range = '', weight] = item
      .trim()
      .toLowerCase()
      .split(/\s*;\s*q=/);
    return { language: range.split('-', 1)[0], weight: weight === undefined ? 1 : Number(weight), index };
  });
  const known = wanted.filter(({ language, weight }) => isLanguage(language) && weight > 0);
  const [best] = known.sort((a, b) => b.weight - a.weight || a.index - b.index);
  return isLanguage(best?.language) ? best.language : 'en';
}
